import type { Messaging, SubscriptionCounts } from '../../src/messaging/index.js'
import type { Routes } from './http-server.js'
import { contextFilter, pathParameter } from './parameters.js'

/** What connected applications handle, and how often they did. */
export function handlerRoutes(
  { commands, queries }: Messaging,
  contextNames: () => readonly string[]
): Routes {
  return app => {
    app.get('/v1/components/:component/commands', async request => {
      const component = pathParameter(request, 'component')
      const names = [...(contextFilter(request) ?? contextNames())]
        .flatMap(context => [...commands.registrations(context)])
        .filter(({ componentName }) => componentName === component)
        .map(({ name }) => name)
      return [...new Set(names)].sort().map(name => ({ name }))
    })

    app.get('/v1/components/:component/queries', async request => {
      const component = pathParameter(request, 'component')
      const contexts = contextFilter(request)
      const responseTypes = new Map<string, Set<string>>()
      for (const { query, stream, resultNames } of queries.handledQueries()) {
        if (stream.componentName !== component || contexts?.has(stream.context) === false) continue
        const types = responseTypes.get(query) ?? new Set()
        responseTypes.set(query, types)
        for (const resultName of resultNames) types.add(resultName)
      }
      return [...responseTypes]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, types]) => ({ name, responseTypes: [...types].sort() }))
    })

    app.get('/v1/components/:component/subscription-query-metric', async request => {
      const component = pathParameter(request, 'component')
      const contexts = [...(contextFilter(request) ?? contextNames())]
      return subscriptionMetric(contexts.map(context => queries.subscriptionsOfComponent(context, component)))
    })

    app.get('/v1/components/:component/subscription-query-metric/query/:query', async request => {
      const query = pathParameter(request, 'query')
      const contexts = [...(contextFilter(request) ?? contextNames())]
      return subscriptionMetric(contexts.map(context => queries.subscriptionsOfQuery(context, query)))
    })

    app.get('/v1/public/command-metrics', async () => {
      const counts = handledCounts(commands.stats.timers.values())
      return [...commands.handlers()].flatMap(({ clientId, context, componentName, registrations }) =>
        [...registrations].map(({ name }) => ({
          command: name,
          clientId,
          context,
          componentName,
          count: counts.get(handledKey(context, name, clientId)) ?? 0
        }))
      )
    })

    app.get('/v1/public/query-metrics', async () => {
      const counts = handledCounts(queries.stats.timers.values())
      return [...queries.handledQueries()].map(({ query, stream: { clientId, context, componentName } }) => ({
        queryDefinition: { queryName: query, context },
        clientId,
        context,
        componentName,
        count: counts.get(handledKey(context, query, clientId)) ?? 0
      }))
    })
  }
}

function subscriptionMetric(counts: readonly (Readonly<SubscriptionCounts> | undefined)[]): object {
  const metric = { totalSubscriptions: 0, activeSubscriptions: 0, updates: 0 }
  for (const { total, active, updates } of counts.filter(count => count !== undefined)) {
    metric.totalSubscriptions += total
    metric.activeSubscriptions += active
    metric.updates += updates
  }
  return metric
}

interface HandledMessages {
  readonly context: string
  readonly request: string
  readonly target: string
  readonly count: number
}

/** By handler, whoever sent them. */
function handledCounts(timers: Iterable<HandledMessages>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { context, request, target, count } of timers) {
    const key = handledKey(context, request, target)
    counts.set(key, (counts.get(key) ?? 0) + count)
  }
  return counts
}

function handledKey(context: string, name: string, clientId: string): string {
  return `${context}\n${name}\n${clientId}`
}
