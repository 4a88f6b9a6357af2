import type { Measurement, MetricsSource } from '../../src/kernel/index.js'
import type { Queries } from '../../src/messaging/index.js'
import { counter, gauge, messageTimer, rates } from './measurements.js'
import { oldSubscriptionMetrics, subscriptionMetrics } from './query-subscription-metrics.js'

/** Figures about queries, under their names since 2023.2 and, if wished, under the older ones. */
export function queryMetrics(queries: Queries, withOldNames: boolean): MetricsSource {
  return {
    *measurements() {
      yield* newNames(queries)
      yield* subscriptionMetrics(queries)
      yield* ownNames(queries)
      if (!withOldNames) return
      yield* oldNames(queries)
      yield* oldSubscriptionMetrics(queries)
    }
  }
}

function* newNames(queries: Queries): Iterable<Measurement> {
  const { stats } = queries
  for (const [context, rate] of stats.rates) {
    yield counter('axon.queries.throughput.count', 'Queries since start', rate.count, { context })
    yield* rates('axon.queries.throughput.rate', 'Queries', rate, { context })
  }
  for (const timer of stats.timers.values()) {
    yield messageTimer('axon.queries.duration', 'Queries, from receipt to completion by one handler', timer)
  }
  yield counter('axon.queries.error.count', 'Queries answered with an error', errors(queries))
  yield gauge('axon.queries.saturation.active.count', 'Queries in progress', queries.active)
  for (const { destination, waiting } of queues(queries)) {
    yield gauge('axon.queries.saturation.queued.count', 'Queries that wait for a handler', waiting, {
      destination
    })
  }
  yield* responseTimes(queries)
}

/** One timer per handler, whoever asked. */
function* responseTimes({ stats }: Queries): Iterable<Measurement> {
  const byHandler = new Map<string, { context: string; request: string; target: string; timer: Totals }>()
  for (const { context, request, target, count, totalMs, maxMs } of stats.timers.values()) {
    const key = `${context}\n${request}\n${target}`
    const handler = byHandler.get(key) ?? {
      context,
      request,
      target,
      timer: { count: 0, totalMs: 0, maxMs: 0 }
    }
    byHandler.set(key, handler)
    handler.timer.count += count
    handler.timer.totalMs += totalMs
    handler.timer.maxMs = Math.max(handler.timer.maxMs, maxMs)
  }
  for (const { context, request, target, timer } of byHandler.values()) {
    yield {
      name: 'local.query.responsetime',
      kind: 'timer',
      unit: 'seconds',
      description: 'Queries, from receipt to completion by one handler',
      tags: { context, request: request.replaceAll('.', '/'), target },
      value: timer.count,
      totalSeconds: timer.totalMs / 1000,
      maxSeconds: timer.maxMs / 1000
    }
  }
}

interface Totals {
  count: number
  totalMs: number
  maxMs: number
}

function* ownNames(queries: Queries): Iterable<Measurement> {
  const { stats } = queries
  for (const [code, count] of stats.failures) {
    yield counter('myelin.queries.failures', 'Queries that the server answered with an error', count, {
      code
    })
  }
  yield counter(
    'myelin.queries.handler.errors',
    'Responses of handlers that were errors',
    stats.handlerErrors
  )
  yield counter('myelin.queries.late.responses', 'Responses that nobody waited for', stats.lateResponses)
  yield counter('myelin.queries.timers.evicted', 'Durations forgotten for lack of room', stats.timers.evicted)
  let droppedCancellations = 0
  for (const handler of queries.handlers()) droppedCancellations += handler.droppedCancellations
  yield gauge(
    'myelin.queries.cancellations.dropped',
    'Cancellations that connected handlers were not told, because too much waited for them',
    droppedCancellations
  )
}

/** Both the singular and the plural are in use for counters and rates. */
function* oldNames(queries: Queries): Iterable<Measurement> {
  const { stats } = queries
  for (const [context, rate] of stats.rates) {
    for (const name of ['axon.query', 'axon.queries']) {
      yield counter(`${name}.count`, 'Queries since start', rate.count, { context })
      yield counter(`${name}.rate.count`, 'Queries since start', rate.count, { context })
      yield* rates(`${name}.rate`, 'Queries', rate, { context })
    }
  }
  for (const timer of stats.timers.values()) yield messageTimer('axon.queries', 'Queries handled', timer)
  yield gauge('axon.queries.active', 'Queries in progress', queries.active)
  for (const { destination, waiting } of queues(queries)) {
    yield gauge('axon.ApplicationQueryQueue.size', 'Queries that wait for a handler', waiting, {
      destination
    })
  }
}

function errors({ stats }: Queries): number {
  let count = stats.handlerErrors
  for (const failures of stats.failures.values()) count += failures
  return count
}

function* queues(queries: Queries): Iterable<{ destination: string; waiting: number }> {
  for (const { streamId, context, queue } of queries.handlers()) {
    yield { destination: `${streamId}.${context}`, waiting: queue.waiting }
  }
}
