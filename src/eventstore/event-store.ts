import { join } from 'node:path'
import { type Clock, type Logger, token } from '../kernel/index.js'
import {
  CheckpointChain,
  type FileSystem,
  type KeyValueStore,
  ReadCache,
  StorageDamagedError
} from '../storage/index.js'
import { ServerError } from '../wire/index.js'
import type { AppendLimits } from './append/append-limits.js'
import { Checkpointer, type GroupCheckpoint } from './checkpoint/checkpointer.js'
import { ContextParticipant } from './checkpoint/context-participant.js'
import { ContextGroup } from './context-group.js'
import { type ContextCheckpoint, ContextState } from './context-state.js'
import { ContextStore } from './context-store.js'
import { DiskGuard } from './disk-guard.js'
import type { LogPosition, Sequencer } from './ports.js'
import type { TrackerOptions } from './read/event-tracker.js'
import { Scheduler } from './schedule/scheduler.js'
import { contextBucket, contextKeyKinds, KeyKind, prefixEnd } from './state/keys.js'

export interface EventStoreOptions {
  /** axoniq.axonserver.event.storage */
  readonly directory: string
  /** axoniq.axonserver.event.events-suffix */
  readonly suffix: string
  readonly segmentBytesMax: number
  readonly tailBytesMax: number
  readonly readCacheBytesMax: number
  readonly unwrittenBytesMax: number
  readonly limits: AppendLimits
  readonly tracker: TrackerOptions
  readonly checkSnapshotSequence: boolean
  readonly checkpointIntervalMs: number
  readonly replayBytesMax: number
  readonly freeBytesMin: number
  /** Directories of journal and state, watched for free space like our own. */
  readonly otherDirectories: readonly string[]
}

export interface EventStorePorts {
  readonly fs: FileSystem
  readonly store: KeyValueStore
  readonly sequencer: Sequencer
  readonly clock: Clock
  readonly log: Logger
  readonly randomId: () => string
  readonly onFatal: (error: unknown) => void
}

/** A context as the catalogue knows it. `directory` is unique among all contexts that ever were. */
export interface ContextDefinition {
  readonly name: string
  readonly contextId: number
  readonly group: number
  readonly directory: string
}

interface OpenContext {
  readonly definition: ContextDefinition
  readonly store: ContextStore
  readonly state: ContextState
  readonly scheduler: Scheduler
}

const START: LogPosition = { index: 0, term: 0 }

/** All contexts of this node that store events. */
export class EventStore {
  readonly checkpointer: Checkpointer
  readonly cache: ReadCache
  readonly #open = new Map<string, OpenContext>()
  readonly #refused = new Map<string, string>()
  readonly #guard: DiskGuard
  #restored: ReadonlyMap<number, GroupCheckpoint> = new Map()

