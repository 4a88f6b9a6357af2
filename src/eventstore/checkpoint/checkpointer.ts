import assert from 'node:assert'
import type { Clock, Logger, Timer } from '../../kernel/index.js'
import {
  type CheckpointChain,
  type KeyValueBatch,
  type KeyValueStore,
  StorageFullError
} from '../../storage/index.js'
import type { LogPosition, Sequencer } from '../ports.js'

/** A group's state at one moment, taken between two applies. */
export interface CheckpointCut {
  /** The last entry that the state contains. */
  readonly position: LogPosition
  /** JSON that `restore` gets back; the rest is in `changes`. */
  readonly payload: unknown
  /** Makes files durable that the payload speaks of. */
  sync(): Promise<void>
  changes(): Iterable<(batch: KeyValueBatch) => void>
  /** The checkpoint is durable. */
  done(): void
}

export interface CheckpointParticipant {
  readonly group: number
  /** Undefined when nothing changed since the last checkpoint. */
  cut(): CheckpointCut | undefined
}

export interface GroupCheckpoint {
  readonly position: LogPosition
  readonly payload: unknown
}

export interface CheckpointerOptions {
  readonly store: KeyValueStore
  readonly chain: CheckpointChain
  readonly sequencer: Sequencer
  readonly clock: Clock
  readonly log: Logger
  readonly intervalMs: number
  /** Log bytes since the last checkpoint that bring the next one forward: they bound the time of a start after a crash. */
  readonly replayBytesMax: number
  readonly onFatal: (error: unknown) => void
}

export interface CheckpointStats {
  checkpoints: number
  failures: number
  lastDurationMs: number
  lastChanges: number
}

const SLICE_MS = 2
/** A run that is under way may have begun too early, so that it takes a second one. */
const REACH_RUNS_MAX = 3

/**
 * Moves the node's state to disk: files of the participants first, then one batch with everything that changed, the positions in
 * the log, and the link to the checkpoint before. Only then may the log below it go. Appends do not wait for any of it.
 */
export class Checkpointer {
  readonly stats: CheckpointStats = { checkpoints: 0, failures: 0, lastDurationMs: 0, lastChanges: 0 }
  readonly #participants = new Map<number, CheckpointParticipant>()
  /** Also of groups that do not run: what the next checkpoint says of them is what the last one said. */
  readonly #groups = new Map<number, GroupCheckpoint>()
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  /** Whoever writes or pins checkpoints takes turns. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: CheckpointerOptions) {}

  /** Reads the newest checkpoint and verifies that it follows the ones before it. */
  async restore(): Promise<ReadonlyMap<number, GroupCheckpoint>> {
    const newest = await this.options.chain.open(this.options.store)
    if (newest !== undefined) {
      const stored = JSON.parse(newest.payload.toString('utf8')) as Record<string, GroupCheckpoint>
      for (const [group, checkpoint] of Object.entries(stored)) this.#groups.set(Number(group), checkpoint)
    }
    return this.#groups
  }

  add(participant: CheckpointParticipant): void {
    this.#participants.set(participant.group, participant)
  }

  /** The newest durable checkpoint of a group. */
  newest(group: number): GroupCheckpoint | undefined {
    return this.#groups.get(group)
  }

  remove(group: number): void {
    this.#participants.delete(group)
    this.#groups.delete(group)
  }

