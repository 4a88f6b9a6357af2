import t from 'tap'
import { queryHealth } from '../../../plugins/messaging/query-health.js'
import { queryMetrics } from '../../../plugins/messaging/query-metrics.js'
import { Caller, Handler, queriesWith, queryRequest, Subscriber } from '../../messaging/query/fixtures.js'

t.test(
  'health shows queue and permits of every handler, and warns when queries wait without permits',
  async t => {
    const { queries } = queriesWith()
    const health = queryHealth(queries)
    t.equal(health.name, 'query')
    t.same(await health.check(), { status: 'UP', details: {} })
    const handler = new Handler(queries, { permits: 1 })
    const name = `${handler.stream.streamId}.default`
    t.same(await health.check(), {
      status: 'UP',
      details: { [`${name}.waitingQueries`]: 0, [`${name}.permits`]: 1 }
    })
    queries.query('default', queryRequest({ id: 'q1' }), new Caller())
    queries.query('default', queryRequest({ id: 'q2' }), new Caller())
    const stuck = await health.check()
    t.equal(stuck.status, 'WARN')
    t.match(stuck.details, { [`${name}.permits`]: 0 })
    handler.stream.addPermits('handler', 10)
    t.match(await health.check(), { status: 'UP' })
  }
)

function values(source: ReturnType<typeof queryMetrics>): Map<string, number> {
  const found = new Map<string, number>()
  for (const { name, tags = {}, value } of source.measurements()) {
    const text = Object.entries(tags).map(([key, tag]) => `${key}=${tag}`)
    found.set([name, ...text].join(' '), value)
  }
  return found
}

function world() {
  const { queries, clock } = queriesWith()
  const handler = new Handler(queries, { query: 'com.acme.Find' })
  const subscriber = new Subscriber(queries)
  subscriber.permits(10)
  subscriber.subscribe('s1', { query: 'com.acme.Find', component: 'dashboards' })
  handler.update('s1')
  queries.query('default', queryRequest({ id: 'q1', query: 'com.acme.Find' }), new Caller())
  clock.advance(250)
  handler.fail('q1')
  handler.complete('q1')
  queries.query('default', queryRequest({ id: 'q2', query: 'com.acme.Find' }), new Caller())
  queries.query('default', queryRequest({ id: 'q3', query: 'nobody' }), new Caller())
  handler.answer('q1')
  return { queries, handler }
}

t.test('figures have their names since 2023.2', async t => {
  const { queries, handler } = world()
  const found = values(queryMetrics(queries, false))
  const expected: Record<string, number> = {
    'axon.queries.throughput.count context=default': 3,
    'axon.queries.throughput.rate.oneMinuteRate context=default': 3,
    'axon.queries.duration context=default request=com/acme/Find source=caller target=handler': 1,
    'local.query.responsetime context=default request=com/acme/Find target=handler': 1,
    'axon.queries.error.count': 2,
    'axon.queries.saturation.active.count': 1,
    [`axon.queries.saturation.queued.count destination=${handler.stream.streamId}.default`]: 0,
    'axon.queries.subscriptionquery.throughput.total': 1,
    'axon.queries.subscriptionquery.throughput.updates': 1,
    'axon.queries.subscriptionquery.saturation.active': 1,
    'myelin.queries.failures code=AXONIQ-5000': 1,
    'myelin.queries.handler.errors': 1,
    'myelin.queries.late.responses': 1,
    'myelin.queries.timers.evicted': 0,
    'myelin.queries.cancellations.dropped': 0
  }
  for (const [name, value] of Object.entries(expected)) t.equal(found.get(name), value, name)
  t.notOk([...found.keys()].some(name => name.includes('Registry')))
})

t.test('and their older names, if wished', async t => {
  const { queries, handler } = world()
  const found = values(queryMetrics(queries, true))
  const expected: Record<string, number> = {
    'axon.query.count context=default': 3,
    'axon.queries.count context=default': 3,
    'axon.query.rate.count context=default': 3,
    'axon.queries context=default request=com/acme/Find source=caller target=handler': 1,
    'axon.queries.active': 1,
    [`axon.ApplicationQueryQueue.size destination=${handler.stream.streamId}.default`]: 0,
    'axon.GlobalSubscriptionMetricRegistry.total': 1,
    'axon.QuerySubscriptionMetricRegistry.updates context=default query=com.acme.Find': 1,
    'axon.ApplicationSubscriptionMetricRegistry.active context=default component=dashboards': 1
  }
  for (const [name, value] of Object.entries(expected)) t.equal(found.get(name), value, name)
})
