import assert from 'node:assert'
import type {
  GroupAppend,
  HardState,
  LogCheckpoint,
  LogEntry,
  LogStorage,
  LogStorageStats,
  RecoveredGroup
} from './log-storage.js'

const NO_HARD_STATE: HardState = { term: 0, vote: 0, commit: 0 }

class MemoryGroup {
  hardState: HardState | undefined
  #entries: LogEntry[] = []

  constructor(private checkpoint: LogCheckpoint) {}

  get firstIndex(): number {
    return this.checkpoint.index + 1
  }

  get lastIndex(): number {
    return this.checkpoint.index + this.#entries.length
  }

  get bytes(): number {
    return this.#entries.reduce((sum, { data }) => sum + data.length, 0)
  }

  append(entries: readonly LogEntry[]): void {
    const first = entries[0]?.index ?? this.lastIndex + 1
    // What lies at or below the checkpoint is decided.
    this.#entries.length = Math.max(0, first - this.firstIndex)
    for (const entry of entries) if (entry.index >= this.firstIndex) this.#entries.push(entry)
  }

  range(from: number, to: number, bytesMax: number): LogEntry[] {
    const found: LogEntry[] = []
    if (from < this.firstIndex) return found
    let bytes = 0
    for (let index = from; index <= Math.min(to, this.lastIndex); index++) {
      const entry = this.#entries[index - this.firstIndex]!
      bytes += entry.data.length
      if (found.length > 0 && bytes > bytesMax) break
      found.push(entry)
    }
    return found
  }

  term(index: number): number | undefined {
    if (index === this.checkpoint.index) return this.checkpoint.term
    return this.#entries[index - this.firstIndex]?.term
  }

  dropPrefix(checkpoint: LogCheckpoint): void {
    if (checkpoint.index <= this.checkpoint.index) return
    const own = this.term(checkpoint.index) ?? checkpoint.term
    this.#entries = this.#entries.slice(checkpoint.index - this.checkpoint.index)
    this.checkpoint = checkpoint
    // Overruled by the log that the checkpoint is of.
    if (own !== checkpoint.term) this.#entries = []
  }
}

/** A log that is gone when the process ends: for tests, and for nodes that keep nothing. */
export class MemoryLogStorage implements LogStorage {
  readonly #groups = new Map<number, MemoryGroup>()
  readonly #removed = new Set<number>()
  #isClosed = false
  #batches = 0
  #writtenBytes = 0

  get stats(): LogStorageStats {
    let liveBytes = 0
    for (const group of this.#groups.values()) liveBytes += group.bytes
    return { liveBytes, batches: this.#batches, syncs: 0, writtenBytes: this.#writtenBytes, queuedBytes: 0 }
  }

  async open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<readonly RecoveredGroup[]> {
    for (const [group, checkpoint] of checkpoints) this.#groups.set(group, new MemoryGroup(checkpoint))
    return [...this.#groups].map(([group, { hardState = NO_HARD_STATE, firstIndex, lastIndex }]) => ({
      group,
      hardState,
      firstIndex,
      lastIndex
    }))
  }

  async append(batch: readonly GroupAppend[]): Promise<void> {
    if (this.#isClosed) throw new Error('the log is closed')
    const living = batch.filter(({ group }) => !this.#removed.has(group))
    for (const { group, entries } of living) assertFollows(group, this.lastIndex(group), entries)
    for (const { group: number, entries, hardState } of living) {
      const group = this.#groups.get(number) ?? new MemoryGroup({ index: 0, term: 0 })
      this.#groups.set(number, group)
      group.append(entries)
      group.hardState = hardState
      for (const { data } of entries) this.#writtenBytes += data.length
    }
    this.#batches++
  }

  async entries(group: number, from: number, to: number, bytesMax: number): Promise<readonly LogEntry[]> {
    return this.#groups.get(group)?.range(from, to, bytesMax) ?? []
  }

  term(group: number, index: number): number | undefined {
    return this.#groups.get(group)?.term(index)
  }

  firstIndex(group: number): number {
    return this.#groups.get(group)?.firstIndex ?? 1
  }

  lastIndex(group: number): number {
    return this.#groups.get(group)?.lastIndex ?? 0
  }

  hardState(group: number): HardState | undefined {
    return this.#groups.get(group)?.hardState
  }

  dropPrefix(group: number, checkpoint: LogCheckpoint): void {
    if (this.#removed.has(group)) return
    const known = this.#groups.get(group)
    if (known === undefined) this.#groups.set(group, new MemoryGroup(checkpoint))
    else known.dropPrefix(checkpoint)
  }

  removeGroup(group: number): void {
    if (this.#groups.delete(group)) this.#removed.add(group)
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }
}

function assertFollows(group: number, last: number, entries: readonly LogEntry[]): void {
  const first = entries[0]?.index ?? last + 1
  assert(first <= last + 1, `entry ${first} does not follow entry ${last} of replication group ${group}`)
}
