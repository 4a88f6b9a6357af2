import t from 'tap'
import { SubscriptionCountTable } from '../../../src/messaging/subscription/subscription-stats.js'
import { QueryResponse } from '../../../src/wire/generated/query.js'
import { decodeMessage, GrpcStatus } from '../../../src/wire/index.js'
import { Handler, queriesWith, queryResponse, Subscriber } from '../query/fixtures.js'

function subscribed(changes = {}, permits = 100) {
  const world = queriesWith(changes)
  const handler = new Handler(world.queries)
  const subscriber = new Subscriber(world.queries)
  subscriber.permits(permits)
  subscriber.subscribe('s1')
  return { ...world, handler, subscriber }
}

function initialResult(handler: Handler, id: string, data = 'state') {
  const value = decodeMessage(QueryResponse, queryResponse(id, { data }))
  return handler.send(id, { $case: 'initialResult', value })
}

t.test('subscribing', async t => {
  t.test('all instances of all components are told, without permits', async t => {
    const { queries } = queriesWith()
    const handlers = ['a1', 'a2', 'b1'].map(
      clientId => new Handler(queries, { clientId, component: clientId[0]!, permits: 0 })
    )
    const subscriber = new Subscriber(queries)
    subscriber.permits(10)
    const request = subscriber.subscribe('s1')
    for (const { log, out } of handlers) {
      t.same(log, ['subscribe s1'])
      t.ok(out.written[0]!.includes(request), 'byte for byte')
    }
    t.match(queries.subscriptions, { total: 1, active: 1, updates: 0 })
  })

  t.test('without handler the call fails: status CANCELLED, code AXONIQ-5000', async t => {
    const { queries } = queriesWith()
    const subscriber = new Subscriber(queries)
    subscriber.permits(10)
    subscriber.subscribe('s1')
    t.equal(subscriber.outcome, 'failed')
    t.match(subscriber.error, { code: 'AXONIQ-5000', status: GrpcStatus.CANCELLED })
    t.match(queries.subscriptions, { total: 0, active: 0 })
  })

  t.test('only the first subscribe of a call counts, until it is unsubscribed', async t => {
    const { handler, subscriber } = subscribed()
    subscriber.subscribe('s2')
    t.same(handler.log, ['subscribe s1'])
    subscriber.unsubscribe('s1')
    subscriber.subscribe('s2')
    t.same(handler.log, ['subscribe s1', 'unsubscribe s1', 'subscribe s2'])
  })

  t.test('an identifier that is active is refused with AXONIQ-5007, the first goes on', async t => {
    const { queries, handler, subscriber } = subscribed()
    const second = new Subscriber(queries)
    second.subscribe('s1')
    t.match(second.error, { code: 'AXONIQ-5007' })
    handler.update('s1')
    t.same(subscriber.results, ['update'])
  })

  t.test('there is a limit for the node', async t => {
    const { queries } = subscribed({ subscriptionsMax: 1 })
    const second = new Subscriber(queries)
    second.subscribe('s2')
    t.match(second.error, { code: 'AXONIQ-1900' })
  })

  t.test('a request that cannot be read ends the call and its subscription', async t => {
    const { handler, subscriber } = subscribed()
    subscriber.call.onMessage(Buffer.of(0x0a, 0x7f))
    t.equal(subscriber.outcome, 'failed')
    t.same(handler.log, ['subscribe s1', 'unsubscribe s1'])
  })
})

