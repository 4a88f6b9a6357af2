import assert from 'node:assert'
import type { KeyValueStore } from '../../storage/index.js'
import {
  aggregateBucket,
  contextBucket,
  decodeOrdered,
  encodeOrdered,
  KeyKind,
  prefixEnd
} from '../state/keys.js'
import { type AggregateRun, decodeRun, SegmentIndex } from './segment-index.js'

export interface AggregateIndexOptions {
  readonly keySpace: number
  readonly store: KeyValueStore
  /** Aggregates of sealed segments whose highest sequence number stays in memory. */
  readonly knownMax: number
}

/**
 * Which events belong to which aggregate. The active segment and those that no checkpoint has written are indexed in memory, all
 * others in the key-value store; one aggregate's newest answer is in the first of active, pending, store that knows it.
 */
export class AggregateIndex {
  #active: SegmentIndex
  #pending: SegmentIndex[] = []
  /** Highest sequence numbers read from the store, for aggregates that are not in memory; oldest first. */
  readonly #known = new Map<string, number>()
  #forgotten = 0

  constructor(
    private readonly options: AggregateIndexOptions,
    active: SegmentIndex,
    /** False until a first sealed segment has been checkpointed: then the store cannot know any aggregate. */
    private storeHasRuns: boolean
  ) {
    this.#active = active
  }

  get active(): SegmentIndex {
    return this.#active
  }

  get pending(): readonly SegmentIndex[] {
    return this.#pending
  }

  /** −1 for an aggregate that does not exist; undefined when `load` has to look first. */
  highestSequence(aggregateId: string): number | undefined {
    const active = this.#active.highestSequence(aggregateId)
    if (active !== undefined) return active
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const pending = this.#pending[i]!.highestSequence(aggregateId)
      if (pending !== undefined) return pending
    }
    return this.storeHasRuns ? this.#known.get(aggregateId) : -1
  }

  /** Reads what is not in memory. Kept until `trim`, so that an apply right afterwards finds it. */
  async load(aggregateIds: readonly string[]): Promise<void> {
    for (;;) {
      const generation = this.#forgotten
      const missing = aggregateIds.filter(id => this.highestSequence(id) === undefined)
      if (missing.length === 0) return
      const bucket = contextBucket(KeyKind.highestSequence, this.options.keySpace)
      const values = await this.options.store.getMany(
        missing.map(id => Buffer.concat([bucket, Buffer.from(id, 'utf8')]))
      )
      // While we read, a segment may have moved from memory to the store: then what we read may be old.
      if (generation !== this.#forgotten) continue
      missing.forEach((id, i) => {
        const value = values[i]
        if (!this.#inMemory(id)) this.#known.set(id, value === undefined ? -1 : decodeOrdered(value))
      })
      return
    }
  }

  trim(): void {
    for (const id of this.#known.keys()) {
      if (this.#known.size <= this.options.knownMax) return
      this.#known.delete(id)
    }
  }

  add(aggregateId: string | undefined, sequenceNumber: number, timestampMs: number, position: number): void {
    if (aggregateId !== undefined && !this.#active.has(aggregateId)) this.#known.delete(aggregateId)
    this.#active.add(aggregateId, sequenceNumber, timestampMs, position)
  }

  /** The active segment is full; `segment` is the next one. */
  roll(segment: number): void {
    assert(segment > this.#active.segment, 'segments follow each other')
    this.#pending.push(this.#active)
    this.#active = new SegmentIndex(segment, this.#active.timestampMaxMs)
  }

  /** At start: a sealed segment older than the active one whose index has to be written again. */
  addPending(index: SegmentIndex): void {
    this.#pending.push(index)
  }

  /** A checkpoint has written the oldest `count` pending indexes. */
  forgetPending(count: number): void {
    if (count === 0) return
    this.#pending = this.#pending.slice(count)
    this.storeHasRuns = true
    this.#forgotten++
  }

  /** All runs that hold a sequence number of at least `from`, in order. */
  async runs(aggregateId: string, from: number): Promise<AggregateRun[]> {
    const inMemory = this.#memoryRuns(aggregateId)
    const first = inMemory[0]
    if (!this.storeHasRuns || (first !== undefined && first.firstSequence <= from)) return inMemory
    const bucket = aggregateBucket(KeyKind.aggregateRun, this.options.keySpace, aggregateId)
    const lt = first === undefined ? prefixEnd(bucket) : Buffer.concat([bucket, encodeOrdered(first.segment)])
    const stored: AggregateRun[] = []
    for await (const [key, value] of this.options.store.iterate({ gte: bucket, lt, reverse: true })) {
      const run = decodeRun(decodeOrdered(key, bucket.length), value)
      stored.unshift(run)
      if (run.firstSequence <= from) break
    }
    return [...stored, ...inMemory]
  }

  #memoryRuns(aggregateId: string): AggregateRun[] {
    const runs: AggregateRun[] = []
    for (const index of [...this.#pending, this.#active]) {
      const run = index.run(aggregateId)
      if (run !== undefined) runs.push(run)
    }
    return runs
  }

  #inMemory(aggregateId: string): boolean {
    return this.#active.has(aggregateId) || this.#pending.some(index => index.has(aggregateId))
  }
}