  constructor(
    private readonly options: EventStoreOptions,
    private readonly ports: EventStorePorts
  ) {
    this.cache = new ReadCache({ bytesMax: options.readCacheBytesMax })
    this.checkpointer = new Checkpointer({
      ...ports,
      chain: new CheckpointChain(Buffer.from([KeyKind.checkpoint])),
      intervalMs: options.checkpointIntervalMs,
      replayBytesMax: options.replayBytesMax
    })
    this.#guard = new DiskGuard({
      ...ports,
      directories: [options.directory, ...options.otherDirectories],
      freeBytesMin: options.freeBytesMin
    })
  }

  /** Opens the state of the last checkpoint. Per group: what it contains, and what its owner said about it. */
  async open(): Promise<ReadonlyMap<number, GroupCheckpoint>> {
    await this.ports.fs.createDirectory(this.options.directory)
    await this.ports.store.open()
    this.#restored = new Map(await this.checkpointer.restore())
    await this.#guard.start()
    return this.#restored
  }

  /** Opens a context and applies what the log holds for it. One that is damaged refuses, in words, and leaves the others alone. */
  async openContext(definition: ContextDefinition, damage?: string): Promise<void> {
    if (damage !== undefined) return this.#refuse(definition, damage)
    try {
      this.#open.set(definition.name, await this.#openContext(definition))
    } catch (error) {
      if (!(error instanceof StorageDamagedError)) throw error
      this.#refuse(definition, error.message)
    }
  }

  /** Opens a context that has just been made. Events in its place belong to a state that this node has lost: they are not touched. */
  async createContext(definition: ContextDefinition): Promise<void> {
    const directory = join(this.options.directory, definition.directory)
    const names = await this.ports.fs.list(directory)
    if (!names.some(name => name.endsWith(this.options.suffix))) return this.openContext(definition)
    this.#refuse(
      definition,
      `${directory} holds events that neither the state store nor the journal knows. Stop this node and restore axoniq.axonserver.controldb-path and myelin.journal.directory from a backup taken together with the events, or move the directory away to begin without them`
    )
  }

  /** Ends a context's streams, forgets its log and removes all that it stored. */
  async deleteContext(definition: ContextDefinition): Promise<void> {
    const open = this.#open.get(definition.name)
    this.#open.delete(definition.name)
    this.#refused.delete(definition.name)
    this.checkpointer.remove(definition.group)
    open?.store.closeStreams()
    open?.scheduler.stop()
    this.ports.sequencer.remove(definition.group)
    await open?.state.close()
    await this.ports.fs.remove(join(this.options.directory, definition.directory))
    await this.#purgeKeys(definition.contextId)
  }

  has(name: string): boolean {
    return this.#open.has(name) || this.#refused.has(name)
  }

  /** The store of a context, or the error that its callers get. */
  get(name: string): ContextStore {
    const open = this.#open.get(name)
    if (open !== undefined) return open.store
    const refusal = this.#refused.get(name)
    if (refusal !== undefined) throw new ServerError('AXONIQ-9000', refusal)
    throw new ServerError('AXONIQ-6000', `Context ${name} has no event store on this node`)
  }

  /** Open contexts by name. */
  stores(): ContextStore[] {
    return [...this.#open.values()].map(open => open.store).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Contexts that refuse to work, and why. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused
  }

  get writesRefused(): string | undefined {
    return this.#guard.refusal
  }

  /** Ends all streams, so that clients go elsewhere; nothing new is accepted. */
  closeStreams(): void {
    for (const { store } of this.#open.values()) store.closeStreams()
  }

  /** Finishes what is under way, checkpoints, closes. */
  async close(): Promise<void> {
    this.closeStreams()
    this.#guard.stop()
    for (const { scheduler } of this.#open.values()) scheduler.stop()
    await this.checkpointer.stop()
    await this.checkpointer.run()
    await this.ports.sequencer.close()
    for (const { state } of this.#open.values()) await state.close()
    await this.ports.store.close()
  }

  async #openContext(definition: ContextDefinition): Promise<OpenContext> {
    const { contextId, group, name } = definition
    const checkpoint = this.#restored.get(group)
    const state = await ContextState.open(
      {
        ...this.options,
        ...this.ports,
        contextId,
        name,
        directory: join(this.options.directory, definition.directory),
        cache: this.cache
      },
      checkpoint?.payload as ContextCheckpoint | undefined
    )
    const machine = new ContextGroup()
    machine.add(state)
    await this.ports.sequencer.start(group, machine, checkpoint?.position ?? START)
    this.checkpointer.add(new ContextParticipant(group, state, this.ports.sequencer, checkpoint?.position))
    const store = new ContextStore(name, state, this.ports.sequencer, {
      ...this.options,
      group,
      clock: this.ports.clock,
      randomId: this.ports.randomId,
      refuseWrites: () =>
        this.#guard.refusal ?? (state.isBehind ? `The disk of ${this.options.directory} is full` : undefined)
    })
    const scheduler = new Scheduler(store, this.ports.clock, this.ports.log)
    store.onScheduled(dueMs => scheduler.consider(dueMs))
    scheduler.start()
    return { definition, store, state, scheduler }
  }

  #refuse(definition: ContextDefinition, words: string): void {
    this.#refused.set(definition.name, words)
    this.ports.log.error(
      { context: definition.name, reason: words },
      'context refuses to work: its data is damaged'
    )
  }

  /** Ids are never given twice, so what a crash in between leaves behind takes room but is never read. */
  async #purgeKeys(contextId: number): Promise<void> {
    for (const kind of contextKeyKinds) {
      const gte = contextBucket(kind, contextId)
      const range = { gte, lt: prefixEnd(gte), limit: PURGE_BATCH }
      for (;;) {
        const batch = this.ports.store.batch()
        for await (const [key] of this.ports.store.iterate(range)) batch.delete(key)
        const { length } = batch
        if (length === 0) batch.discard()
        else await batch.write({ sync: false })
        if (length < PURGE_BATCH) break
      }
    }
  }
}

const PURGE_BATCH = 1000

export const EventStoreToken = token<EventStore>('eventstore/EventStore@1')
