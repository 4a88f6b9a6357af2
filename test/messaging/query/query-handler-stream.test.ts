import t from 'tap'
import { ServerError } from '../../../src/wire/index.js'
import { Caller, Handler, queriesWith, queryRequest, Subscriber } from './fixtures.js'

t.test('permits', async t => {
  t.test('nothing is sent before the first permit', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: 0 })
    queries.query('default', queryRequest({ id: 'q1' }), new Caller())
    t.same(handler.log, [])
    handler.stream.addPermits('handler', 2)
    t.same(handler.log, ['query q1', 'flow q1 32'])
  })

  t.test('queries, flow control and cancellations cost one permit each', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: 3 })
    const query = queries.query('default', queryRequest({ id: 'q1' }), new Caller())!
    t.equal(handler.stream.queue.permits, 1)
    query.cancel()
    t.equal(handler.stream.queue.permits, 0)
    queries.query('default', queryRequest({ id: 'q2' }), new Caller())
    t.same(handler.log, ['query q1', 'flow q1 32', 'cancel q1'])
  })

  t.test('the largest 64-bit number is a permit like any other', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: Number.MAX_SAFE_INTEGER })
    handler.stream.addPermits('handler', Number.MAX_SAFE_INTEGER)
    queries.query('default', queryRequest({ id: 'q1' }), new Caller())
    t.same(handler.calls, ['query q1'])
  })
})

t.test('the queue', async t => {
  t.test('queries wait in order of priority, then of arrival', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: 0 })
    for (const [id, priority] of [
      ['q1', 0],
      ['q2', -1],
      ['q3', 5],
      ['q4', 0]
    ] as const) {
      queries.query('default', queryRequest({ id, priority }), new Caller())
    }
    handler.stream.addPermits('handler', 100)
    t.same(handler.calls, ['query q3', 'query q1', 'query q4', 'query q2'])
  })

  t.test(
    'flow control and cancellation of a query never overtake it, and do not wait behind others',
    async t => {
      const { queries } = queriesWith()
      const handler = new Handler(queries, { permits: 0 })
      const first = queries.query('default', queryRequest({ id: 'q1' }), new Caller())!
      queries.query('default', queryRequest({ id: 'q2' }), new Caller())
      handler.stream.addPermits('handler', 1)
      t.same(handler.log, ['query q1'])
      first.cancel()
      handler.stream.addPermits('handler', 3)
      t.same(handler.log, ['query q1', 'cancel q1', 'query q2', 'flow q2 32'])
    }
  )

  t.test(
    'a full queue refuses with AXONIQ-1900, completes, and cancels handlers that were already asked',
    async t => {
      const { queries } = queriesWith({ waitingMax: 10 })
      const a = new Handler(queries, { component: 'a', clientId: 'a1' })
      const b = new Handler(queries, { component: 'b', clientId: 'b1', permits: 0 })
      for (let n = 0; n < 10; n++) queries.query('default', queryRequest({ id: `q${n}` }), new Caller())
      const caller = new Caller()
      queries.query('default', queryRequest({ id: 'q10' }), caller)
      t.same(caller.results, ['AXONIQ-1900'])
      t.equal(caller.outcome, 'ended')
      t.same(a.calls.slice(-2), ['query q10', 'cancel q10'])
      t.equal(b.stream.queue.waiting, 10)
      const urgent = new Caller()
      queries.query('default', queryRequest({ id: 'q11', priority: 1 }), urgent)
      t.equal(urgent.outcome, 'open', 'urgent queries have a tenth more')
      const tooMuch = new Caller()
      queries.query('default', queryRequest({ id: 'q12', priority: 1 }), tooMuch)
      t.same(tooMuch.results, ['AXONIQ-1900'])
      t.equal(queries.active, 11)
    }
  )

  t.test('waits while the transport is behind', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    handler.out.isBehind = true
    for (const id of ['q1', 'q2', 'q3']) queries.query('default', queryRequest({ id }), new Caller())
    t.same(handler.log, ['query q1'])
    t.equal(handler.stream.queue.waiting, 3, 'two queries and the flow control of the first')
    handler.out.isBehind = false
    handler.stream.resume()
    t.same(handler.calls, ['query q1', 'query q2', 'query q3'])
    t.same(handler.log.slice(0, 2), ['query q1', 'flow q1 32'])
  })

  t.test('waiting queries are counted for people', async t => {
    const { queries } = queriesWith()
    new Handler(queries, { permits: 0 })
    queries.query('default', queryRequest(), new Caller())
    t.same(
      [...queries.handlers()].map(({ clientId, componentName, context, queue }) => [
        clientId,
        componentName,
        context,
        queue.waiting,
        queue.permits
      ]),
      [['handler', 'answers', 'default', 1, 0]]
    )
  })
})

