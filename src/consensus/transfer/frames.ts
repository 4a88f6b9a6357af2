import { crc32 } from 'node:zlib'
import { TransferFailure } from './transfer-failure.js'

/**
 * What goes over a stream of state, one frame a message, its kind in the first byte. Sender: `begin`, then `piece`s, then `end`.
 * Receiver: `have`, an `ack` for each piece, `installed`; or `refused` at any point. Large ones go on in `part`s.
 */
export const FrameKind = {
  begin: 1,
  part: 2,
  piece: 3,
  end: 4,
  have: 11,
  ack: 12,
  installed: 13,
  refused: 14
} as const

export interface PieceFrame {
  readonly number: number
  readonly bytes: Buffer
}

const BLOB_HEADER_BYTES = 9
const PIECE_HEADER_BYTES = 9
const PART_BYTES = 512 * 1024
/** A manifest of a hundred thousand segments has less. */
const BLOB_BYTES_MAX = 64 * 1024 * 1024

export function encodeNumber(kind: number, number = 0): Buffer {
  const frame = Buffer.allocUnsafe(5)
  frame.writeUInt8(kind, 0)
  frame.writeUInt32BE(number, 1)
  return frame
}

export function decodeNumber(frame: Buffer): number {
  return frame.readUInt32BE(1)
}

export function encodePieceFrame({ number, bytes }: PieceFrame): Buffer {
  const header = Buffer.allocUnsafe(PIECE_HEADER_BYTES)
  header.writeUInt8(FrameKind.piece, 0)
  header.writeUInt32BE(number, 1)
  header.writeUInt32BE(crc32(bytes), 5)
  return Buffer.concat([header, bytes])
}

export function decodePieceFrame(frame: Buffer): PieceFrame {
  const bytes = frame.subarray(PIECE_HEADER_BYTES)
  const number = decodeNumber(frame)
  if (crc32(bytes) === frame.readUInt32BE(5)) return { number, bytes }
  throw new TransferFailure('broken', `Piece ${number} of a state does not match its checksum`)
}

/** `u8 kind, u32 length, u32 checksum`, then as much as fits; the rest in parts. */
export function* encodeBlob(kind: number, bytes: Buffer): Iterable<Buffer> {
  const header = Buffer.allocUnsafe(BLOB_HEADER_BYTES)
  header.writeUInt8(kind, 0)
  header.writeUInt32BE(bytes.length, 1)
  header.writeUInt32BE(crc32(bytes), 5)
  yield Buffer.concat([header, bytes.subarray(0, PART_BYTES)])
  for (let at = PART_BYTES; at < bytes.length; at += PART_BYTES)
    yield Buffer.concat([Buffer.from([FrameKind.part]), bytes.subarray(at, at + PART_BYTES)])
}

/** What `encodeBlob` made, from its first frame and what `next` gives. */
export async function decodeBlob(first: Buffer, next: () => Promise<Buffer>): Promise<Buffer> {
  const length = decodeNumber(first)
  if (length > BLOB_BYTES_MAX)
    throw new TransferFailure(
      'broken',
      `A peer announces ${length} bytes where ${BLOB_BYTES_MAX} are the most`
    )
  const parts = [first.subarray(BLOB_HEADER_BYTES)]
  let bytes = parts[0]!.length
  while (bytes < length) {
    const frame = await next()
    if (frame[0] !== FrameKind.part) throw unexpected(frame)
    parts.push(frame.subarray(1))
    bytes += frame.length - 1
  }
  const blob = Buffer.concat(parts)
  if (blob.length === length && crc32(blob) === first.readUInt32BE(5)) return blob
  throw new TransferFailure('broken', 'What a peer says of a state does not match its checksum')
}

export function unexpected(frame: Buffer): TransferFailure {
  return new TransferFailure('broken', `A peer sent frame ${frame[0]} where it has no place`)
}
