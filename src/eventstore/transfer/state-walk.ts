import assert from 'node:assert'
import { createHash } from 'node:crypto'
import type { KeyValueStore } from '../../storage/index.js'
import { BUCKET_BYTES, contextBucket, contextKeyKinds, prefixEnd } from '../state/keys.js'
import type { StateRange } from './manifest.js'
import { encodeItem, PIECE_BYTES_MAX, type RangePiece } from './pieces.js'

type Item = readonly [key: Buffer, value: Buffer]

/** Items of a range together; one item may be longer. */
const RANGE_BYTES = 512 * 1024
/** Leaves room for the longest key. */
const PART_BYTES = PIECE_BYTES_MAX - 256 * 1024
/** A range that has grown so far beyond what the receiver has of it is not looked at as a whole any more. */
const COMPARED_BYTES_MAX = 4 * RANGE_BYTES
const NOTHING = Buffer.alloc(0)

/** Keys relative to their key space: kind, then what follows the key space. They order like the keys. */
export function relativeKey(key: Buffer): Buffer {
  return Buffer.concat([key.subarray(0, 1), key.subarray(BUCKET_BYTES)])
}

export function absoluteKey(relative: Buffer, keySpace: number): Buffer {
  return Buffer.concat([contextBucket(relative.readUInt8(0), keySpace), relative.subarray(1)])
}

export function rangeDigest(items: Buffer): string {
  return createHash('sha256').update(items).digest('base64').slice(0, 24)
}

/** Walks all keys of a key space as they stood when it was made, once. */
export class StateWalk {
  readonly #iterators: AsyncIterator<Item>[]
  #peeked: Item | undefined
  #current = 0
  #reading: Promise<unknown> = Promise.resolve()
  #closed = false

  /** All iterators are made before anything is awaited: between two checkpoints they see the same state. */
  constructor(store: KeyValueStore, keySpace: number) {
    this.#iterators = contextKeyKinds.map(kind => {
      const gte = contextBucket(kind, keySpace)
      return store.iterate({ gte, lt: prefixEnd(gte) })[Symbol.asyncIterator]()
    })
  }

  /** Waits for a read that is under way: an engine can't end an iterator meanwhile. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#reading.catch(() => {})
    for (const iterator of this.#iterators.splice(0)) await iterator.return?.()
  }

  /**
   * All items in ranges. Where the receiver has a range and its items are the same, they are not sent; the boundaries of what is
   * sent follow those of the receiver.
   */
  async *pieces(have: readonly StateRange[]): AsyncGenerator<RangePiece> {
    let at: Buffer = NOTHING
    for (const range of have) {
      if (at.compare(range.start) < 0) yield* this.#changedUpTo(range.start)
      yield* this.#compared(range)
      if (isLast(range.end)) return
      at = range.end
    }
    yield* this.#changedUpTo(undefined)
  }

  async *#changedUpTo(end: Buffer | undefined): AsyncGenerator<RangePiece> {
    for (;;) {
      const { items, last } = await this.#take(end, RANGE_BYTES)
      const isWhole = !(await this.#hasItem(end))
      yield* partsOf(isWhole ? (end ?? NOTHING) : last!, items)
      if (isWhole) return
    }
  }

  async *#compared(range: StateRange): AsyncGenerator<RangePiece> {
    const end = isLast(range.end) ? undefined : range.end
    const { items, last } = await this.#take(end, COMPARED_BYTES_MAX)
    if (await this.#hasItem(end)) {
      yield* partsOf(last!, items)
      yield* this.#changedUpTo(end)
      return
    }
    const bytes = Buffer.concat(items)
    if (rangeDigest(bytes) === range.digest)
      yield { kind: 'range', end: range.end, kept: true, more: false, items: NOTHING }
    else yield* partsOf(range.end, items)
  }

  /** Items up to `end` and so many bytes, at least one if there is any. */
  async #take(
    end: Buffer | undefined,
    bytesMax: number
  ): Promise<{ items: Buffer[]; last: Buffer | undefined }> {
    const items: Buffer[] = []
    let bytes = 0
    let last: Buffer | undefined
    while (bytes < bytesMax && (await this.#hasItem(end))) {
      const [key, value] = this.#peeked!
      this.#peeked = undefined
      last = key
      const item = encodeItem(key, value)
      items.push(item)
      bytes += item.length
    }
    return { items, last }
  }

  async #hasItem(end: Buffer | undefined): Promise<boolean> {
    while (this.#peeked === undefined && this.#current < this.#iterators.length) {
      assert(!this.#closed, 'a walk that is closed does not go on')
      const reading = this.#iterators[this.#current]!.next()
      this.#reading = reading
      const next = await reading
      if (next.done === true) this.#current++
      else this.#peeked = [relativeKey(next.value[0]), next.value[1]]
    }
    assert(!this.#closed, 'a walk that is closed does not go on')
    if (this.#peeked === undefined) return false
    return end === undefined || this.#peeked[0].compare(end) <= 0
  }
}

/** The last range goes up to the end of the key space. */
export function isLast(end: Buffer): boolean {
  return end.length === 0
}

function* partsOf(end: Buffer, items: readonly Buffer[]): Iterable<RangePiece> {
  const bytes = Buffer.concat(items)
  let offset = 0
  do {
    const part = bytes.subarray(offset, offset + PART_BYTES)
    offset += part.length
    yield { kind: 'range', end, kept: false, more: offset < bytes.length, items: part }
  } while (offset < bytes.length)
}
