import type { SubscriptionQueryResponseKind } from '../../wire/index.js'
import type { QueryHandlerStream } from '../query/query-handler-stream.js'
import type { SubscriptionCounts } from './subscription-stats.js'

/** Whoever gets the responses. */
export interface Subscriber {
  /** Takes a `SubscriptionQueryResponse`. False: the subscriber is cut off, or was before. */
  deliver(response: Buffer): boolean
  /** All handlers that were to send the initial result have gone. */
  initialResultLost(reason: string): void
}

export interface SubscriptionDescription {
  readonly id: string
  readonly query: string
  /** Of the subscriber. */
  readonly componentName: string
  /** The `SubscriptionQueryRequest` that began it. */
  readonly request: Buffer
  /** The `SubscriptionQuery` in it. */
  readonly subscriptionQuery: Buffer
  readonly subscriber: Subscriber
}

/** A subscription query from `subscribe` until its subscriber has left. */
export class SubscriptionQuery {
  readonly id: string
  readonly query: string
  readonly componentName: string
  readonly subscriptionQuery: Buffer
  readonly subscriber: Subscriber
  /** Streams that were told of it and have not closed. */
  readonly providers = new Set<QueryHandlerStream>()
  /** Streams that were asked for the initial result and have not answered. */
  readonly #asked = new Set<QueryHandlerStream>()

  constructor(
    description: SubscriptionDescription,
    /** The `QueryProviderInbound` that tells a handler of it. */
    readonly subscribeMessage: Buffer,
    private readonly counts: readonly SubscriptionCounts[]
  ) {
    this.id = description.id
    this.query = description.query
    this.componentName = description.componentName
    this.subscriptionQuery = description.subscriptionQuery
    this.subscriber = description.subscriber
    for (const counted of counts) {
      counted.total++
      counted.active++
    }
  }

  tell(provider: QueryHandlerStream): void {
    this.providers.add(provider)
    provider.write(this.subscribeMessage)
  }

  askInitialResult(provider: QueryHandlerStream, message: Buffer): void {
    this.#asked.add(provider)
    provider.write(message)
  }

  deliver(kind: SubscriptionQueryResponseKind | undefined, response: Buffer): void {
    if (kind === 'initialResult') this.#asked.clear()
    const isDelivered = this.subscriber.deliver(response)
    if (kind === 'update' && isDelivered) for (const counted of this.counts) counted.updates++
  }

  providerClosed(provider: QueryHandlerStream, reason: string): void {
    this.providers.delete(provider)
    if (this.#asked.delete(provider) && this.#asked.size === 0) this.subscriber.initialResultLost(reason)
  }

  ended(): void {
    for (const counted of this.counts) counted.active--
  }
}
