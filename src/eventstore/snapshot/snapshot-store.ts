import { aggregateBucket, contextBucket, decodeOrdered, encodeOrdered, KeyKind } from '../state/keys.js'
import type { StateOverlay } from '../state/state-overlay.js'

export interface StoredSnapshot {
  readonly sequenceNumber: number
  readonly event: Buffer
}

export interface SnapshotRange {
  /** Inclusive. */
  readonly from: number
  /** Inclusive. */
  readonly to: number
  readonly limit: number
}

const PRESENT = Buffer.alloc(0)

/** The snapshots of a context's aggregates. For one sequence number the one stored last counts. */
export class SnapshotStore {
  /** Whether an aggregate has any snapshot, as far as somebody asked; oldest first. */
  readonly #known = new Map<string, boolean>()

  constructor(
    private readonly options: {
      readonly keySpace: number
      readonly state: StateOverlay
      readonly knownMax: number
    },
    /** Snapshots ever stored: zero means that no aggregate has one. */
    private stored: number
  ) {}

  get count(): number {
    return this.stored
  }

  put(aggregateId: string, sequenceNumber: number, event: Buffer): void {
    const { keySpace, state } = this.options
    state.put(aggregateBucket(KeyKind.snapshot, keySpace, aggregateId), encodeOrdered(sequenceNumber), event)
    state.put(this.#presenceBucket(), Buffer.from(aggregateId, 'utf8'), PRESENT)
    this.stored++
    this.#remember(aggregateId, true)
  }

  /** The snapshot with the highest sequence number of at most `to`. */
  async newest(aggregateId: string, to: number): Promise<StoredSnapshot | undefined> {
    if (this.stored === 0) return undefined
    const present = this.#known.get(aggregateId) ?? (await this.#loadPresence(aggregateId))
    if (!present) return undefined
    const [newest] = await this.range(aggregateId, { from: 0, to, limit: 1 })
    return newest
  }

  /** Newest first. */
  async range(aggregateId: string, range: SnapshotRange): Promise<StoredSnapshot[]> {
    if (this.stored === 0 || range.to < range.from) return []
    const bucket = aggregateBucket(KeyKind.snapshot, this.options.keySpace, aggregateId)
    const items = await this.options.state.range(bucket, {
      gte: encodeOrdered(range.from),
      lt: encodeOrdered(Math.min(range.to, Number.MAX_SAFE_INTEGER - 1) + 1),
      reverse: true,
      limit: range.limit
    })
    return items.map(item => ({ sequenceNumber: decodeOrdered(item.suffix), event: item.value }))
  }

  /** A point read that the store's bloom filter answers for the many aggregates without snapshots. */
  async #loadPresence(aggregateId: string): Promise<boolean> {
    const before = this.stored
    const value = await this.options.state.get(this.#presenceBucket(), Buffer.from(aggregateId, 'utf8'))
    if (before === this.stored) this.#remember(aggregateId, value !== undefined)
    return value !== undefined
  }

  #presenceBucket(): Buffer {
    return contextBucket(KeyKind.snapshotPresence, this.options.keySpace)
  }

  #remember(aggregateId: string, present: boolean): void {
    this.#known.delete(aggregateId)
    this.#known.set(aggregateId, present)
    if (this.#known.size <= this.options.knownMax) return
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest)
      return
    }
  }
}
