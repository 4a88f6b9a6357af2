import type { Measurement } from '../../src/kernel/index.js'
import type { Queries, SubscriptionCounts } from '../../src/messaging/index.js'
import { counter, gauge, type Tags } from './measurements.js'

const texts = {
  total: 'Subscription queries since start',
  updates: 'Updates passed on to subscribers',
  active: 'Subscription queries in progress'
}

/** Figures about subscription queries, under their names since 2023.2. */
export function* subscriptionMetrics({ subscriptions }: Queries): Iterable<Measurement> {
  const prefix = 'axon.queries.subscriptionquery'
  yield counter(`${prefix}.throughput.total`, texts.total, subscriptions.total)
  yield counter(`${prefix}.throughput.updates`, texts.updates, subscriptions.updates)
  yield gauge(`${prefix}.saturation.active`, texts.active, subscriptions.active)
}

/** The same as before 2023.2: in all, by query and by component. */
export function* oldSubscriptionMetrics(queries: Queries): Iterable<Measurement> {
  yield* counts('axon.GlobalSubscriptionMetricRegistry', queries.subscriptions, {})
  for (const [context, { subscriptions }] of queries.contexts()) {
    for (const [query, counted] of subscriptions.byQuery.entries()) {
      yield* counts('axon.QuerySubscriptionMetricRegistry', counted, { context, query })
    }
    for (const [component, counted] of subscriptions.byComponent.entries()) {
      yield* counts('axon.ApplicationSubscriptionMetricRegistry', counted, { context, component })
    }
  }
}

function* counts(
  prefix: string,
  { total, active, updates }: Readonly<SubscriptionCounts>,
  tags: Tags
): Iterable<Measurement> {
  yield counter(`${prefix}.total`, texts.total, total, tags)
  yield counter(`${prefix}.updates`, texts.updates, updates, tags)
  yield gauge(`${prefix}.active`, texts.active, active, tags)
}
