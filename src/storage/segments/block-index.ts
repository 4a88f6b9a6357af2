import { FRAME_HEADER_BYTES, readU32 } from './event-frames.js'
import { RECORD_HEADER_BYTES } from './record-header.js'
import type { TransactionRecord } from './types.js'

/** A block ends at the first frame or record that begins at least this many bytes after the block does. */
export const BLOCK_BYTES = 128 * 1024

/** `u32 position, u32 token - first token of the segment, u32 rest` */
export const BLOCK_ENTRY_BYTES = 12

const CAPACITY_MIN = 64

/**
 * Where the blocks of one segment begin. Blocks are what readers load and cache: whole frames, so each can be verified by itself,
 * at places that depend on the content alone, so the index is part of the file (its footer) and equal on every replica.
 * `rest` is the number of frames before the next record header: 0 when the block begins with one, else it begins within a record.
 */
export class BlockIndex {
  #length = 0
  #positions = new Uint32Array(CAPACITY_MIN)
  #tokens = new Uint32Array(CAPACITY_MIN)
  #rests = new Uint32Array(CAPACITY_MIN)

  constructor(private readonly segment: number) {}

  get length(): number {
    return this.#length
  }

  get byteLength(): number {
    return this.#positions.length * BLOCK_ENTRY_BYTES
  }

  position(block: number): number {
    return this.#positions[block]!
  }

  firstToken(block: number): number {
    return this.segment + this.#tokens[block]!
  }

  rest(block: number): number {
    return this.#rests[block]!
  }

  /** The block that holds this token, if the segment does. */
  blockOfToken(token: number): number {
    return lastAtMost(this.#tokens, this.#length, token - this.segment)
  }

  /** The block that holds this byte, if the segment does. */
  blockOfPosition(position: number): number {
    return lastAtMost(this.#positions, this.#length, position)
  }

  addRecord(position: number, record: TransactionRecord): void {
    if (this.#length === 0 || position - this.#lastPosition() >= BLOCK_BYTES)
      this.#add(position, record.firstToken, 0)
    const end = position + RECORD_HEADER_BYTES + record.events.length
    if (end - this.#lastPosition() > BLOCK_BYTES) this.#addFrames(position + RECORD_HEADER_BYTES, record)
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#length * BLOCK_ENTRY_BYTES)
    for (let i = 0; i < this.#length; i++) {
      bytes.writeUInt32BE(this.#positions[i]!, i * BLOCK_ENTRY_BYTES)
      bytes.writeUInt32BE(this.#tokens[i]!, i * BLOCK_ENTRY_BYTES + 4)
      bytes.writeUInt32BE(this.#rests[i]!, i * BLOCK_ENTRY_BYTES + 8)
    }
    return bytes
  }

  /** From bytes whose checksum was verified. */
  static decode(segment: number, bytes: Buffer): BlockIndex {
    const index = new BlockIndex(segment)
    index.#resize(bytes.length / BLOCK_ENTRY_BYTES)
    for (let at = 0; at < bytes.length; at += BLOCK_ENTRY_BYTES) {
      index.#add(readU32(bytes, at), segment + readU32(bytes, at + 4), readU32(bytes, at + 8))
    }
    return index
  }

  #addFrames(framesAt: number, record: TransactionRecord): void {
    let offset = 0
    for (let i = 0; i < record.count; i++) {
      const position = framesAt + offset
      if (position - this.#lastPosition() >= BLOCK_BYTES)
        this.#add(position, record.firstToken + i, record.count - i)
      offset += FRAME_HEADER_BYTES + readU32(record.events, offset)
    }
  }

  #lastPosition(): number {
    return this.#positions[this.#length - 1]!
  }

  #add(position: number, token: number, rest: number): void {
    if (this.#length === this.#positions.length) this.#resize(this.#length * 2)
    this.#positions[this.#length] = position
    this.#tokens[this.#length] = token - this.segment
    this.#rests[this.#length] = rest
    this.#length++
  }

  #resize(capacity: number): void {
    this.#positions = resized(this.#positions, capacity)
    this.#tokens = resized(this.#tokens, capacity)
    this.#rests = resized(this.#rests, capacity)
  }
}

function resized(values: Uint32Array<ArrayBuffer>, capacity: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(capacity, 1))
  larger.set(values.subarray(0, Math.min(values.length, capacity)))
  return larger
}

function lastAtMost(values: Uint32Array, length: number, limit: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
