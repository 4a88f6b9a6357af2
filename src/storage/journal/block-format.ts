import { crc32 } from 'node:zlib'

/**
 * A journal file is a row of 32 KiB blocks. A record is cut into fragments at block borders, so that a reader finds the next
 * record behind damage. Fragment: `u32 crc, u16 length, u8 type, bytes`. The checksum is seeded with the file's serial number and
 * the block, so what an earlier life of a recycled file left behind never verifies.
 */
export const BLOCK_BYTES = 32 * 1024
export const FRAGMENT_HEADER_BYTES = 7

export const FragmentType = { none: 0, full: 1, first: 2, middle: 3, last: 4, endOfFile: 5 } as const

const NO_BYTES = Buffer.alloc(0)

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

  record(record: Buffer): WrittenRecord {
    this.#padBlock()
    const position = this.position
    let done = 0
    do {
      this.#padBlock()
      const end = Math.min(record.length, done + roomInBlock(this.position) - FRAGMENT_HEADER_BYTES)
      this.#fragment(typeOf(done === 0, end === record.length), record.subarray(done, end))
      done = end
    } while (done < record.length)
    return { position, end: this.position }
  }

  endOfFile(): void {
    this.#padBlock()
    this.#fragment(FragmentType.endOfFile, NO_BYTES)
  }

  #fragment(type: number, bytes: Buffer): void {
    const at = this.#length
    const block = Math.floor(this.position / BLOCK_BYTES)
    this.#target.writeUInt32BE(fragmentChecksum(this.serial, block, type, bytes), at)
    this.#target.writeUInt16BE(bytes.length, at + 4)
    this.#target[at + 6] = type
    this.#target.set(bytes, at + FRAGMENT_HEADER_BYTES)
    this.#length = at + FRAGMENT_HEADER_BYTES + bytes.length
  }

  #padBlock(): void {
    if (roomInBlock(this.position) > 0) return
    const length = this.#length + BLOCK_BYTES - (this.position % BLOCK_BYTES)
    this.#target.fill(0, this.#length, length)
    this.#length = length
  }
}

function typeOf(isFirst: boolean, isLast: boolean): number {
  if (isFirst) return isLast ? FragmentType.full : FragmentType.first
  return isLast ? FragmentType.last : FragmentType.middle
}