t.test('registrations', async t => {
  t.test('several result names of one query are one registration', async t => {
    const { queries, topology } = queriesWith()
    const handler = new Handler(queries)
    handler.stream.subscribe('find', 'Other', 'handler', 'answers')
    t.same(topology, ['+find@handler'])
    queries.query('default', queryRequest({ id: 'q1' }), new Caller())
    t.same(handler.calls, ['query q1'])
    t.same(
      [...queries.handledQueries()].map(({ query, resultNames }) => [query, ...resultNames]),
      [['find', 'Item', 'Other']]
    )
    handler.stream.unsubscribe('find')
    t.same(topology, ['+find@handler', '-find@handler'])
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q2' }), caller)
    t.same(caller.results, ['AXONIQ-5000'])
  })

  t.test('after the last one the stream stays, answers and can register again', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    handler.stream.unsubscribe('find')
    handler.answer('q1')
    handler.complete('q1')
    t.same(caller.results, ['answer'])
    handler.stream.subscribe('find', 'Item', 'handler', 'answers')
    queries.query('default', queryRequest({ id: 'q2' }), new Caller())
    t.same(handler.calls, ['query q1', 'query q2'])
  })

  t.test('the first client id and component name of a stream count', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    handler.stream.subscribe('more', 'Item', 'somebody else', 'other')
    t.match(
      [...queries.registrations('default')],
      [
        { kind: 'query', name: 'find', clientId: 'handler', componentName: 'answers' },
        { kind: 'query', name: 'more', clientId: 'handler', componentName: 'answers' }
      ]
    )
    t.match(handler.stream.streamId, /^handler\.id-/)
  })

  t.test('there is a limit per stream, beyond which nothing changes', async t => {
    const { queries } = queriesWith({ registrationsMax: 2 })
    const handler = new Handler(queries)
    handler.stream.subscribe('two', 'Item', 'handler', 'answers')
    const subscribe = () => handler.stream.subscribe('three', 'Item', 'handler', 'answers')
    t.throws(subscribe, { code: 'AXONIQ-1900' })
    handler.stream.subscribe('two', 'Other', 'handler', 'answers')
    t.equal([...queries.registrations('default')].length, 2)
  })

  t.test('an unsubscribe before any subscribe is ignored', async t => {
    const { queries, topology } = queriesWith()
    queries.openHandlerStream('default', new Caller()).unsubscribe('find')
    t.same(topology, [])
  })
})

t.test('a stream that ends', async t => {
  t.test('gives AXONIQ-4001 for each unfinished query, sent or not; other handlers go on', async t => {
    const { queries, topology } = queriesWith()
    const a = new Handler(queries, { component: 'a', clientId: 'a1', permits: 1 })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    const callers = [new Caller(), new Caller(), new Caller()]
    for (const [n, caller] of callers.entries()) {
      queries.query('default', queryRequest({ id: `q${n}` }), caller)
    }
    a.stream.addPermits('a1', 1)
    a.complete('q0')
    a.stream.close('connection lost')
    t.same(callers[0]!.results, [], 'it had completed this one')
    t.same(callers[1]!.results, ['AXONIQ-4001'])
    t.same(callers[2]!.results, ['AXONIQ-4001'])
    t.match(callers[2]!.responses[0]!.errorMessage!.message, /a1/)
    for (const caller of callers) t.equal(caller.outcome, 'open')
    for (const id of ['q0', 'q1', 'q2']) {
      b.answer(id)
      b.complete(id)
    }
    t.same(callers[2]!.results, ['AXONIQ-4001', 'answer'])
    for (const caller of callers) t.equal(caller.outcome, 'ended')
    t.equal(queries.active, 0)
    t.equal(a.stream.tasks.size + b.stream.tasks.size, 0)
    t.equal(a.stream.queue.waiting, 0)
    t.same(
      topology.filter(change => change.startsWith('-')),
      ['-find@a1']
    )
    t.equal([...queries.handlers()].length, 1)
  })

  t.test('is not given the query again', async t => {
    const { queries } = queriesWith()
    const first = new Handler(queries)
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    const second = new Handler(queries, { clientId: 'handler-2' })
    first.stream.terminate('closed by the client')
    t.same(caller.results, ['AXONIQ-4001'])
    t.equal(caller.outcome, 'ended')
    t.equal(first.out.outcome, 'ended')
    t.same(second.log, [])
  })

  t.test('answers over the old stream still arrive while a client reconnects', async t => {
    const { queries } = queriesWith()
    const old = new Handler(queries)
    const callers = Array.from({ length: 10 }, () => new Caller())
    for (const [n, caller] of callers.entries()) {
      queries.query('default', queryRequest({ id: `q${n}` }), caller)
    }
    old.stream.unsubscribe('find')
    const young = new Handler(queries)
    for (const n of callers.keys()) old.answer(`q${n}`)
    for (const n of callers.keys()) old.complete(`q${n}`)
    old.stream.terminate('closed by the client')
    for (const caller of callers) {
      t.same(caller.results, ['answer'])
      t.equal(caller.outcome, 'ended')
    }
    queries.query('default', queryRequest({ id: 'new' }), new Caller())
    t.same(young.calls, ['query new'])
  })

  t.test('hears and says nothing afterwards', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    handler.stream.close('gone')
    handler.stream.close('gone')
    handler.stream.subscribe('find', 'Item', 'handler', 'answers')
    handler.stream.addPermits('handler', 1)
    handler.stream.write(Buffer.alloc(1))
    handler.answer('q1')
    handler.complete('q1')
    handler.update('s1')
    handler.stream.resume()
    t.same(handler.out.written, [])
    t.same([...queries.registrations('default')], [])
  })
})

