import {
  type CheckpointCut,
  type CommittedEntry,
  type EventStore,
  type LogPosition,
  PayloadTransfer,
  type Sequencer,
  writeError
} from '../eventstore/index.js'
import { type Logger, token } from '../kernel/index.js'
import { ServerError } from '../wire/index.js'
import {
  ADMIN_CONTEXT,
  ADMIN_GROUP,
  type CatalogueChange,
  type CatalogueEffect,
  ContextCatalogue,
  type ContextRecord,
  checkName,
  effectsBetween,
  type NodeAndRole
} from './context-catalogue.js'
import type { Replication } from './replication.js'

export interface ContextInfo {
  readonly context: string
  readonly replicationGroup: string
  readonly metaData: Readonly<Record<string, string>>
  readonly leader: string | null
  readonly roles: readonly NodeAndRole[]
}

export interface CreateContextRequest {
  readonly context: string
  readonly replicationGroup?: string | undefined
  readonly roles?: readonly NodeAndRole[] | undefined
  readonly metaData?: Readonly<Record<string, string>> | undefined
}

export interface ContextsOptions {
  readonly nodeName: string
  readonly eventStore: EventStore
  readonly sequencer: Sequencer
  /** Drops the handlers of a context that is removed. */
  readonly messaging: { closeContext(name: string): void }
  readonly log: Logger
  /** Absent: this node is alone, and has everything that was committed. */
  readonly replication?: Replication | undefined
}

/** The contexts of this node: recovered at start, changed through the log of `_admin`, one change at a time. */
export class Contexts {
  #catalogue = new ContextCatalogue()
  #adminFailure: string | undefined
  #checkpointedIndex = 0
  #recovered = false
  readonly #removedWhileReplaying: ContextRecord[] = []
  #changes: Promise<unknown> = Promise.resolve()
  /** What committed changes bring about, in their order; begins when the node is open. */
  #effects: Promise<unknown>
  #beginEffects!: () => void
  /** Groups that had a log or a state when the node was opened. */
  readonly #known = new Set<number>()
  /** Contexts whose store is open: calls for others are refused. */
  readonly #serving = new Set<string>()

