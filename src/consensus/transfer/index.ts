export {
  type ReceiveRequest,
  type SendRequest,
  StateTransfers,
  TRANSFER_DEFAULTS,
  type TransferLimits,
  type TransferResult,
  type TransferStats
} from './state-transfers.js'
export { decodeTransferHeader, encodeTransferHeader, type TransferHeader } from './transfer-header.js'
