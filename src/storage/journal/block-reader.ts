import {
  BLOCK_BYTES,
  FRAGMENT_HEADER_BYTES,
  FragmentType,
  fragmentChecksum,
  roomInBlock
} from './block-format.js'

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
      at = fragment === undefined ? at + 1 : skipPadding(fragment.end)
    }
    return undefined
  }

  #recordAt(position: number): (Found & { kind: 'record' }) | undefined {
    const type =
      position + FRAGMENT_HEADER_BYTES > this.#end ? 0 : this.bytes.readUInt8(position - this.start + 6)
    if (!isFirst(type)) return undefined
    const found = this.read(position)
    return found.kind === 'record' ? found : undefined
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
