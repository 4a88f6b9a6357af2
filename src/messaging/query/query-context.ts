import type { ClientRegistry } from '../clients/client-registry.js'
import type { HandlerListener, HandlerRegistration } from '../clients/handler-registration.js'
import { RoundRobin } from '../routing/round-robin.js'
import { Subscriptions } from '../subscription/subscriptions.js'
import { ActiveQueries } from './active-queries.js'
import { MetricsSelector } from './handler-selector.js'
import type { QueryHandlerStream, QueryStreamOwner } from './query-handler-stream.js'
import { QueryHandlers } from './query-handlers.js'
import type { QueryNode } from './query-node.js'

/** All about queries in one context. */
export class QueryContext implements QueryStreamOwner {
  readonly streams = new Set<QueryHandlerStream>()
  readonly handlers: QueryHandlers
  readonly active: ActiveQueries
  readonly subscriptions: Subscriptions

  constructor(
    name: string,
    node: QueryNode,
    clients: ClientRegistry,
    private readonly listener: HandlerListener
  ) {
    const { selector, selectorRequestsMin } = node.options
    const createSelector = () =>
      selector === 'metrics' ? new MetricsSelector(selectorRequestsMin) : new RoundRobin()
    this.handlers = new QueryHandlers(name, clients, createSelector)
    this.active = new ActiveQueries(name, this.handlers, node)
    this.subscriptions = new Subscriptions(this.handlers, node)
  }

  /** A new handler hears at once of the subscription queries that are there. */
  subscribed(stream: QueryHandlerStream, query: string, resultName: string): void {
    if (!this.handlers.add(query, resultName, stream)) return
    this.listener.handlerAdded(registrationOf(stream, query))
    this.subscriptions.replay(stream, query)
  }

  unsubscribed(stream: QueryHandlerStream, query: string): void {
    this.handlers.remove(query, stream)
    this.listener.handlerRemoved(registrationOf(stream, query))
  }

  responded(stream: QueryHandlerStream, response: Buffer): void {
    this.active.respond(stream, response)
  }

  completed(stream: QueryHandlerStream, requestId: string): void {
    this.active.complete(stream, requestId)
  }

  subscriptionResponded(stream: QueryHandlerStream, response: Buffer): void {
    this.subscriptions.respond(stream, response)
  }

  closed(stream: QueryHandlerStream, reason: string): void {
    this.streams.delete(stream)
    this.subscriptions.providerClosed(stream, reason)
  }

  *registrations(): Iterable<HandlerRegistration> {
    for (const { query, stream } of this.handlers.registrations()) yield registrationOf(stream, query)
  }

  /** Ends all streams. Registrations go first, so that nothing is given to a stream that is about to end. */
  close(reason: string, error: unknown): void {
    this.subscriptions.terminateAll(error)
    const streams = [...this.streams]
    for (const stream of streams) stream.unsubscribeAll()
    for (const stream of streams) stream.terminate(reason)
  }
}

function registrationOf(stream: QueryHandlerStream, query: string): HandlerRegistration {
  return {
    kind: 'query',
    context: stream.context,
    name: query,
    clientId: stream.clientId,
    clientStreamId: stream.streamId,
    componentName: stream.componentName,
    loadFactor: 0
  }
}