  startTimer(): void {
    const checkEveryMs = Math.min(this.options.intervalMs, 250)
    let dueMs = this.options.clock.monotonicMs() + this.options.intervalMs
    this.#timer = this.options.clock.every(checkEveryMs, () => {
      const isDue = this.options.clock.monotonicMs() >= dueMs
      if (!isDue && this.options.sequencer.replayBytes < this.options.replayBytesMax) return
      dueMs = this.options.clock.monotonicMs() + this.options.intervalMs
      this.run().catch(this.options.onFatal)
    })
  }

  async stop(): Promise<void> {
    this.#timer?.cancel()
    await this.#turn
  }

  /** Joins a run that is under way. A full disk is no error: the next run writes the same changes again. */
  run(): Promise<void> {
    this.#running ??= this.between(() => this.#run()).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Takes checkpoints until the newest of a group contains `index`, if that is possible. */
  async reach(group: number, index: number): Promise<void> {
    for (let i = 0; i < REACH_RUNS_MAX; i++) {
      if ((this.newest(group)?.position.index ?? 0) >= index) return
      await this.run()
    }
  }

  /** Runs the task while no checkpoint is being written: store and `newest` agree. */
  between<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#turn.then(task)
    this.#turn = result.catch(() => {})
    return result
  }

  /**
   * Puts a state that came from a peer in the place of a group's checkpoint: one synced batch, all or nothing. What the state
   * consists of is in the store already, where nothing reads it before.
   */
  replace(group: number, checkpoint: GroupCheckpoint): Promise<void> {
    return this.between(async () => {
      assert(this.#participants.has(group), `group ${group} was removed`)
      await this.#writeBatch(this.options.store.batch(), new Map([...this.#groups, [group, checkpoint]]))
      this.#groups.set(group, checkpoint)
    })
  }

  async #run(): Promise<void> {
    const startedMs = this.options.clock.monotonicMs()
    const cuts = this.#cutAll()
    if (cuts.length === 0) return
    try {
      await this.#write(cuts)
      this.stats.checkpoints++
      this.stats.lastDurationMs = this.options.clock.monotonicMs() - startedMs
    } catch (error) {
      this.stats.failures++
      if (!(error instanceof StorageFullError)) throw error
      this.options.log.warn({ reason: error.message }, 'checkpoint postponed: the disk is full')
    }
  }

  #cutAll(): [group: number, cut: CheckpointCut][] {
    const cuts: [number, CheckpointCut][] = []
    for (const participant of this.#participants.values()) {
      const cut = participant.cut()
      if (cut !== undefined) cuts.push([participant.group, cut])
    }
    return cuts
  }

  async #write(cuts: readonly [group: number, cut: CheckpointCut][]): Promise<void> {
    for (const [, cut] of cuts) await cut.sync()
    const batch = this.options.store.batch()
    try {
      this.stats.lastChanges = await this.#collect(cuts, batch)
    } catch (error) {
      batch.discard()
      throw error
    }
    const groups = new Map(this.#groups)
    for (const [group, cut] of cuts) {
      // A group that was removed meanwhile must not come back.
      if (this.#participants.has(group)) groups.set(group, { position: cut.position, payload: cut.payload })
    }
    await this.#writeBatch(batch, groups)
    for (const [group, cut] of cuts) {
      cut.done()
      if (!this.#participants.has(group)) continue
      this.#groups.set(group, { position: cut.position, payload: cut.payload })
      this.options.sequencer.checkpointed(group, cut.position)
    }
  }

  async #writeBatch(batch: KeyValueBatch, groups: ReadonlyMap<number, GroupCheckpoint>): Promise<void> {
    const { chain } = this.options
    try {
      chain.append(batch, Buffer.from(JSON.stringify(Object.fromEntries(groups)), 'utf8'))
      await batch.write({ sync: true })
      chain.written()
    } catch (error) {
      batch.discard()
      throw error
    }
  }

  /** In slices: a full segment brings hundreds of thousands of index entries, and calls must go on meanwhile. */
  async #collect(cuts: readonly [number, CheckpointCut][], batch: KeyValueBatch): Promise<number> {
    let changes = 0
    let sliceEndsMs = this.options.clock.monotonicMs() + SLICE_MS
    for (const [, cut] of cuts) {
      for (const change of cut.changes()) {
        change(batch)
        if ((++changes & 63) === 0 && this.options.clock.monotonicMs() >= sliceEndsMs) {
          await new Promise(resolve => setImmediate(resolve))
          sliceEndsMs = this.options.clock.monotonicMs() + SLICE_MS
        }
      }
    }
    return changes
  }
}
