import { scanQueryMetaData } from '../../wire/index.js'
import type { ClientRegistry } from '../clients/client-registry.js'
import { preferredByTags } from '../routing/tag-preference.js'
import type { HandlerSelector } from './handler-selector.js'
import type { QueryHandlerStream } from './query-handler-stream.js'
import { QueryRegistration } from './query-registration.js'

/** The instances of one application that handle a query. */
interface QueryComponent {
  readonly name: string
  readonly registrations: QueryRegistration[]
  readonly selector: HandlerSelector
}

/** Which streams of a context handle which queries. */
export class QueryHandlers {
  /** Query name, then component name. */
  readonly #queries = new Map<string, Map<string, QueryComponent>>()

  constructor(
    private readonly context: string,
    private readonly clients: ClientRegistry,
    private readonly createSelector: () => HandlerSelector
  ) {}

  /** True: the stream did not handle this query before. */
  add(query: string, resultName: string, stream: QueryHandlerStream): boolean {
    const { registrations } = this.#component(query, stream.componentName)
    const found = registrations.find(registration => registration.stream === stream)
    const registration = found ?? new QueryRegistration(query, stream)
    registration.addResultName(resultName)
    if (found !== undefined) return false
    registrations.push(registration)
    return true
  }

  remove(query: string, stream: QueryHandlerStream): void {
    const components = this.#queries.get(query)
    const registrations = components?.get(stream.componentName)?.registrations
    if (components === undefined || registrations === undefined) return
    const index = registrations.findIndex(registration => registration.stream === stream)
    if (index < 0) return
    registrations.splice(index, 1)
    if (registrations.length === 0) components.delete(stream.componentName)
    if (components.size === 0) this.#queries.delete(query)
  }

  /** One instance of every component that handles the query: those whose tags fit best, and of them the next. */
  select(query: string, request: Buffer): QueryRegistration[] {
    const selected: QueryRegistration[] = []
    const components = this.#queries.get(query)
    if (components === undefined) return selected
    for (const { registrations, selector } of components.values()) {
      const preferred = registrations.length === 1 ? registrations : this.#preferred(registrations, request)
      const registration = preferred.length === 1 ? preferred[0] : selector.next(preferred)
      if (registration !== undefined) selected.push(registration)
    }
    return selected
  }

  /** All registrations, of one query or of all. */
  *registrations(query?: string): Iterable<QueryRegistration> {
    const chosen = query === undefined ? this.#queries.values() : [this.#queries.get(query)]
    for (const components of chosen) {
      if (components === undefined) continue
      for (const { registrations } of components.values()) yield* registrations
    }
  }

  #preferred(registrations: readonly QueryRegistration[], request: Buffer): readonly QueryRegistration[] {
    if (!this.clients.hasTags(this.context)) return registrations
    return preferredByTags(registrations, scanQueryMetaData(request), ({ stream }) =>
      this.clients.tagsOf(this.context, stream.clientId)
    )
  }

  #component(query: string, name: string): QueryComponent {
    const components = this.#queries.get(query) ?? new Map<string, QueryComponent>()
    this.#queries.set(query, components)
    const component = components.get(name) ?? { name, registrations: [], selector: this.createSelector() }
    components.set(name, component)
    return component
  }
}