t.test('updates', async t => {
  t.test('are forwarded in order, byte for byte, one permit each', async t => {
    const { queries, handler, subscriber } = subscribed()
    const sent = ['1', '2', '3'].map(data => handler.update('s1', data))
    t.same(subscriber.written, sent)
    t.equal(subscriber.call.permits, 97)
    t.equal(queries.subscriptions.updates, 3)
  })

  t.test('may come from every instance', async t => {
    const { queries, handler, subscriber } = subscribed()
    const late = new Handler(queries, { clientId: 'late' })
    handler.update('s1', 'first')
    late.update('s1', 'late')
    t.same(subscriber.results, ['first', 'late'])
  })

  t.test('without permit the subscriber is cut off, its handlers are told', async t => {
    const { handler, subscriber, queries } = subscribed({}, 2)
    for (const data of ['1', '2', '3', '4']) handler.update('s1', data)
    t.same(subscriber.results, ['1', '2'])
    t.equal(subscriber.outcome, 'failed')
    t.match(subscriber.error, { code: 'AXONIQ-0001', status: GrpcStatus.CANCELLED })
    t.same(handler.log, ['subscribe s1', 'unsubscribe s1', 'unsubscribe s1'], 'the second one for update 4')
    t.match(queries.subscriptions, { active: 0, updates: 2 })
  })

  t.test('permits of flow control and of subscribe add up; negative ones do nothing', async t => {
    const { queries } = queriesWith()
    new Handler(queries)
    const subscriber = new Subscriber(queries)
    subscriber.permits(2)
    subscriber.permits(-5)
    subscriber.subscribe('s1', { numberOfPermits: 3 })
    subscriber.permits(1)
    t.equal(subscriber.call.permits, 6)
  })

  t.test('a subscriber with permits that does not read is cut off', async t => {
    const { handler, subscriber } = subscribed({ unsentBytesMax: 1000 }, 1_000_000)
    subscriber.isBehind = true
    for (let n = 0; n < 1000; n++) handler.update('s1')
    t.ok(subscriber.written.reduce((sum, { length }) => sum + length, 0) < 1100)
    t.equal(subscriber.outcome, 'failed')
  })

  t.test('a subscriber that reads again in time is not', async t => {
    const { handler, subscriber } = subscribed({ unsentBytesMax: 200 }, 1_000_000)
    for (let n = 0; n < 100; n++) {
      subscriber.isBehind = true
      handler.update('s1')
      subscriber.isBehind = false
      subscriber.call.onDrain()
    }
    t.equal(subscriber.written.length, 100)
    t.equal(subscriber.outcome, 'open')
  })

  t.test('complete and completeExceptionally are forwarded, the call stays open', async t => {
    const { handler, subscriber } = subscribed()
    handler.send('s1', { $case: 'complete', value: { clientId: 'handler', componentName: 'answers' } })
    const failure = { clientId: '', componentName: '', errorCode: 'AXONIQ-5001', errorMessage: undefined }
    handler.send('s1', { $case: 'completeExceptionally', value: failure })
    t.same(subscriber.results, ['complete', 'completeExceptionally'])
    t.equal(subscriber.outcome, 'open')
    t.equal(subscriber.call.permits, 98)
  })

  t.test('with an unknown identifier are answered with unsubscribe', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: 0 })
    handler.update('never heard of')
    t.same(handler.log, ['unsubscribe never heard of'])
  })
})

t.test('the initial result', async t => {
  t.test('is asked of one instance of every component', async t => {
    const { queries } = queriesWith()
    const handlers = ['a1', 'a2', 'b1'].map(
      clientId => new Handler(queries, { clientId, component: clientId[0]! })
    )
    const subscriber = new Subscriber(queries)
    subscriber.permits(10)
    subscriber.subscribe('s1')
    subscriber.askInitialResult('s1')
    const asked = handlers.filter(({ log }) => log.includes('getInitialResult s1'))
    t.equal(asked.length, 2)
    for (const handler of asked) initialResult(handler, 's1', 'state')
    t.same(subscriber.results, ['initial state', 'initial state'])
    t.equal(subscriber.call.permits, 8)
  })

  t.test('asked for before subscribe fails the call', async t => {
    const { queries } = queriesWith()
    new Handler(queries)
    const subscriber = new Subscriber(queries)
    subscriber.askInitialResult('s1')
    t.match(subscriber.error, { code: 'AXONIQ-0001' })
  })

  t.test('is an error when all who were asked have gone', async t => {
    const { queries } = queriesWith()
    const handlers = ['a1', 'b1'].map(clientId => new Handler(queries, { clientId, component: clientId[0]! }))
    const subscriber = new Subscriber(queries)
    subscriber.permits(10)
    subscriber.subscribe('s1')
    subscriber.askInitialResult('s1')
    handlers[0]!.stream.close('gone')
    t.same(subscriber.results, [])
    handlers[1]!.stream.close('gone')
    t.same(subscriber.results, ['initial AXONIQ-4001'])
    subscriber.askInitialResult('s1')
    t.same(subscriber.results.slice(1), ['initial AXONIQ-5000'], 'nobody is left to ask')
    t.equal(subscriber.outcome, 'open')
  })

  t.test('is no error when one has answered before it went', async t => {
    const { handler, subscriber } = subscribed()
    subscriber.askInitialResult('s1')
    initialResult(handler, 's1')
    handler.stream.close('gone')
    t.same(subscriber.results, ['initial state'])
  })
})

