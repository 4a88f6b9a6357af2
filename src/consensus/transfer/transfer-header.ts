import type { NodeId, Term } from '../core/index.js'

/** With what a stream of state is opened: which message MsgSnap it stands for (Raft §7). */
export interface TransferHeader {
  readonly group: number
  readonly from: NodeId
  readonly to: NodeId
  readonly term: Term
}

const MAGIC = 0x53746131
const HEADER_BYTES = 24

export function encodeTransferHeader({ group, from, to, term }: TransferHeader): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES)
  bytes.writeUInt32BE(MAGIC, 0)
  bytes.writeUInt32BE(group, 4)
  bytes.writeUInt32BE(from, 8)
  bytes.writeUInt32BE(to, 12)
  bytes.writeBigUInt64BE(BigInt(term), 16)
  return bytes
}

/** Undefined: the stream carries something else. */
export function decodeTransferHeader(bytes: Buffer): TransferHeader | undefined {
  if (bytes.length !== HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC) return undefined
  return {
    group: bytes.readUInt32BE(4),
    from: bytes.readUInt32BE(8),
    to: bytes.readUInt32BE(12),
    term: Number(bytes.readBigUInt64BE(16))
  }
}
