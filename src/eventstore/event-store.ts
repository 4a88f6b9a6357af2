import { join } from 'node:path'
import { token } from '../kernel/index.js'
import { CheckpointChain, ReadCache, StorageDamagedError } from '../storage/index.js'
import { ServerError } from '../wire/index.js'
import { Checkpointer, type GroupCheckpoint } from './checkpoint/checkpointer.js'
import type { ContextStore } from './context-store.js'
import { DiskGuard } from './disk-guard.js'
import type { ContextDefinition, EventStoreOptions, EventStorePorts } from './event-store-options.js'
import { RunningContext } from './running-context.js'
import { firstKeySpace, KeyKind, otherKeySpace } from './state/keys.js'
import { purgeKeySpace } from './state/purge.js'

/** All contexts of this node that store events. */
export class EventStore {
  readonly checkpointer: Checkpointer
  readonly cache: ReadCache
  readonly #open = new Map<string, RunningContext>()
  readonly #refused = new Map<string, string>()
  readonly #guard: DiskGuard
  #purging: Promise<void> = Promise.resolve()
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
    open?.store.closeStreams()
    open?.stop()
    await open?.transfer.close()
    this.checkpointer.remove(definition.group)
    this.ports.sequencer.remove(definition.group)
    await open?.close()
    await this.ports.fs.remove(join(this.options.directory, definition.directory))
    await this.#purgeKeys(definition.contextId)
  }

  /** Equal on two nodes that hold equal event files up to this token, at which a transaction begins (or the store ends). */
  digest(name: string, upToToken: number): Promise<string> {
    return this.get(name).state.segments.digest(upToToken)
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

  /** Ends all streams, so that clients go elsewhere; appends are accepted until the leadership is handed over. */
  endStreams(): void {
    for (const { store } of this.#open.values()) store.endStreams()
  }

  /** Finishes what is under way, checkpoints, closes. */
  async close(): Promise<void> {
    this.#guard.stop()
    for (const context of this.#open.values()) context.stop()
    for (const { transfer } of this.#open.values()) await transfer.close()
    await this.checkpointer.stop()
    await this.checkpointer.run()
    await this.ports.sequencer.close()
    for (const context of this.#open.values()) await context.close()
    await this.#purging
    await this.ports.store.close()
  }

  #openContext(definition: ContextDefinition): Promise<RunningContext> {
    const options = {
      definition,
      store: this.options,
      ports: this.ports,
      cache: this.cache,
      checkpointer: this.checkpointer,
      refuseWrites: () => this.#guard.refusal,
      purge: (keySpace: number) => this.#purge(keySpace),
      onDamaged: (words: string) => {
        this.#open.get(definition.name)?.stop()
        this.#open.delete(definition.name)
        this.#refuse(definition, words)
      }
    }
    return RunningContext.open(options, this.#restored.get(definition.group))
  }

  #refuse(definition: ContextDefinition, words: string): void {
    this.#refused.set(definition.name, words)
    this.ports.log.error(
      { context: definition.name, reason: words },
      'context refuses to work: its data is damaged'
    )
  }

  #purge(keySpace: number): Promise<void> {
    const purging = this.#purging.then(() => purgeKeySpace(this.ports.store, keySpace))
    this.#purging = purging.catch(() => {})
    return purging
  }

  /** Ids are never given twice, so what a crash in between leaves behind takes room but is never read. */
  async #purgeKeys(contextId: number): Promise<void> {
    const keySpace = firstKeySpace(contextId)
    await this.#purge(keySpace)
    await this.#purge(otherKeySpace(keySpace))
  }
}

export const EventStoreToken = token<EventStore>('eventstore/EventStore@1')
