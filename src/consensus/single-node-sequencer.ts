import type { Logger } from '../kernel/index.js'
import { type GroupAppend, type LogEntry, type LogStorage, StorageBusyError } from '../storage/index.js'
import { GroupFailedError, GroupLog } from './group-log.js'

export interface Position {
  readonly index: number
  readonly term: number
}

interface Machine {
  prepare(data: Buffer): Promise<void> | undefined
  apply(entry: { readonly index: number; readonly term: number; readonly data: Buffer }): unknown
  endRound(): Promise<void> | undefined
}

export interface SingleNodeSequencerOptions {
  readonly log: LogStorage
  readonly logger: Logger
  /** Proposals waiting for the log, in bytes; more are refused. */
  readonly queueBytesMax: number
  /** Log bytes read at a time while a start replays. */
  readonly replayBytesMax: number
}

/** One voter: an entry is committed as soon as it is synced here. */
const TERM = 1

/**
 * Orders the proposals of all groups on a node without peers. Whatever waits while one batch syncs goes into the next, for all
 * groups together: one write and one sync a round. Then each group applies its part in order, and the proposers are answered.
 */
export class SingleNodeSequencer {
  readonly #groups = new Map<number, GroupLog>()
  readonly #dirty = new Set<GroupLog>()
  #queuedBytes = 0
  #writing: Promise<void> | undefined
  #applying: Promise<void> = Promise.resolve()
  #closed = false

  constructor(private readonly options: SingleNodeSequencerOptions) {}

  get replayBytes(): number {
    return this.options.log.stats.liveBytes
  }

  async open(
    checkpoints: ReadonlyMap<number, Position>
  ): Promise<{ group: number; lastIndex: number; damage?: string }[]> {
    const recovered = await this.options.log.open(checkpoints)
    return recovered.map(({ group, lastIndex, damage }) => ({
      group,
      lastIndex,
      ...(damage === undefined ? {} : { damage })
    }))
  }

  async start(group: number, machine: Machine, applied: Position): Promise<void> {
    const started = new GroupLog(group, machine, applied, this.options.logger)
    await this.#replay(started)
    this.#groups.set(group, started)
  }

  propose(group: number, data: Buffer): Promise<unknown> {
    const target = this.#groups.get(group)
    if (target === undefined || this.#closed)
      return Promise.reject(new GroupFailedError(`replication group ${group} is not running`))
    if (target.failure !== undefined) return Promise.reject(target.failure)
    if (this.#queuedBytes + data.length > this.options.queueBytesMax && this.#queuedBytes > 0) {
      return Promise.reject(
        new StorageBusyError(
          `${this.#queuedBytes} bytes wait for the journal (myelin.journal.queue-bytes-max): try again later`
        )
      )
    }
    this.#queuedBytes += data.length
    return new Promise((resolve, reject) => {
      target.enqueue({ data, resolve, reject })
      this.#dirty.add(target)
      this.#writing ??= this.#writeAll()
    })
  }

  remove(group: number): void {
    this.#groups.get(group)?.fail(new GroupFailedError(`replication group ${group} was removed`))
    this.#groups.delete(group)
    this.options.log.removeGroup(group)
  }

  checkpointed(group: number, position: Position): void {
    this.options.log.dropPrefix(group, position)
  }

  applied(group: number): Position {
    return this.#groups.get(group)?.applied ?? { index: 0, term: 0 }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    await this.#applying
    await this.options.log.close()
  }

  /** Runs until nothing waits any more: while one batch syncs, the next collects. */
  async #writeAll(): Promise<void> {
    // The proposals of this turn of the event loop go together.
    await Promise.resolve()
    while (this.#dirty.size > 0) await this.#writeBatch()
    this.#writing = undefined
  }

  async #writeBatch(): Promise<void> {
    const groups = [...this.#dirty]
    this.#dirty.clear()
    const parts = groups.map(group => group.takeBatch(TERM))
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
    const batch: GroupAppend[] = parts.map(part => ({
      group: part.group.id,
      entries: part.entries,
      hardState: { term: TERM, vote: 0, commit: part.group.applied.index }
    }))
    try {
      await this.options.log.append(batch)
      for (const part of parts) part.group.committed(part)
      this.#applying = this.#applying.then(() => this.#applyRound(groups))
    } catch (error) {
      for (const part of parts) part.group.notWritten(part, error)
    } finally {
      this.#queuedBytes -= bytes
    }
  }

  async #applyRound(groups: readonly GroupLog[]): Promise<void> {
    for (const group of groups) {
      const applying = group.applyCommitted()
      if (applying !== undefined) await applying
    }
  }

  async #replay(group: GroupLog): Promise<void> {
    const { log, replayBytesMax } = this.options
    const last = log.lastIndex(group.id)
    let next = group.applied.index + 1
    while (next <= last) {
      const entries: readonly LogEntry[] = await log.entries(group.id, next, last, replayBytesMax)
      group.replayed(entries)
      await group.applyCommitted()
      if (group.failure !== undefined) throw group.failure
      next += entries.length
    }
    group.lastIndex = Math.max(last, group.applied.index)
  }
}
