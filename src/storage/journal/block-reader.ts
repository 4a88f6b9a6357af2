import {
  BLOCK_BYTES,
  FRAGMENT_HEADER_BYTES,
  FragmentType,
  fragmentChecksum,
  roomInBlock
} from './block-format.js'
import { RECORD_SERIAL_AT } from './record-format.js'

const TYPE_AT = 6
const EMPTY_BLOCK = Buffer.alloc(BLOCK_BYTES)

export type Found =
  | { readonly kind: 'record'; readonly position: number; readonly end: number; readonly bytes: Buffer }
  /** Nothing valid here; whether it is the end or damage depends on what follows. */
  | { readonly kind: 'invalid'; readonly position: number }
  | { readonly kind: 'endOfFile'; readonly position: number }

interface Fragment {
  readonly type: number
  readonly bytes: Buffer
  readonly end: number
}

/** Reads the records of a journal file, or of a part of it that begins at a block. Positions are bytes of the file. */
export class BlockReader {
  readonly #end: number

  constructor(
    private readonly serial: number,
    private readonly bytes: Buffer,
    private readonly start = 0
  ) {
    this.#end = start + bytes.length
  }

  /** The record that begins at `position`. */
  read(position: number): Found {
    const pieces: Buffer[] = []
    let at = skipPadding(position)
    const start = at
    for (;;) {
      const fragment = this.#fragment(at)
      if (fragment === undefined) return { kind: 'invalid', position: start }
      const isStart = pieces.length === 0
      if (fragment.type === FragmentType.endOfFile && isStart) return { kind: 'endOfFile', position: start }
      const fits = isStart
        ? isFirst(fragment.type)
        : !isFirst(fragment.type) && fragment.type !== FragmentType.endOfFile
      if (!fits) return { kind: 'invalid', position: start }
      pieces.push(fragment.bytes)
      at = fragment.end
      if (fragment.type === FragmentType.full || fragment.type === FragmentType.last) {
        return {
          kind: 'record',
          position: start,
          end: at,
          bytes: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
        }
      }
      at = skipPadding(at)
    }
  }

  /**
   * The next valid record that begins behind `position`: at any byte, for damage may have taken the lengths that lead from one
   * fragment to the next, in this block and in those that follow. What damage left of a record is passed over.
   */
  findAfter(position: number): (Found & { kind: 'record' }) | undefined {
    let isLedHere = false
    for (let at = position + 1; at < this.#end; ) {
      const found = this.#recordAt(at)
      if (found !== undefined) return found
      const fragment: Fragment | undefined =
        isLedHere || at % BLOCK_BYTES === 0 ? this.#fragment(at) : undefined
      isLedHere = fragment !== undefined
      at = fragment === undefined ? this.#nextCandidate(at + 1) : skipPadding(fragment.end)
    }
    return undefined
  }

  /** The next byte of this block at which a record may begin, or the next block's first one. */
  #nextCandidate(from: number): number {
    if (from % BLOCK_BYTES === 0) return this.#behindEmptyBlocks(from)
    const { bytes, start } = this
    const blockEnd = Math.min(from - (from % BLOCK_BYTES) + BLOCK_BYTES, this.#end) - start
    for (let at = from - start; at < blockEnd; at++) {
      if (isFirst(bytes[at + TYPE_AT] ?? 0)) return at + start
    }
    return this.#behindEmptyBlocks(blockEnd + start)
  }

  /** A prepared file is zeros from its end on, and each start after a crash looks through them. */
  #behindEmptyBlocks(from: number): number {
    let at = from - this.start
    while (
      at + BLOCK_BYTES <= this.bytes.length &&
      EMPTY_BLOCK.equals(this.bytes.subarray(at, at + BLOCK_BYTES))
    ) {
      at += BLOCK_BYTES
    }
    return at + this.start
  }

  #recordAt(position: number): (Found & { kind: 'record' }) | undefined {
    const at = position - this.start
    if (!isFirst(this.bytes[at + TYPE_AT] ?? 0) || !this.#mayBegin(position)) return undefined
    const found = this.read(position)
    return found.kind === 'record' ? found : undefined
  }

  /**
   * Spares checksums where a search meets bytes that look like a fragment: a record's first one holds the serial number of this
   * file, unless it is too short for that.
   */
  #mayBegin(position: number): boolean {
    const serialAt = position - this.start + FRAGMENT_HEADER_BYTES + RECORD_SERIAL_AT
    const isShort = roomInBlock(position) < FRAGMENT_HEADER_BYTES + RECORD_SERIAL_AT + 4
    return isShort || (serialAt + 4 <= this.bytes.length && this.bytes.readUInt32BE(serialAt) === this.serial)
  }

  #fragment(position: number): Fragment | undefined {
    const at = position - this.start
    if (position + FRAGMENT_HEADER_BYTES > this.#end) return undefined
    const length = this.bytes.readUInt16BE(at + 4)
    const type = this.bytes.readUInt8(at + 6)
    const end = position + FRAGMENT_HEADER_BYTES + length
    if (type === FragmentType.none || end > this.#end || end - position > roomInBlock(position))
      return undefined
    const bytes = this.bytes.subarray(at + FRAGMENT_HEADER_BYTES, at + FRAGMENT_HEADER_BYTES + length)
    const block = Math.floor(position / BLOCK_BYTES)
    if (this.bytes.readUInt32BE(at) !== fragmentChecksum(this.serial, block, type, bytes)) return undefined
    return { type, bytes, end }
  }
}

function isFirst(type: number): boolean {
  return type === FragmentType.full || type === FragmentType.first
}

function skipPadding(position: number): number {
  return roomInBlock(position) > 0 ? position : position + BLOCK_BYTES - (position % BLOCK_BYTES)
}
