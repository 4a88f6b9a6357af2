import assert from 'node:assert'
import type { KeyValueStore } from '../../storage/index.js'
import { contextBucket, contextKeyKinds, prefixEnd } from '../state/keys.js'
import { purgeKeySpace, purgeRange } from '../state/purge.js'
import type { StateRange } from './manifest.js'
import { decodeItems, type RangePiece } from './pieces.js'
import { absoluteKey, isLast, rangeDigest } from './state-walk.js'

const START = Buffer.alloc(0)
const ZERO = Buffer.alloc(1)

/** The keys of a state that is being received, in a key space that nobody reads. */
export class StateStaging {
  /** Ranges that this transfer brought or kept, in order. */
  #done: StateRange[] = []
  /** Those of earlier transfers behind them. */
  #earlier: StateRange[] = []
  #nextEarlier = 0
  #at: Buffer = START
  #parts: Buffer[] = []
  #complete = false

  constructor(
    private readonly store: KeyValueStore,
    readonly keySpace: number
  ) {}

  /** Everything was received, up to the end. */
  get complete(): boolean {
    return this.#complete
  }

  /** Begins a transfer; what an earlier one has brought stays. */
  async begin(): Promise<readonly StateRange[]> {
    this.#earlier = [...this.#done, ...this.#earlier.slice(this.#nextEarlier)]
    this.#nextEarlier = 0
    this.#done = []
    this.#at = START
    this.#parts = []
    this.#complete = false
    if (this.#earlier.length === 0) await purgeKeySpace(this.store, this.keySpace)
    return this.#earlier
  }

  async write(piece: RangePiece): Promise<void> {
    assert(!this.#complete, 'nothing follows the last range')
    if (piece.kept) this.#keep(piece.end)
    else {
      this.#parts.push(Buffer.from(piece.items))
      if (piece.more) return
      const items = Buffer.concat(this.#parts)
      this.#parts = []
      await this.#replace(piece.end, items)
    }
    this.#at = piece.end
    this.#complete = isLast(piece.end)
  }

  #keep(end: Buffer): void {
    const range = this.#earlier[this.#nextEarlier++]
    assert(range, 'only what is here is kept')
    assert(range.start.equals(this.#at) && range.end.equals(end), 'ranges are kept in their order')
    this.#done.push(range)
  }

  async #replace(end: Buffer, items: Buffer): Promise<void> {
    const start = this.#at
    if (this.#earlier.length > 0) await this.#removeEarlier(start, end)
    const batch = this.store.batch()
    for (const [key, value] of decodeItems(items)) batch.put(absoluteKey(key, this.keySpace), value)
    if (batch.length === 0) batch.discard()
    else await batch.write({ sync: false })
    this.#done.push({ start, end, digest: rangeDigest(items) })
  }

  /** Whatever stands above `start` up to `end`: also of ranges that an interrupted transfer has replaced in part. */
  async #removeEarlier(start: Buffer, end: Buffer): Promise<void> {
    while (this.#nextEarlier < this.#earlier.length && !isAbove(this.#earlier[this.#nextEarlier]!, end))
      this.#nextEarlier++
    for (const kind of contextKeyKinds) {
      const bucket = contextBucket(kind, this.keySpace)
      const startsAbove = start.length > 0 && start[0]! > kind
      const endsBelow = !isLast(end) && end[0]! < kind
      if (startsAbove || endsBelow) continue
      const gte = start[0] === kind ? this.#after(start) : bucket
      await purgeRange(this.store, gte, end[0] === kind ? this.#after(end) : prefixEnd(bucket))
    }
  }

  #after(relative: Buffer): Buffer {
    return Buffer.concat([absoluteKey(relative, this.keySpace), ZERO])
  }
}

function isAbove(range: StateRange, end: Buffer): boolean {
  return !isLast(end) && range.start.compare(end) >= 0
}
