import type { Clock, Timer } from '../../kernel/index.js'
import { ServerError } from '../../wire/index.js'
import type { ClientRegistry } from '../clients/client-registry.js'
import type {
  HandlerDirectory,
  HandlerListener,
  HandlerRegistration
} from '../clients/handler-registration.js'
import type { OutboundStream } from '../flow/outbound-stream.js'
import type { SubscriptionCall } from '../subscription/subscription-call.js'
import type { SubscriptionCounts } from '../subscription/subscription-stats.js'
import type { ActiveQuery } from './active-query.js'
import { QueryContext } from './query-context.js'
import { QueryHandlerStream } from './query-handler-stream.js'
import { QueryNode } from './query-node.js'
import type { QueryOptions } from './query-options.js'
import type { QueryRegistration } from './query-registration.js'
import type { QueryStats } from './query-stats.js'

export interface QueryPorts {
  readonly clock: Clock
  readonly randomId: () => string
  readonly clients: ClientRegistry
  readonly handlers: HandlerListener
}

/** Takes queries to their handlers, responses and updates to their callers, all in the bytes in which they came. */
export class Queries implements HandlerDirectory {
  readonly #node: QueryNode
  readonly #contexts = new Map<string, QueryContext>()
  readonly #scan: Timer

  constructor(
    private readonly options: QueryOptions,
    private readonly ports: QueryPorts
  ) {
    this.#node = new QueryNode(options, ports.clock, ports.randomId)
    this.#scan = ports.clock.every(options.scanIntervalMs, () => this.#giveUpOld())
  }

  get stats(): QueryStats {
    return this.#node.stats
  }

  /** Queries in progress. */
  get active(): number {
    return this.#node.active
  }

  /** Of all subscription queries. */
  get subscriptions(): Readonly<SubscriptionCounts> {
    return this.#node.subscriptions
  }

  /**
   * Passes a `QueryRequest` on. The caller gets `QueryResponse`s, then its stream is ended, all of it perhaps before this
   * returns. The query returned, if it is under way, can be cancelled, and is told when the caller's transport has caught up.
   */
  query(context: string, request: Buffer, caller: OutboundStream): ActiveQuery | undefined {
    return this.#context(context).active.dispatch(request, caller)
  }

  /** A new stream of a handler. The client says who it is in its first message. */
  openHandlerStream(context: string, out: OutboundStream): QueryHandlerStream {
    this.#checkRunning()
    const state = this.#context(context)
    const { waitingMax, unsentBytesMax, registrationsMax } = this.options
    const { randomId } = this.ports
    const stream = new QueryHandlerStream({
      context,
      out,
      owner: state,
      waitingMax,
      unsentBytesMax,
      registrationsMax,
      randomId
    })
    state.streams.add(stream)
    return stream
  }

  /** A new call of a subscriber. */
  openSubscription(context: string, out: OutboundStream): SubscriptionCall {
    this.#checkRunning()
    return this.#context(context).subscriptions.openCall(out)
  }

  /** Streams whose client has said who it is. */
  *handlers(): Iterable<QueryHandlerStream> {
    for (const { streams } of this.#contexts.values()) {
      for (const stream of streams) if (stream.streamId !== '') yield stream
    }
  }

  /** What is handled, with the names of the results; the context stands in the stream. */
  *handledQueries(): Iterable<QueryRegistration> {
    for (const { handlers } of this.#contexts.values()) yield* handlers.registrations()
  }

  *registrations(context: string): Iterable<HandlerRegistration> {
    yield* this.#contexts.get(context)?.registrations() ?? []
  }

  /** Subscription queries for one query, whoever asked. */
  subscriptionsOfQuery(context: string, query: string): Readonly<SubscriptionCounts> | undefined {
    return this.#contexts.get(context)?.subscriptions.byQuery.read(query)
  }

  /** Subscription queries that one component has asked. */
  subscriptionsOfComponent(context: string, component: string): Readonly<SubscriptionCounts> | undefined {
    return this.#contexts.get(context)?.subscriptions.byComponent.read(component)
  }

  contexts(): IterableIterator<[string, QueryContext]> {
    return this.#contexts.entries()
  }

  /** Ends all streams of a client, as if it had gone. */
  closeClient(context: string, clientId: string, reason: string, error: unknown): void {
    for (const stream of [...(this.#contexts.get(context)?.streams ?? [])]) {
      if (stream.clientId === clientId && stream.streamId !== '') stream.terminate(reason, error)
    }
  }

  /** Ends all streams of a context and answers all that is pending there. */
  closeContext(context: string): void {
    const message = `The context ${context} has been removed.`
    this.#contexts.get(context)?.close('context removed', new ServerError('AXONIQ-1302', message))
    this.#contexts.delete(context)
    this.stats.removeContext(context)
  }

  stop(): void {
    this.#node.isStopped = true
    this.#scan.cancel()
    for (const state of this.#contexts.values()) state.close('server stopped', stopped())
  }

  #context(name: string): QueryContext {
    const found = this.#contexts.get(name)
    if (found !== undefined) return found
    const { clients, handlers } = this.ports
    const created = new QueryContext(name, this.#node, clients, handlers)
    this.#contexts.set(name, created)
    return created
  }

  #checkRunning(): void {
    if (this.#node.isStopped) throw stopped()
  }

  #giveUpOld(): void {
    for (const { active } of this.#contexts.values()) active.giveUpOld()
  }
}

function stopped(): ServerError {
  return new ServerError('AXONIQ-9500', 'The server is stopping. Connect to another node.')
}
