import { ServerError } from '../wire/index.js'

export interface NodeAndRole {
  readonly node: string
  readonly role: string
}

export interface ContextRecord {
  readonly name: string
  /** Never given twice on a node, also not to a context of the same name. */
  readonly contextId: number
  readonly group: number
  /** Name of its directory below the event storage. */
  readonly directory: string
  readonly replicationGroup: string
  readonly metaData: Readonly<Record<string, string>>
}

/** A change of the configuration, as the log of `_admin` holds it. */
export type CatalogueChange =
  | { readonly kind: 'initialise' }
  | {
      readonly kind: 'createContext'
      readonly name: string
      readonly replicationGroup: string
      readonly metaData: Readonly<Record<string, string>>
    }
  | { readonly kind: 'deleteContext'; readonly name: string }
  | { readonly kind: 'purgeContext'; readonly name: string }

/** What a change did: the record that is gone and the one that is new. */
export interface CatalogueEffect {
  readonly removed?: ContextRecord
  readonly added?: ContextRecord
}

interface CatalogueState {
  readonly initialised: boolean
  readonly nextId: number
  readonly contexts: readonly ContextRecord[]
  /** How many contexts of a name there have been: their directories must differ. */
  readonly generations: Readonly<Record<string, number>>
}

export const ADMIN_CONTEXT = '_admin'
export const ADMIN_GROUP = 0

/** Names become names of directories. */
const NAME_LENGTH_MAX = 128
const CONTEXT_NAME = /^[a-zA-Z][a-zA-Z_\-0-9]*$/
const EMPTY: CatalogueState = { initialised: false, nextId: 1, contexts: [], generations: {} }

/** The master configuration: which contexts there are. Deterministic, changed only by committed entries of `_admin`. */
export class ContextCatalogue {
  #state: CatalogueState

  /** `restored` is what `snapshot` gave for the last checkpoint. */
  constructor(restored?: unknown) {
    this.#state = restored === undefined ? EMPTY : (restored as CatalogueState)
  }

  get initialised(): boolean {
    return this.#state.initialised
  }

  /** Contexts that store events, by name. `_admin` is not among them. */
  get contexts(): readonly ContextRecord[] {
    return this.#state.contexts
  }

  find(name: string): ContextRecord | undefined {
    return this.#state.contexts.find(context => context.name === name)
  }

  snapshot(): unknown {
    return this.#state
  }

  /** The error that the change would meet now; the decision is made again at apply. */
  check(change: CatalogueChange): ServerError | undefined {
    if (change.kind === 'initialise') return undefined
    if (change.kind === 'createContext') return this.#checkCreate(change.name, change.replicationGroup)
    return this.#checkExisting(change.name)
  }

  apply(change: CatalogueChange): CatalogueEffect | ServerError {
    const refused = this.check(change)
    if (refused !== undefined) return refused
    switch (change.kind) {
      case 'initialise':
        this.#state = { ...this.#state, initialised: true }
        return {}
      case 'createContext':
        return { added: this.#add(change.name, change.replicationGroup, change.metaData) }
      case 'deleteContext':
        return { removed: this.#remove(change.name) }
      case 'purgeContext': {
        const removed = this.#remove(change.name)
        return { removed, added: this.#add(removed.name, removed.replicationGroup, removed.metaData) }
      }
    }
  }

  #checkCreate(name: string, replicationGroup: string): ServerError | undefined {
    if (!this.initialised) {
      return new ServerError(
        'AXONIQ-1400',
        'This node has no contexts yet: initialise it first (POST /v1/context/init)'
      )
    }
    const problem = checkName(name) ?? checkName(replicationGroup)
    if (problem !== undefined) return problem
    return this.find(name) === undefined
      ? undefined
      : new ServerError('AXONIQ-1304', `Context ${name} exists already`)
  }

  #checkExisting(name: string): ServerError | undefined {
    if (name.startsWith('_'))
      return new ServerError('AXONIQ-2304', `${name} is an internal context and can not be removed`)
    return this.find(name) === undefined
      ? new ServerError('AXONIQ-1302', `There is no context ${name}`)
      : undefined
  }

  #add(name: string, replicationGroup: string, metaData: Readonly<Record<string, string>>): ContextRecord {
    const { nextId, generations, contexts } = this.#state
    const generation = (generations[name] ?? 0) + 1
    const directory = generation === 1 ? name : `${name}.${generation}`
    const record = { name, contextId: nextId, group: nextId, directory, replicationGroup, metaData }
    this.#state = {
      ...this.#state,
      nextId: nextId + 1,
      generations: { ...generations, [name]: generation },
      contexts: [...contexts, record].sort((a, b) => (a.name < b.name ? -1 : 1))
    }
    return record
  }

  #remove(name: string): ContextRecord {
    const removed = this.find(name)!
    this.#state = { ...this.#state, contexts: this.#state.contexts.filter(context => context !== removed) }
    return removed
  }
}

/** What brings a node that has the contexts `before` to those of `after`. */
export function effectsBetween(
  before: readonly ContextRecord[],
  after: readonly ContextRecord[]
): CatalogueEffect[] {
  const isIn = (records: readonly ContextRecord[], { contextId }: ContextRecord) =>
    records.some(record => record.contextId === contextId)
  return [
    ...before.filter(record => !isIn(after, record)).map(removed => ({ removed })),
    ...after.filter(record => !isIn(before, record)).map(added => ({ added }))
  ]
}

/** Of a context or a replication group. */
export function checkName(name: string): ServerError | undefined {
  if (CONTEXT_NAME.test(name) && name.length <= NAME_LENGTH_MAX) return undefined
  return new ServerError(
    'AXONIQ-2308',
    `"${name.slice(0, NAME_LENGTH_MAX)}" is no name for a context or replication group: a letter, then letters, digits, "-" or "_", at most ${NAME_LENGTH_MAX} in all`
  )
}
