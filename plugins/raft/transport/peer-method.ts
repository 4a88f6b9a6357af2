/** `proto/myelin/internal/v1/peer.proto` */
export const EXCHANGE_PATH = '/myelin.internal.v1.PeerService/Exchange'
export const TRANSFER_PATH = '/myelin.internal.v1.PeerService/Transfer'
/** As clients of the original send it; checked when access control is on. */
export const TOKEN_HEADER = 'axoniq-access-token'
