import { GrpcStatus, ServerError, scanSubscriptionQueryResponse } from '../../wire/index.js'
import type { OutboundStream } from '../flow/outbound-stream.js'
import { BoundedOutput } from '../query/bounded-output.js'
import type { QueryHandlerStream } from '../query/query-handler-stream.js'
import type { QueryHandlers } from '../query/query-handlers.js'
import type { QueryNode } from '../query/query-node.js'
import { providerRequest, providerUnsubscribe, queryOf, unknownUnsubscribe } from './provider-messages.js'
import { SubscriptionCall, type SubscriptionHost } from './subscription-call.js'
import { type SubscriptionDescription, SubscriptionQuery } from './subscription-query.js'
import { SubscriptionCountTable } from './subscription-stats.js'

/** The subscription queries of one context. */
export class Subscriptions implements SubscriptionHost {
  readonly byQuery = new SubscriptionCountTable()
  readonly byComponent = new SubscriptionCountTable()
  readonly #calls = new Set<SubscriptionCall>()
  readonly #subscriptions = new Map<string, SubscriptionQuery>()
  readonly #ofQuery = new Map<string, Set<SubscriptionQuery>>()
  readonly #ofProvider = new Map<QueryHandlerStream, Set<SubscriptionQuery>>()

  constructor(
    private readonly handlers: QueryHandlers,
    private readonly node: QueryNode
  ) {}

  /** What is kept for the pairs of a handler stream and a subscription query; 0 when either side is empty. */
  get entries(): number {
    let entries = 0
    for (const { providers } of this.#subscriptions.values()) entries += providers.size
    for (const subscriptions of this.#ofProvider.values()) entries += subscriptions.size
    return entries
  }

  openCall(out: OutboundStream): SubscriptionCall {
    const call = new SubscriptionCall(new BoundedOutput(out, this.node.options.unsentBytesMax), this)
    this.#calls.add(call)
    return call
  }

  /** Begins a subscription query and tells all handlers of the query. Throws if there is none, or no place. */
  open(description: SubscriptionDescription): SubscriptionQuery {
    const providers = [...this.handlers.registrations(description.query)]
    this.#check(description, providers.length)
    const subscription = this.#add(description)
    for (const { stream } of providers) this.#tell(subscription, stream)
    return subscription
  }

  /** The subscriber has left: the handlers are told to stop. */
  close(subscription: SubscriptionQuery): void {
    if (this.#subscriptions.get(subscription.id) !== subscription) return
    this.#subscriptions.delete(subscription.id)
    take(this.#ofQuery, subscription.query, subscription)
    subscription.ended()
    const message = providerUnsubscribe(subscription.subscriptionQuery)
    for (const provider of [...subscription.providers]) {
      take(this.#ofProvider, provider, subscription)
      provider.write(message)
    }
  }

  /** False: there is no handler any more. */
  askInitialResult(subscription: SubscriptionQuery, request: Buffer): boolean {
    const chosen = this.handlers.select(subscription.query, queryOf(subscription.subscriptionQuery))
    const message = providerRequest(request)
    for (const { stream } of chosen) {
      // Whatever answers must know of the subscription query, and close with it.
      this.#tell(subscription, stream)
      subscription.askInitialResult(stream, message)
    }
    return chosen.length > 0
  }

  /** Passes a `SubscriptionQueryResponse` on to its subscriber. */
  respond(provider: QueryHandlerStream, response: Buffer): void {
    const { subscriptionIdentifier, kind } = scanSubscriptionQueryResponse(response)
    const subscription = this.#subscriptions.get(subscriptionIdentifier)
    if (subscription === undefined) provider.write(unknownUnsubscribe(subscriptionIdentifier))
    else subscription.deliver(kind, response)
  }

  /** Tells a new handler of the subscription queries that are there. */
  replay(provider: QueryHandlerStream, query: string): void {
    for (const subscription of [...(this.#ofQuery.get(query) ?? [])]) this.#tell(subscription, provider)
  }

  /** Subscribers are not told: another handler, or the same one when it is back, goes on. */
  providerClosed(provider: QueryHandlerStream, reason: string): void {
    const subscriptions = this.#ofProvider.get(provider)
    this.#ofProvider.delete(provider)
    for (const subscription of [...(subscriptions ?? [])]) subscription.providerClosed(provider, reason)
  }

  left(call: SubscriptionCall): void {
    this.#calls.delete(call)
  }

  terminateAll(error: unknown): void {
    for (const call of [...this.#calls]) call.terminated(error)
  }

  randomId(): string {
    return this.node.randomId()
  }

  #check({ id, query }: SubscriptionDescription, providers: number): void {
    const { subscriptionsMax } = this.node.options
    if (providers === 0) {
      // Clients know this failure by its status, which is not that of the code.
      throw new ServerError('AXONIQ-5000', `No handler for query: ${query}`, { status: GrpcStatus.CANCELLED })
    }
    if (this.#subscriptions.has(id)) {
      const message = `A subscription query with the id ${id} is still active. Give every one an id of its own.`
      throw new ServerError('AXONIQ-5007', message)
    }
    if (this.node.subscriptions.active >= subscriptionsMax) {
      const message = `${subscriptionsMax} subscription queries are in progress on this server, which is the limit. Send ${query} again later.`
      throw new ServerError('AXONIQ-1900', message)
    }
  }

  #add(description: SubscriptionDescription): SubscriptionQuery {
    const { id, query, componentName, request } = description
    const counts = [this.node.subscriptions, this.byQuery.get(query), this.byComponent.get(componentName)]
    const subscription = new SubscriptionQuery(description, providerRequest(request), counts)
    this.#subscriptions.set(id, subscription)
    put(this.#ofQuery, query, subscription)
    return subscription
  }

  /** Once per stream. */
  #tell(subscription: SubscriptionQuery, provider: QueryHandlerStream): void {
    if (provider.isClosed || subscription.providers.has(provider)) return
    put(this.#ofProvider, provider, subscription)
    subscription.tell(provider)
  }
}

function put<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}

function take<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key)
  set?.delete(value)
  if (set?.size === 0) sets.delete(key)
}
