import { crc32 } from 'node:zlib'

/** Not zero, so that a zeroed page (length 0, checksum 0) never verifies. */
export const EVENT_CRC_SEED = 0x4d79656c

/** `u32 length, u32 crc32(bytes, EVENT_CRC_SEED)` stand before the bytes of each event. */
export const FRAME_HEADER_BYTES = 8

/** The events of one transaction as frames, copied once into one buffer, with room for the caller's own bytes in front. */
export function encodeEventFrames(events: readonly Buffer[], reservedBytes = 0): Buffer {
  let total = reservedBytes
  for (const event of events) total += FRAME_HEADER_BYTES + event.length
  const frames = Buffer.allocUnsafe(total)
  let offset = reservedBytes
  for (const event of events) {
    frames.writeUInt32BE(event.length, offset)
    frames.writeUInt32BE(crc32(event, EVENT_CRC_SEED), offset + 4)
    event.copy(frames, offset + FRAME_HEADER_BYTES)
    offset += FRAME_HEADER_BYTES + event.length
  }
  return frames
}

/** Number of frames; undefined when the buffer does not end where a frame ends. Looks at lengths only. */
export function frameCount(frames: Buffer): number | undefined {
  let count = 0
  let offset = 0
  while (offset + FRAME_HEADER_BYTES <= frames.length) {
    offset += FRAME_HEADER_BYTES + readU32(frames, offset)
    count++
  }
  return offset === frames.length ? count : undefined
}

/** The events in frames, as views. Lengths are believed: for frames that were made or verified by this process. */
export function* iterateEvents(frames: Buffer): IterableIterator<Buffer> {
  for (let offset = 0; offset < frames.length; ) {
    const start = offset + FRAME_HEADER_BYTES
    offset = start + readU32(frames, offset)
    yield frames.subarray(start, offset)
  }
}

/** Whether the frame at `offset` lies within the buffer and its event is what was written. */
export function verifyFrame(bytes: Buffer, offset: number): boolean {
  const start = offset + FRAME_HEADER_BYTES
  if (start > bytes.length) return false
  const length = readU32(bytes, offset)
  if (length > bytes.length - start) return false
  // A plain view is half as dear as a Buffer, and this runs once for every event that is read from disk.
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset + start, length)
  return crc32(view, EVENT_CRC_SEED) === readU32(bytes, offset + 4)
}

/** `readUInt32BE` without its checks: the caller knows that four bytes are there. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (
    bytes[offset]! * 0x1000000 + ((bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!)
  )
}
