import { readU32 } from './event-frames.js'
import { crc32OfEight, crc32OfFour } from './short-crc32.js'
import type { TransactionRecord } from './types.js'

/**
 * The head of a record, before its frames: `u8 kind, u8 format, u48 storedAtMs, u32 length of the record, u32 count,
 * u64 firstToken, u64 logIndex, u64 logTerm, u32 checksum of the frame heads, u32 checksum of all this`.
 */
export const RECORD_HEADER_BYTES = 48
export const RECORD_FORMAT = 1

const RECORD_KIND = 0xe5
const HEADER_CRC_SEED = 0x52656331
/** Checksum of the frame heads and checksum of the header: what a segment's footer sums up. */
export const RECORD_CHECKSUMS_AT = 40
const CRC_AT = 44
const TWO_32 = 0x100000000

export interface RecordHeader {
  /** Bytes of the record, header included. */
  readonly length: number
  readonly count: number
  readonly firstToken: number
  readonly storedAtMs: number
  readonly logIndex: number
  readonly logTerm: number
  readonly framesCrc: number
}

/** Headers live in slabs that are written once: a view each, no allocation each. */
export class RecordHeaderEncoder {
  #slab = Buffer.alloc(0)
  #view = new DataView(this.#slab.buffer)
  #offset = 0

  encode(record: TransactionRecord, framesCrc: number): Buffer {
    if (this.#offset + RECORD_HEADER_BYTES > this.#slab.length) this.#newSlab()
    const at = this.#offset
    this.#offset += RECORD_HEADER_BYTES
    const view = this.#view
    view.setUint16(at, (RECORD_KIND << 8) | RECORD_FORMAT)
    view.setUint16(at + 2, Math.floor(record.storedAtMs / TWO_32))
    view.setUint32(at + 4, record.storedAtMs % TWO_32)
    view.setUint32(at + 8, RECORD_HEADER_BYTES + record.events.length)
    view.setUint32(at + 12, record.count)
    setU64(view, at + 16, record.firstToken)
    setU64(view, at + 24, record.logIndex)
    setU64(view, at + 32, record.logTerm)
    view.setUint32(at + 40, framesCrc)
    view.setUint32(at + CRC_AT, headerCrc(this.#slab, at))
    return this.#slab.subarray(at, at + RECORD_HEADER_BYTES)
  }

  #newSlab(): void {
    this.#slab = Buffer.allocUnsafeSlow(64 * RECORD_HEADER_BYTES)
    this.#view = new DataView(this.#slab.buffer)
    this.#offset = 0
  }
}

/** The header at `offset`, of which `RECORD_HEADER_BYTES` must be there; undefined when it is not one. */
export function decodeRecordHeader(bytes: Buffer, offset: number): RecordHeader | undefined {
  if (bytes[offset] !== RECORD_KIND || bytes[offset + 1] !== RECORD_FORMAT) return undefined
  if (headerCrc(bytes, offset) !== readU32(bytes, offset + CRC_AT)) return undefined
  return {
    length: readU32(bytes, offset + 8),
    count: readU32(bytes, offset + 12),
    firstToken: readU64(bytes, offset + 16),
    storedAtMs: ((bytes[offset + 2]! << 8) | bytes[offset + 3]!) * TWO_32 + readU32(bytes, offset + 4),
    logIndex: readU64(bytes, offset + 24),
    logTerm: readU64(bytes, offset + 32),
    framesCrc: readU32(bytes, offset + 40)
  }
}

/** The format number when there is a record header of another format, for the words of the refusal. */
export function foreignFormat(bytes: Buffer, offset: number): number | undefined {
  const format = bytes[offset + 1]
  return bytes[offset] === RECORD_KIND && format !== RECORD_FORMAT ? format : undefined
}

function headerCrc(bytes: Uint8Array, offset: number): number {
  let crc = HEADER_CRC_SEED
  for (let at = offset; at < offset + RECORD_CHECKSUMS_AT; at += 8) crc = crc32OfEight(crc, bytes, at)
  return crc32OfFour(crc, bytes, offset + RECORD_CHECKSUMS_AT) >>> 0
}

function setU64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / TWO_32))
  view.setUint32(offset + 4, value % TWO_32)
}

export function readU64(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset) * TWO_32 + readU32(bytes, offset + 4)
}
