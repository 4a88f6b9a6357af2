import { join } from 'node:path'
import { type ReadCache, StorageDamagedError, StorageFullError } from '../storage/index.js'
import type { Checkpointer, GroupCheckpoint } from './checkpoint/checkpointer.js'
import { ContextParticipant } from './checkpoint/context-participant.js'
import { ContextGroup } from './context-group.js'
import { type ContextCheckpoint, ContextState } from './context-state.js'
import { ContextStore } from './context-store.js'
import type { ContextDefinition, EventStoreOptions, EventStorePorts } from './event-store-options.js'
import type { LogPosition } from './ports.js'
import { Scheduler } from './schedule/scheduler.js'
import { otherKeySpace } from './state/keys.js'
import { ContextTransfer } from './transfer/context-transfer.js'
import { finishInstall, removeIncoming } from './transfer/segment-install.js'

export interface RunningContextOptions {
  readonly definition: ContextDefinition
  readonly store: EventStoreOptions
  readonly ports: EventStorePorts
  readonly cache: ReadCache
  readonly checkpointer: Checkpointer
  /** Words why no context may be written now. */
  readonly refuseWrites: () => string | undefined
  /** The state that came from a peer can not be opened: nothing of this context can be served. */
  readonly onDamaged: (words: string) => void
  /** Removes what a former state has left, one after the other: opening many contexts does not open as many iterations. */
  readonly purge: (keySpace: number) => Promise<void>
}

const START: LogPosition = { index: 0, term: 0 }

/** A context at work: its state, what clients do with it, its part in checkpoints, and the way to have its state replaced. */
export class RunningContext {
  readonly store: ContextStore
  readonly transfer: ContextTransfer
  readonly #participant: ContextParticipant
  readonly #machine: ContextGroup
  readonly #scheduler: Scheduler
  #purging: Promise<void> = Promise.resolve()

  private constructor(
    private readonly options: RunningContextOptions,
    state: ContextState,
    restored: LogPosition | undefined
  ) {
    const { definition, ports, store, checkpointer, refuseWrites } = options
    this.transfer = new ContextTransfer(this, { ...ports, ...store, checkpointer })
    this.#machine = new ContextGroup(this.transfer)
    this.#machine.add(state)
    this.#participant = new ContextParticipant(definition.group, state, ports.sequencer, restored)
    this.store = new ContextStore(definition.name, state, ports.sequencer, {
      ...store,
      group: definition.group,
      clock: ports.clock,
      randomId: ports.randomId,
      refuseWrites: () =>
        refuseWrites() ?? (this.state.isBehind ? `The disk of ${store.directory} is full` : undefined)
    })
    this.#scheduler = new Scheduler(this.store, ports.clock, ports.log)
    this.store.onScheduled(dueMs => this.#scheduler.consider(dueMs))
  }

  /** Opens the state of the last checkpoint and applies what the log holds above it. */
  static async open(
    options: RunningContextOptions,
    checkpoint: GroupCheckpoint | undefined
  ): Promise<RunningContext> {
    const { definition, store, ports, cache, checkpointer } = options
    const { contextId, group, name } = definition
    const directory = join(store.directory, definition.directory)
    const payload = checkpoint?.payload as ContextCheckpoint | undefined
    const place = { fs: ports.fs, directory, suffix: store.suffix }
    if (payload?.installed === undefined) await removeIncoming(place)
    else await finishInstall(place, payload.installed)
    const state = await ContextState.open({ ...store, ...ports, contextId, name, directory, cache }, payload)
    const context = new RunningContext(options, state, checkpoint?.position)
    context.#purge(otherKeySpace(state.keySpace))
    await ports.sequencer.start(group, context.#machine, checkpoint?.position ?? START)
    checkpointer.add(context.#participant)
    context.transfer.begin()
    context.#scheduler.start()
    return context
  }

  get group(): number {
    return this.options.definition.group
  }

  get state(): ContextState {
    return this.store.state
  }

  purged(): Promise<void> {
    return this.#purging
  }

  /**
   * The batch decides: before it the old state is the state, after it the new one, also at the next start. Calls of clients wait
   * meanwhile, and streams go on where they are.
   */
  async install(position: LogPosition, checkpoint: ContextCheckpoint): Promise<void> {
    await this.#decide(position, checkpoint)
    const old = this.state
    const replaced = this.store.beginReplacement()
    try {
      const state = await this.#exchange(old, checkpoint)
      this.#machine.replace(state, position.index)
      this.#participant.replaced(state, position)
      replaced(state)
    } catch (error) {
      this.#participant.hold()
      replaced(old)
      if (error instanceof StorageDamagedError) this.options.onDamaged(error.message)
      else this.options.ports.onFatal(error)
      throw error
    }
    this.#scheduler.start()
    this.#purge(old.keySpace)
  }

  /** Ends what runs by itself. */
  stop(): void {
    this.store.endStreams()
    this.#scheduler.stop()
  }

  async close(): Promise<void> {
    this.store.closeStreams()
    this.stop()
    await this.transfer.close()
    await this.state.close()
    await this.#purging
  }

  async #decide(position: LogPosition, checkpoint: ContextCheckpoint): Promise<void> {
    const { segments } = this.state
    this.#participant.hold()
    try {
      // Full segments that stay in their places may not have been synced yet.
      await segments.sync(segments.checkpointPosition())
      await this.options.checkpointer.replace(this.group, { position, payload: checkpoint })
    } catch (error) {
      this.#participant.release()
      if (!(error instanceof StorageFullError)) this.options.ports.onFatal(error)
      throw error
    }
  }

  async #exchange(old: ContextState, checkpoint: ContextCheckpoint): Promise<ContextState> {
    await old.close()
    await finishInstall(old.options, checkpoint.installed!)
    return ContextState.open({ ...old.options, tail: old.tail }, checkpoint)
  }

  #purge(keySpace: number): void {
    this.#purging = this.options
      .purge(keySpace)
      .catch((error: unknown) =>
        this.options.ports.log.warn(
          { context: this.store.name, error },
          'keys of a former state were not removed; the next start does it'
        )
      )
  }
}
