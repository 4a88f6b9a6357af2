import { EMPTY_HARD_STATE, type HardState, type Index, type Term } from '../../../src/consensus/core/types.js'
import {
  type GroupAppend,
  type LogCheckpoint,
  type LogEntry,
  type LogStorage,
  MemoryLogStorage,
  type RecoveredGroup,
  StorageFullError
} from '../../../src/storage/index.js'
import type { DurableLog } from '../invariants/durable-log.js'
import type { SimulatedProcess } from './simulated-process.js'

interface PendingAppend {
  readonly batch: readonly GroupAppend[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * A disk for logs: what it holds is synced. Batches become durable in order, some together; a crash loses those under way but for
 * a prefix.
 */
export class LogDevice {
  readonly durable = new MemoryLogStorage()
  readonly #confIndexes = new Map<number, Index[]>()
  #pending: PendingAppend[] = []
  #isWriting = false
  process!: SimulatedProcess

  /** The log of the process's present life. */
  attach(): LogStorage {
    const { durable } = this
    return {
      open: checkpoints => this.#open(checkpoints),
      append: batch => this.#append(batch),
      entries: (group, from, to, bytesMax) => this.#later(() => durable.entries(group, from, to, bytesMax)),
      term: (group, index) => durable.term(group, index),
      firstIndex: group => durable.firstIndex(group),
      lastIndex: group => durable.lastIndex(group),
      hardState: group => durable.hardState(group),
      dropPrefix: (group, checkpoint) => durable.dropPrefix(group, checkpoint),
      removeGroup: group => durable.removeGroup(group),
      get stats() {
        return durable.stats
      },
      close: async () => {}
    }
  }

  crash(): void {
    const { diskRandom } = this.process.world
    const survivors = diskRandom.below(this.#pending.length + 1)
    for (const { batch } of this.#pending.slice(0, survivors)) this.#write(batch)
    this.#pending = []
    this.#isWriting = false
  }

  async #open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<RecoveredGroup[]> {
    for (const [group, checkpoint] of checkpoints) this.durable.dropPrefix(group, checkpoint)
    return this.process.world.groups.map(({ id }) => ({
      group: id,
      hardState: this.durable.hardState(id) ?? EMPTY_HARD_STATE,
      firstIndex: this.durable.firstIndex(id),
      lastIndex: this.durable.lastIndex(id)
    }))
  }

  #append(batch: readonly GroupAppend[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ batch, resolve, reject })
      this.#startWriting()
    })
  }

  #startWriting(): void {
    if (this.#isWriting || this.#pending.length === 0) return
    this.#isWriting = true
    this.process.later(this.process.world.diskDelay(this.process.id), () => this.#finish())
  }

  #finish(): void {
    const { world } = this.process
    this.#isWriting = false
    const isFull = world.isDiskFull()
    const done = this.#pending.splice(0, isFull ? 1 : 1 + world.diskRandom.below(this.#pending.length))
    for (const { batch, resolve, reject } of done) {
      if (isFull) reject(new StorageFullError('the disk is full'))
      else {
        this.#write(batch)
        resolve()
      }
    }
    this.#startWriting()
  }

  #write(batch: readonly GroupAppend[]): void {
    const { world, id } = this.process
    this.durable.append(batch).catch((error: unknown) => world.fail(error))
    for (const { group, entries, hardState } of batch) {
      const conf = this.#noteConfChanges(group, entries).filter(index => index > hardState.commit)
      const isEntryBatch = entries.length > 0
      world.guard(() =>
        world
          .groupOf(group)
          .observer.persisted(id, logOf(this.durable, group, 0), isEntryBatch ? conf.length : 0)
      )
    }
  }

  #noteConfChanges(group: number, entries: readonly LogEntry[]): Index[] {
    const first = entries[0]?.index ?? Number.POSITIVE_INFINITY
    const known = (this.#confIndexes.get(group) ?? []).filter(index => index < first)
    for (const { index, kind } of entries) if (kind !== 0) known.push(index)
    this.#confIndexes.set(group, known)
    return known
  }

  #later<T>(read: () => Promise<T>): Promise<T> {
    const { process } = this
    return new Promise((resolve, reject) => {
      process.later(1 + process.world.diskRandom.below(5), () => read().then(resolve, reject))
    })
  }
}

export type LogReader = Pick<LogStorage, 'hardState' | 'firstIndex' | 'lastIndex' | 'term'>

/** What is durable of one group; `covered`: up to where a durable state contains it. */
export function logOf(log: LogReader, group: number, covered: Index): DurableLog {
  return {
    get hardState(): HardState {
      return log.hardState(group) ?? EMPTY_HARD_STATE
    },
    get firstIndex(): Index {
      return log.firstIndex(group)
    },
    get lastIndex(): Index {
      return log.lastIndex(group)
    },
    coveredIndex: covered,
    term: (index: Index): Term | undefined => log.term(group, index)
  }
}
