import { EMPTY_HARD_STATE, type HardState } from '../../../src/consensus/core/types.js'
import {
  type GroupAppend,
  type LogCheckpoint,
  type LogEntry,
  type LogStorage,
  type LogStorageStats,
  MemoryLogStorage,
  type RecoveredGroup
} from '../../../src/storage/index.js'
import { demand } from '../world/violation.js'

const ALL_BYTES = Number.MAX_SAFE_INTEGER

export interface ShadowedLogOptions {
  /** A log opens once; what it said to be stored must be there the next time. */
  readonly inner: LogStorage
  readonly stored: (part: GroupAppend) => void
  readonly guard: (check: () => void) => void
}

/** What a log has confirmed, kept beside it: the observer's view of that disk, and the measure of every recovery. */
export class LogShadow {
  #durable = new MemoryLogStorage()
  readonly #confIndexes = new Map<number, number[]>()

  get durable(): MemoryLogStorage {
    return this.#durable
  }

  attach(options: ShadowedLogOptions): LogStorage {
    return new ShadowedLog(this, options)
  }

  confEntriesAbove(group: number, index: number): number {
    return (this.#confIndexes.get(group) ?? []).filter(each => each > index).length
  }

  async confirm(batch: readonly GroupAppend[]): Promise<void> {
    for (const { group, entries } of batch) this.#noteConfChanges(group, entries)
    await this.#durable.append(batch)
  }

  /** Nothing that was confirmed may be missing; a batch of a later term may have replaced it. */
  async compare(log: LogStorage, { group, hardState, firstIndex }: RecoveredGroup): Promise<void> {
    const before = this.#durable.hardState(group) ?? EMPTY_HARD_STATE
    const words = () =>
      `group ${group} comes back with ${describe(hardState)}, confirmed was ${describe(before)}`
    const confirmed = this.#durable.lastIndex(group)
    demand(hardState.term >= before.term, 'recovery', words)
    if (hardState.term > before.term) return
    demand(before.vote === 0 || hardState.vote === before.vote, 'recovery', words)
    demand(hardState.commit >= before.commit, 'recovery', words)
    for (let index = Math.max(firstIndex, this.#durable.firstIndex(group)); index <= confirmed; index++) {
      const [term, wanted] = [log.term(group, index), this.#durable.term(group, index)!]
      // A batch that was under way replaced it and what follows, with entries of a later term.
      if (term !== undefined && term > wanted) return
      demand(
        term === wanted,
        'recovery',
        () => `group ${group} comes back with term ${term} at ${index}, not ${wanted}`
      )
    }
  }

  /** The disk is what recovery says that it is. */
  async adopt(log: LogStorage, groups: readonly RecoveredGroup[]): Promise<void> {
    this.#durable = new MemoryLogStorage()
    for (const { group, hardState, firstIndex, lastIndex } of groups) {
      const term = log.term(group, firstIndex - 1) ?? 0
      this.#durable.dropPrefix(group, { index: firstIndex - 1, term })
      const entries = firstIndex > lastIndex ? [] : await log.entries(group, firstIndex, lastIndex, ALL_BYTES)
      this.#confIndexes.delete(group)
      await this.confirm([{ group, entries, hardState }])
    }
  }

  #noteConfChanges(group: number, entries: readonly LogEntry[]): void {
    const first = entries[0]?.index ?? Number.POSITIVE_INFINITY
    const known = (this.#confIndexes.get(group) ?? []).filter(index => index < first)
    for (const { index, kind } of entries) if (kind !== 0) known.push(index)
    this.#confIndexes.set(group, known)
  }
}

class ShadowedLog implements LogStorage {
  constructor(
    private readonly shadow: LogShadow,
    private readonly options: ShadowedLogOptions
  ) {}

  get stats(): LogStorageStats {
    return this.options.inner.stats
  }

  async open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<readonly RecoveredGroup[]> {
    const { inner } = this.options
    const recovered = await inner.open(checkpoints)
    for (const group of recovered) {
      demand(group.damage === undefined, 'recovery', () => `group ${group.group}: ${group.damage}`)
      await this.shadow.compare(inner, group)
    }
    await this.shadow.adopt(inner, recovered)
    return recovered
  }

  async append(batch: readonly GroupAppend[]): Promise<void> {
    await this.options.inner.append(batch)
    await this.shadow.confirm(batch)
    for (const part of batch) this.options.guard(() => this.options.stored(part))
  }

  refusal(): ReturnType<NonNullable<LogStorage['refusal']>> {
    return this.options.inner.refusal?.()
  }

  entries(...range: Parameters<LogStorage['entries']>): Promise<readonly LogEntry[]> {
    return this.options.inner.entries(...range)
  }

  term(group: number, index: number): number | undefined {
    return this.options.inner.term(group, index)
  }

  firstIndex(group: number): number {
    return this.options.inner.firstIndex(group)
  }

  lastIndex(group: number): number {
    return this.options.inner.lastIndex(group)
  }

  hardState(group: number): HardState | undefined {
    return this.options.inner.hardState(group)
  }

  dropPrefix(group: number, checkpoint: LogCheckpoint): void {
    this.options.inner.dropPrefix(group, checkpoint)
    this.shadow.durable.dropPrefix(group, checkpoint)
  }

  removeGroup(group: number): void {
    this.options.inner.removeGroup(group)
  }

  close(): Promise<void> {
    return this.options.inner.close()
  }
}

function describe({ term, vote, commit }: HardState): string {
  return `term ${term}, vote ${vote}, commit ${commit}`
}