t.test('the end', async t => {
  t.test(
    'unsubscribe, half-close and cancel tell all handlers once; half-close completes the call',
    async t => {
      for (const end of ['unsubscribe', 'onHalfClose', 'onCancel'] as const) {
        const { queries, handler, subscriber } = subscribed()
        const second = new Handler(queries, { clientId: 'second' })
        if (end === 'unsubscribe') subscriber.unsubscribe('s1')
        else subscriber.call[end]()
        t.same(handler.log, ['subscribe s1', 'unsubscribe s1'], end)
        t.same(second.log, ['subscribe s1', 'unsubscribe s1'], end)
        if (end !== 'onCancel') subscriber.call.onHalfClose()
        t.equal(subscriber.outcome, end === 'onCancel' ? 'open' : 'ended')
        t.equal(handler.log.length, 2)
        t.match(queries.subscriptions, { total: 1, active: 0 })
      }
    }
  )

  t.test('a subscriber that has left gets nothing more, the handler is told again', async t => {
    const { queries, handler, subscriber } = subscribed()
    subscriber.unsubscribe('s1')
    handler.update('s1')
    t.same(subscriber.results, [])
    t.same(handler.log, ['subscribe s1', 'unsubscribe s1', 'unsubscribe s1'])
    t.same(new Handler(queries, { clientId: 'late' }).log, [])
  })
})

t.test('handlers that come and go', async t => {
  t.test('a new handler is told of every active subscription, once', async t => {
    const { queries } = subscribed()
    const other = new Subscriber(queries)
    other.permits(5)
    other.subscribe('s2')
    const late = new Handler(queries, { clientId: 'late' })
    t.same(late.log, ['subscribe s1', 'subscribe s2'])
    late.stream.subscribe('find', 'Another', 'late', 'answers')
    late.stream.unsubscribe('find')
    late.stream.subscribe('find', 'Item', 'late', 'answers')
    t.equal(late.log.length, 2)
  })

  t.test('handlers of other queries are not', async t => {
    const { queries } = subscribed()
    t.same(new Handler(queries, { query: 'other' }).log, [])
  })

  t.test('a subscriber is not told of a lost handler; the next one goes on', async t => {
    const { queries, handler, subscriber } = subscribed()
    handler.stream.close('gone')
    t.same(subscriber.results, [])
    t.equal(subscriber.outcome, 'open')
    const next = new Handler(queries)
    t.same(next.log, ['subscribe s1'])
    next.update('s1', 'again')
    t.same(subscriber.results, ['again'])
    subscriber.call.onCancel()
    t.same(handler.log, ['subscribe s1'], 'nothing is sent to a stream that is gone')
  })
})

t.test('a thousand subscription queries in a row cost no permits and leave nothing behind', async t => {
  const { queries } = queriesWith()
  const handlers = ['a1', 'a2', 'a3'].map(clientId => new Handler(queries, { clientId, permits: 16 }))
  for (let n = 0; n < 1000; n++) {
    const subscriber = new Subscriber(queries)
    subscriber.permits(100)
    subscriber.subscribe(`s${n}`)
    handlers[n % 3]!.update(`s${n}`)
    if (subscriber.written.length !== 1) t.fail(`no update for s${n}`)
    subscriber.unsubscribe(`s${n}`)
    subscriber.call.onHalfClose()
  }
  for (const { stream, out } of handlers) {
    t.equal(stream.queue.permits, 16)
    t.equal(out.written.length, 2000)
  }
  t.match(queries.subscriptions, { total: 1000, active: 0, updates: 1000 })
})

t.test('nothing is kept for pairs of which one side has gone', async t => {
  const { queries, subscriber } = subscribed()
  const handler = new Handler(queries, { clientId: 'second' })
  const entries = () => [...queries.contexts()].map(([, { subscriptions }]) => subscriptions.entries)
  t.same(entries(), [4])
  handler.stream.close('gone')
  t.same(entries(), [2])
  subscriber.unsubscribe('s1')
  t.same(entries(), [0])
})

t.test('figures', async t => {
  t.test('are kept in all, by query and by the component that asked', async t => {
    const { queries, handler } = subscribed()
    const other = new Subscriber(queries)
    other.permits(10)
    other.subscribe('s2', { component: 'reports' })
    handler.update('s1')
    handler.update('s2')
    handler.update('s2')
    t.same(queries.subscriptionsOfQuery('default', 'find'), { total: 2, active: 2, updates: 3 })
    t.same(queries.subscriptionsOfComponent('default', 'reports'), { total: 1, active: 1, updates: 2 })
    t.same(queries.subscriptionsOfComponent('default', 'nobody'), { total: 0, active: 0, updates: 0 })
    t.equal(queries.subscriptionsOfQuery('nowhere', 'find'), undefined)
  })

  t.test(
    'the oldest key without active subscription makes way; when all are active, new ones are not kept',
    async t => {
      const table = new SubscriptionCountTable(2)
      table.get('a').active = 1
      table.get('b').total = 7
      table.get('c').active = 1
      t.equal(table.read('b').total, 0)
      table.get('d').total = 1
      t.same(
        [...table.entries()].map(([key]) => key),
        ['a', 'c']
      )
    }
  )
})
