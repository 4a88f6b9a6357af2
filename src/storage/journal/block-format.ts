import { crc32 } from 'node:zlib'

/**
 * A journal file is a row of 32 KiB blocks. A record is cut into fragments at block borders, so that a reader finds the next
 * record behind damage. Fragment: `u32 crc, u16 length, u8 type, bytes`. The checksum is seeded with the file's serial number and
 * the block, so what an earlier life of a recycled file left behind never verifies.
 */
export const BLOCK_BYTES = 32 * 1024
export const FRAGMENT_HEADER_BYTES = 7

export const FragmentType = { none: 0, full: 1, first: 2, middle: 3, last: 4, endOfFile: 5 } as const

export function fragmentChecksum(serial: number, block: number, type: number, bytes: Buffer): number {
  return crc32(bytes, (Math.imul(serial, 0x9e3779b1) ^ Math.imul(block + 1, 0x85ebca6b) ^ type) >>> 0)
}

/** Room for fragments in the rest of a block; too little for a header is left zero. */
export function roomInBlock(position: number): number {
  const room = BLOCK_BYTES - (position % BLOCK_BYTES)
  return room <= FRAGMENT_HEADER_BYTES ? 0 : room
}

/** Most bytes that a record of this length takes, wherever it begins. */
export function encodedBytesMax(length: number): number {
  const perBlock = BLOCK_BYTES - FRAGMENT_HEADER_BYTES
  return length + (Math.ceil(length / perBlock) + 2) * (FRAGMENT_HEADER_BYTES * 2)
}

export interface WrittenRecord {
  /** Byte of the file at which the first fragment begins. */
  readonly position: number
  /** Byte behind the last fragment. */
  readonly end: number
}

/** Lays records out for one write that begins at `start` of a file, into a buffer that is large enough. */
export class BlockWriter {
  readonly #target: Buffer
  #length = 0

  constructor(
    private readonly serial: number,
    private readonly start: number,
    target: Buffer
  ) {
    this.#target = target
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.start + this.#length
  }

  get bytes(): Buffer {
    return this.#target.subarray(0, this.#length)
  }

  /** `parts` are the record, one after the other. */
  record(parts: readonly Buffer[]): WrittenRecord {
    let rest = parts.reduce((sum, part) => sum + part.length, 0)
    const source = new PartReader(parts)
    this.#padBlock()
    const position = this.position
    let isFirst = true
    do {
      this.#padBlock()
      const length = Math.min(rest, roomInBlock(this.position) - FRAGMENT_HEADER_BYTES)
      rest -= length
      this.#fragment(typeOf(isFirst, rest === 0), length, source)
      isFirst = false
    } while (rest > 0)
    return { position, end: this.position }
  }

  endOfFile(): void {
    this.#padBlock()
    this.#fragment(FragmentType.endOfFile, 0, new PartReader([]))
  }

  #fragment(type: number, length: number, source: PartReader): void {
    const at = this.#length
    const block = Math.floor(this.position / BLOCK_BYTES)
    source.copyTo(this.#target, at + FRAGMENT_HEADER_BYTES, length)
    const bytes = this.#target.subarray(at + FRAGMENT_HEADER_BYTES, at + FRAGMENT_HEADER_BYTES + length)
    this.#target.writeUInt32BE(fragmentChecksum(this.serial, block, type, bytes), at)
    this.#target.writeUInt16BE(length, at + 4)
    this.#target.writeUInt8(type, at + 6)
    this.#length = at + FRAGMENT_HEADER_BYTES + length
  }

  #padBlock(): void {
    if (roomInBlock(this.position) > 0) return
    const end = this.#length + BLOCK_BYTES - (this.position % BLOCK_BYTES)
    this.#target.fill(0, this.#length, end)
    this.#length = end
  }
}

function typeOf(isFirst: boolean, isLast: boolean): number {
  if (isFirst) return isLast ? FragmentType.full : FragmentType.first
  return isLast ? FragmentType.last : FragmentType.middle
}

class PartReader {
  #part = 0
  #offset = 0

  constructor(private readonly parts: readonly Buffer[]) {}

  copyTo(target: Buffer, at: number, length: number): void {
    let done = 0
    while (done < length) {
      const part = this.parts[this.#part]!
      const copied = part.copy(target, at + done, this.#offset, this.#offset + length - done)
      done += copied
      this.#offset += copied
      if (this.#offset === part.length) {
        this.#part++
        this.#offset = 0
      }
    }
  }
}