  constructor(private readonly options: ContextsOptions) {
    this.#effects = new Promise<void>(resolve => {
      this.#beginEffects = resolve
    })
  }

  get initialised(): boolean {
    return this.#catalogue.initialised
  }

  /** Words, when the log of `_admin` is damaged: contexts can not be changed, and some may be missing. */
  get damage(): string | undefined {
    return this.#adminFailure
  }

  exists(name: string): boolean {
    return this.#serving.has(name)
  }

  /** Brings the node back to where it stopped: configuration first, then every context that it names. */
  async open(): Promise<void> {
    const { eventStore, sequencer } = this.options
    const restored = await eventStore.open()
    const opened = await sequencer.open(
      new Map([...restored].map(([group, { position }]) => [group, position]))
    )
    const damages = new Map(opened.map(({ group, damage }) => [group, damage]))
    for (const group of [...restored.keys(), ...damages.keys()]) this.#known.add(group)
    await this.#openAdmin(restored.get(ADMIN_GROUP), damages.get(ADMIN_GROUP))
    for (const context of this.#catalogue.contexts) {
      await eventStore.openContext(context, damages.get(context.group))
      this.#serving.add(context.name)
    }
    const groupsWithLog = opened.map(({ group }) => group)
    if (this.options.replication === undefined) await this.#finishRemovals(groupsWithLog)
    this.#beginEffects()
    if (this.options.replication !== undefined)
      void this.#inOrder(() => this.#finishRemovals(groupsWithLog)).catch(() => {})
    eventStore.checkpointer.startTimer()
  }

  /** Creates `_admin` and, unless told otherwise, `default`. Repeating it changes nothing. */
  initialise(contexts: readonly string[]): Promise<void> {
    return this.#exclusive(async () => {
      for (const name of contexts) throwIf(checkName(name))
      if (!this.initialised) await this.#change({ kind: 'initialise' })
      for (const name of contexts) {
        if (this.#catalogue.find(name) !== undefined) continue
        await this.#change({ kind: 'createContext', name, replicationGroup: name, metaData: {} })
      }
    })
  }

  create(request: CreateContextRequest): Promise<void> {
    return this.#exclusive(async () => {
      this.#checkNodes(request.roles ?? [])
      await this.#change({
        kind: 'createContext',
        name: request.context,
        replicationGroup: request.replicationGroup ?? request.context,
        metaData: request.metaData ?? {}
      })
    })
  }

  delete(name: string): Promise<void> {
    return this.#exclusive(() => this.#change({ kind: 'deleteContext', name }))
  }

  /** Removes all events and snapshots; handlers stay connected. */
  purge(name: string): Promise<void> {
    return this.#exclusive(() => this.#change({ kind: 'purgeContext', name }))
  }

  /** All contexts of the node, `_admin` included. */
  list(): ContextInfo[] {
    if (!this.initialised) return []
    const admin = { name: ADMIN_CONTEXT, group: ADMIN_GROUP, replicationGroup: ADMIN_CONTEXT, metaData: {} }
    return [admin, ...this.#catalogue.contexts].map(context => this.#info(context))
  }

  async #openAdmin(
    restored: { position: LogPosition; payload: unknown } | undefined,
    damage: string | undefined
  ): Promise<void> {
    this.#catalogue = new ContextCatalogue(restored?.payload)
    const position = restored?.position ?? { index: 0, term: 0 }
    this.#checkpointedIndex = position.index
    if (damage === undefined) await this.options.sequencer.start(ADMIN_GROUP, this.#machine(), position)
    else {
      // Nothing could be served, and every context would seem not to exist.
      if (restored === undefined) throw new ServerError('AXONIQ-9000', damage)
      this.#adminFailure = damage
      this.options.log.error({ reason: damage }, 'the log of _admin is damaged: contexts can not be changed')
    }
    this.#recovered = true
    if (this.initialised) this.#serving.add(ADMIN_CONTEXT)
    this.options.eventStore.checkpointer.add({ group: ADMIN_GROUP, cut: () => this.#cut() })
  }

  /** A crash may have come between the removal of a context and that of its files, state and log. */
  async #finishRemovals(groupsWithLog: readonly number[]): Promise<void> {
    if (this.#adminFailure !== undefined) return
    // Among several nodes a start does not know yet all contexts that were created.
    await this.options.replication?.caughtUp(ADMIN_GROUP)
    for (const context of this.#removedWhileReplaying.splice(0))
      await this.options.eventStore.deleteContext(context)
    const known = new Set([ADMIN_GROUP, ...this.#catalogue.contexts.map(context => context.group)])
    for (const group of groupsWithLog) if (!known.has(group)) this.options.sequencer.remove(group)
  }

  #machine() {
    return {
      transfer: new PayloadTransfer({
        group: ADMIN_GROUP,
        checkpointer: this.options.eventStore.checkpointer,
        refuse: () => (this.#recovered ? undefined : 'this node is being started'),
        installed: (payload, position) => this.#replace(payload, position)
      }),
      prepare: () => undefined,
      apply: (entry: CommittedEntry) =>
        this.#apply(JSON.parse(entry.data.toString('utf8')) as CatalogueChange),
      endRound: () => undefined
    }
  }

  /** Its answer reaches the proposer when the effect is there; the other nodes carry it out all the same. */
  #apply(change: CatalogueChange): Promise<void> | ServerError | undefined {
    const effect = this.#catalogue.apply(change)
    if (effect instanceof ServerError) return effect
    if (this.#recovered) return this.#inOrder(() => this.#carryOut(effect, change.kind === 'purgeContext'))
    if (effect.removed !== undefined) this.#removedWhileReplaying.push(effect.removed)
    return undefined
  }

  /** The catalogue of a peer takes the place of this one, and what lies between them is carried out. */
  #replace(payload: unknown, { index }: LogPosition): void {
    const before = this.#catalogue.contexts
    this.#catalogue = new ContextCatalogue(payload)
    this.#checkpointedIndex = index
    const effects: CatalogueEffect[] = [{}, ...effectsBetween(before, this.#catalogue.contexts)]
    for (const effect of effects) {
      const isPurged = this.#catalogue.find(effect.removed?.name ?? '') !== undefined
      void this.#inOrder(() => this.#carryOut(effect, isPurged)).catch(() => {})
    }
  }

  #inOrder(task: () => Promise<void>): Promise<void> {
    const done = this.#effects.then(task)
    this.#effects = done.catch((error: unknown) =>
      this.options.log.error({ error }, 'a change of the contexts was not carried out on this node')
    )
    return done
  }

  async #carryOut({ removed, added }: CatalogueEffect, keepHandlers: boolean): Promise<void> {
    if (this.initialised) this.#serving.add(ADMIN_CONTEXT)
    if (removed !== undefined) await this.#close(removed, keepHandlers)
    if (added !== undefined) await this.#open(added)
  }

  #cut(): CheckpointCut | undefined {
    const position = this.options.sequencer.applied(ADMIN_GROUP)
    if (this.#adminFailure !== undefined || position.index <= this.#checkpointedIndex) return undefined
    return {
      position,
      payload: this.#catalogue.snapshot(),
      sync: () => Promise.resolve(),
      changes: () => [],
      done: () => {
        this.#checkpointedIndex = position.index
      }
    }
  }

  async #change(change: CatalogueChange): Promise<void> {
    if (this.#adminFailure !== undefined) throw new ServerError('AXONIQ-9000', this.#adminFailure)
    const refused = this.#catalogue.check(change)
    if (refused !== undefined) throw refused
    const data = Buffer.from(JSON.stringify(change), 'utf8')
    const answer = await this.options.sequencer.propose(ADMIN_GROUP, data).catch((error: unknown) => {
      throw writeError(error)
    })
    if (answer instanceof ServerError) throw answer
  }

  async #open(context: ContextRecord): Promise<void> {
    const { eventStore } = this.options
    // Created before a restart that did not know it yet.
    if (this.#known.has(context.group)) await eventStore.openContext(context)
    else await eventStore.createContext(context)
    this.#serving.add(context.name)
    this.options.log.info({ context: context.name }, 'context created')
  }

  async #close(context: ContextRecord, keepHandlers: boolean): Promise<void> {
    this.#serving.delete(context.name)
    if (!keepHandlers) this.options.messaging.closeContext(context.name)
    await this.options.eventStore.deleteContext(context)
    this.options.log.info({ context: context.name }, 'context removed')
  }

  #checkNodes(roles: readonly NodeAndRole[]): void {
    for (const { node } of roles) {
      if (node !== this.options.nodeName)
        throw new ServerError('AXONIQ-1301', `There is no node ${node} in this cluster`)
    }
  }

  #info(context: Omit<ContextRecord, 'contextId' | 'directory'>): ContextInfo {
    const { nodeName, replication } = this.options
    return {
      context: context.name,
      replicationGroup: context.replicationGroup,
      metaData: context.metaData,
      leader: replication === undefined ? nodeName : (replication.leaderOf(context.group) ?? null),
      roles: replication?.rolesOf(context.group) ?? [{ node: nodeName, role: 'PRIMARY' }]
    }
  }

  #exclusive<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(task, task)
    this.#changes = result.catch(() => {})
    return result
  }
}

function throwIf(problem: ServerError | undefined): void {
  if (problem !== undefined) throw problem
}

export const ContextsToken = token<Contexts>('cluster/Contexts@1')
