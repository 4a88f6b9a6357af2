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

  /** The next valid record that begins in a later block than `position`; fragments of a record that began before are passed over. */
  findAfter(position: number): Found | undefined {
    for (let block = Math.floor(position / BLOCK_BYTES) + 1; block * BLOCK_BYTES < this.#end; block++) {
      let at = block * BLOCK_BYTES
      for (;;) {
        const found = this.read(at)
        if (found.kind === 'record') return found
        const fragment = this.#fragment(at)
        if (fragment === undefined || fragment.type === FragmentType.endOfFile) break
        at = skipPadding(fragment.end)
        if (Math.floor(at / BLOCK_BYTES) !== block) break
      }
    }
    return undefined
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