t.test('a handler that does not read is cut off before its buffer grows without bound', async t => {
  const { queries } = queriesWith({ unsentBytesMax: 1000 })
  const handler = new Handler(queries)
  handler.out.isBehind = true
  for (let n = 0; n < 100; n++) {
    const subscriber = new Subscriber(queries)
    subscriber.permits(10)
    subscriber.subscribe(`s${n}`)
  }
  t.ok(handler.out.written.reduce((sum, { length }) => sum + length, 0) < 1200)
  t.equal(handler.out.outcome, 'failed')
  t.match(handler.out.error, { code: 'AXONIQ-1900' })
  t.same([...queries.handlers()], [])
})

t.test('closing', async t => {
  t.test('a client that the platform has given up loses its streams in that context', async t => {
    const { queries } = queriesWith()
    const one = new Handler(queries)
    const two = new Handler(queries, { clientId: 'other' })
    const elsewhere = new Handler(queries, { context: 'other' })
    queries.closeClient('default', 'handler', 'silent', new ServerError('AXONIQ-0001', 'silent'))
    t.equal(one.out.outcome, 'failed')
    t.equal(two.out.outcome, 'open')
    t.equal(elsewhere.out.outcome, 'open')
  })

  t.test('a removed context ends streams, queries and subscriptions; others live on', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    const elsewhere = new Handler(queries, { context: 'other' })
    const caller = new Caller()
    const subscriber = new Subscriber(queries)
    subscriber.permits(10)
    subscriber.subscribe('s1')
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    queries.closeContext('default')
    t.equal(handler.out.outcome, 'ended')
    t.same(caller.results, ['AXONIQ-4001'])
    t.match(subscriber.error, { code: 'AXONIQ-1302' })
    t.equal(queries.active, 0)
    t.equal(queries.subscriptions.active, 0)
    queries.query('other', queryRequest({ id: 'q2' }), new Caller())
    t.same(elsewhere.calls, ['query q2'])
    t.notOk(queries.stats.rates.has('default'))
  })

  t.test('a stop ends everything, and nothing begins afterwards', async t => {
    const { queries, clock } = queriesWith()
    const handler = new Handler(queries)
    const caller = new Caller()
    const silent = new Subscriber(queries)
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    queries.stop()
    t.equal(handler.out.outcome, 'ended')
    t.equal(caller.outcome, 'ended')
    t.equal(silent.outcome, 'failed')
    t.throws(() => queries.openHandlerStream('default', new Caller()), { code: 'AXONIQ-9500' })
    t.throws(() => queries.openSubscription('default', new Caller()), { code: 'AXONIQ-9500' })
    const late = new Caller()
    queries.query('default', queryRequest({ id: 'q2' }), late)
    t.same(late.results, ['AXONIQ-1900'])
    clock.advance(1_000_000)
  })
})
