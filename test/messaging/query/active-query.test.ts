import t from 'tap'
import { scanQueryRequest } from '../../../src/wire/index.js'
import { Caller, Handler, queriesWith, queryRequest, queryResponse } from './fixtures.js'

t.test('selecting handlers', async t => {
  t.test('a query without handler is answered with AXONIQ-5000 and its name, and completes', async t => {
    const { queries } = queriesWith()
    const caller = new Caller()
    t.equal(queries.query('default', queryRequest({ id: 'q1', query: 'nobody' }), caller), undefined)
    t.same(caller.results, ['AXONIQ-5000'])
    t.match(caller.responses[0]!, { requestIdentifier: 'q1', errorMessage: { location: 'AxonServer' } })
    t.match(caller.responses[0]!.errorMessage!.message, /nobody/)
    t.equal(caller.outcome, 'ended')
    t.equal(queries.active, 0)
  })

  t.test('a handler of another context is no handler', async t => {
    const { queries } = queriesWith()
    new Handler(queries, { context: 'other' })
    const caller = new Caller()
    queries.query('default', queryRequest(), caller)
    t.same(caller.results, ['AXONIQ-5000'])
  })

  t.test('the second query with an active id gets AXONIQ-5007, the first is unaffected', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    const first = new Caller()
    const second = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), first)
    queries.query('default', queryRequest({ id: 'q1' }), second)
    t.same(second.results, ['AXONIQ-5007'])
    t.equal(second.outcome, 'ended')
    handler.answer('q1')
    handler.complete('q1')
    t.same(first.results, ['answer'])
    queries.query('default', queryRequest({ id: 'q1' }), second)
    t.same(handler.calls, ['query q1', 'query q1'], 'the id is free again')
  })

  t.test('one instance of every component is asked', async t => {
    const { queries } = queriesWith()
    const a1 = new Handler(queries, { component: 'a', clientId: 'a1' })
    const a2 = new Handler(queries, { component: 'a', clientId: 'a2' })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    t.equal(a1.calls.length + a2.calls.length, 1)
    t.same(b.calls, ['query q1'])
  })

  t.test('a cap on active queries, in all and per context, refuses with AXONIQ-1900', async t => {
    for (const options of [{ activeMax: 2 }, { activePerContextMax: 2 }]) {
      const { queries } = queriesWith(options)
      const handler = new Handler(queries)
      const callers = [new Caller(), new Caller(), new Caller()]
      for (const [n, caller] of callers.entries()) {
        queries.query('default', queryRequest({ id: `q${n}` }), caller)
      }
      t.equal(queries.active, 2)
      t.same(callers[2]!.results, ['AXONIQ-1900'])
      t.equal(callers[2]!.outcome, 'ended')
      t.same(handler.calls, ['query q0', 'query q1'])
      handler.complete('q0')
      const late = new Caller()
      queries.query('default', queryRequest({ id: 'q3' }), late)
      t.equal(late.outcome, 'open', 'there is place again')
      t.equal(queries.stats.failures.get('AXONIQ-1900'), 1)
    }
  })
})

t.test('what the handler receives', async t => {
  t.test('the request with the remaining time and without streaming, all else as it was', async t => {
    const { queries, clock } = queriesWith()
    const handler = new Handler(queries, { permits: 0 })
    queries.query('default', queryRequest({ id: 'q1', timeoutMs: 1000 }), new Caller())
    clock.advance(400)
    handler.stream.addPermits('handler', 1)
    const [query] = handler.queries
    t.match(query, { messageIdentifier: 'q1', query: 'find', payload: { type: 'Find' }, clientId: 'caller' })
    t.same(
      query!.processingInstructions.map(({ key, value }) => [key, value!.data!.value]),
      [
        [2, 600],
        [7, false]
      ]
    )
  })

  t.test('without TIMEOUT it is five seconds, and streaming is offered to those who can', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    queries.query('default', queryRequest({ id: 'q1', streaming: true }), new Caller())
    const instructions = handler.queries[0]!.processingInstructions
    t.same(
      instructions.map(({ key, value }) => [key, value!.data!.value]),
      [
        [8, true],
        [2, 5000],
        [7, true]
      ]
    )
  })

  t.test('unknown fields of the request reach the handler', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    const unknown = Buffer.of(0xa2, 0x06, 2, 1, 2) // field 100
    queries.query('default', Buffer.concat([queryRequest({ id: 'q1' }), unknown]), new Caller())
    t.ok(handler.out.written[0]!.includes(unknown))
  })

  t.test(
    'a query whose time is over at its turn is not sent, costs no permit and fails with AXONIQ-5006',
    async t => {
      const { queries, clock } = queriesWith({ scanIntervalMs: 60_000 })
      const handler = new Handler(queries, { permits: 0 })
      const late = new Caller()
      const fine = new Caller()
      queries.query('default', queryRequest({ id: 'q1', timeoutMs: 100 }), late)
      queries.query('default', queryRequest({ id: 'q2' }), fine)
      clock.advance(100)
      handler.stream.addPermits('handler', 1)
      t.same(late.results, ['AXONIQ-5006'])
      t.equal(late.outcome, 'ended')
      t.same(handler.log, ['query q2'])
    }
  )

  t.test('a query that arrives without time left fails at once', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1', timeoutMs: 0 }), caller)
    t.same(caller.results, ['AXONIQ-5006'])
    t.same(handler.log, [])
    t.equal(queries.active, 0)
  })

  t.test('a query that waits for permits for ever is found by the scan, streaming or not', async t => {
    for (const streaming of [false, true]) {
      const { queries, clock } = queriesWith()
      const handler = new Handler(queries, { permits: 0 })
      const caller = new Caller()
      queries.query('default', queryRequest({ id: 'q1', timeoutMs: 7000, streaming }), caller)
      clock.advance(5000)
      t.same(caller.results, [])
      clock.advance(5000)
      t.same(caller.results, ['AXONIQ-5006'])
      t.equal(caller.outcome, 'ended')
      t.equal(handler.stream.queue.waiting, 0)
    }
  })
})

t.test('responses', async t => {
  t.test('a success is forwarded at once, byte for byte; completion ends the call', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    const sent = [handler.answer('q1', 'a'), handler.answer('q1', 'b')]
    t.same(caller.written, sent)
    t.equal(caller.outcome, 'open', 'a response is no completion')
    handler.complete('q1')
    t.equal(caller.outcome, 'ended')
    t.equal(queries.active, 0)
    handler.answer('q1', 'late')
    t.equal(caller.written.length, 2)
    t.equal(queries.stats.lateResponses, 1)
  })

  t.test('one component fails and one succeeds: only the success is seen', async t => {
    const { queries } = queriesWith()
    const a = new Handler(queries, { component: 'a', clientId: 'a1' })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    a.fail('q1')
    a.complete('q1')
    t.same(caller.results, [], 'the error is held back')
    b.answer('q1', 'fine')
    b.complete('q1')
    t.same(caller.results, ['fine'])
    t.equal(caller.outcome, 'ended')
  })

  t.test('a success and then an error: the error comes at the end', async t => {
    const { queries } = queriesWith()
    const a = new Handler(queries, { component: 'a', clientId: 'a1' })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    a.answer('q1', 'fine')
    a.complete('q1')
    b.fail('q1')
    t.same(caller.results, ['fine'])
    b.complete('q1')
    t.same(caller.results, ['fine', 'AXONIQ-5001'])
    t.equal(caller.outcome, 'ended')
  })

  t.test('all fail: the latest error alone is seen', async t => {
    const { queries } = queriesWith()
    const a = new Handler(queries, { component: 'a', clientId: 'a1' })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    a.fail('q1', 'AXONIQ-5001')
    b.fail('q1', 'AXONIQ-5003')
    a.complete('q1')
    b.complete('q1')
    t.same(caller.results, ['AXONIQ-5003'])
  })

  t.test(
    'for a query that is not streaming any stream may answer, and completion counts by client',
    async t => {
      const { queries } = queriesWith()
      new Handler(queries, { query: 'find' })
      const other = new Handler(queries, { query: 'something else' })
      const caller = new Caller()
      queries.query('default', queryRequest({ id: 'q1' }), caller)
      other.answer('q1', 'over the other stream')
      t.same(caller.results, ['over the other stream'])
      other.complete('q1')
      t.equal(caller.outcome, 'ended')
    }
  )

  t.test('completion by a stranger is ignored', async t => {
    const { queries } = queriesWith()
    new Handler(queries)
    const stranger = new Handler(queries, { clientId: 'stranger', query: 'other' })
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    stranger.complete('q1')
    t.equal(caller.outcome, 'open')
  })

  t.test('responses to unknown queries are ignored', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    handler.answer('never asked')
    handler.complete('never asked')
    t.equal(queries.stats.lateResponses, 1)
  })
})

t.test('streaming queries', async t => {
  t.test('the first handler that answers is the only source; the other is cancelled', async t => {
    const { queries } = queriesWith()
    const a = new Handler(queries, { component: 'a', clientId: 'a1' })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1', streaming: true }), caller)
    b.answer('q1', 'b1')
    t.same(a.calls, ['query q1', 'cancel q1'])
    a.answer('q1', 'a1')
    a.fail('q1')
    b.answer('q1', 'b2')
    t.same(caller.results, ['b1', 'b2'])
    a.complete('q1')
    t.equal(caller.outcome, 'open')
    b.complete('q1')
    t.equal(caller.outcome, 'ended')
    t.same(b.calls, ['query q1'])
  })

  t.test('a handler that has not got the query yet is not told, the query leaves its queue', async t => {
    const { queries } = queriesWith()
    const a = new Handler(queries, { component: 'a', clientId: 'a1', permits: 0 })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    queries.query('default', queryRequest({ id: 'q1', streaming: true }), new Caller())
    t.equal(a.stream.queue.waiting, 1)
    b.answer('q1')
    t.equal(a.stream.queue.waiting, 0)
    a.stream.addPermits('a1', 10)
    t.same(a.log, [])
  })

  t.test('an error does not win: another component may still succeed', async t => {
    const { queries } = queriesWith()
    const a = new Handler(queries, { component: 'a', clientId: 'a1' })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1', streaming: true }), caller)
    a.fail('q1')
    a.complete('q1')
    b.answer('q1', 'fine')
    b.complete('q1')
    t.same(caller.results, ['fine'])
    t.equal(caller.outcome, 'ended')
  })

  t.test('an error of the only source comes after what it has sent', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1', streaming: true }), caller)
    handler.answer('q1', 'one')
    handler.fail('q1')
    handler.complete('q1')
    t.same(caller.results, ['one', 'AXONIQ-5001'])
  })

  t.test('there is no server-side time limit once the handler has it', async t => {
    const { queries, clock } = queriesWith()
    const handler = new Handler(queries)
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1', streaming: true, timeoutMs: 10 }), caller)
    clock.advance(3_600_000)
    handler.answer('q1', 'still there')
    t.same(caller.results, ['still there'])
  })
})

t.test('flow control', async t => {
  t.test('handlers may send 32 responses, and 24 more each time 24 were passed on', async t => {
    for (const streaming of [false, true]) {
      const { queries } = queriesWith()
      const handler = new Handler(queries)
      queries.query('default', queryRequest({ id: 'q1', streaming }), new Caller())
      t.same(handler.log, ['query q1', 'flow q1 32'])
      for (let n = 0; n < 23; n++) handler.answer('q1')
      t.equal(handler.log.length, 2)
      handler.answer('q1')
      t.same(handler.log.slice(2), ['flow q1 24'])
      for (let n = 0; n < 48; n++) handler.answer('q1')
      t.same(handler.log.slice(3), ['flow q1 24', 'flow q1 24'])
    }
  })

  t.test('a slow caller grants nothing; when it has caught up, all that is due is granted', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries)
    const caller = new Caller()
    const query = queries.query('default', queryRequest({ id: 'q1', streaming: true }), caller)!
    caller.isBehind = true
    for (let n = 0; n < 32; n++) handler.answer('q1')
    t.same(handler.log, ['query q1', 'flow q1 32'])
    caller.isBehind = false
    query.resume()
    t.same(handler.log.slice(2), ['flow q1 24'])
    t.equal(caller.written.length, 32)
  })

  t.test('what is granted while a grant waits for a permit is added to it', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: 1 })
    queries.query('default', queryRequest({ id: 'q1' }), new Caller())
    for (let n = 0; n < 48; n++) handler.answer('q1')
    t.same(handler.log, ['query q1'])
    t.equal(handler.stream.queue.waiting, 1)
    handler.stream.addPermits('handler', 1)
    t.same(handler.log, ['query q1', 'flow q1 80'])
  })

  t.test('a caller that never reads while the handler never stops is cut off', async t => {
    const { queries } = queriesWith({ unsentBytesMax: 10_000 })
    const handler = new Handler(queries)
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)
    caller.isBehind = true
    const bytes = queryResponse('q1').length
    for (let n = 0; n < 1000; n++) handler.answer('q1')
    t.ok(caller.written.length * bytes <= 10_000 + bytes)
    t.equal(caller.outcome, 'failed')
    t.match(caller.error, { code: 'AXONIQ-1900' })
    t.equal(handler.calls.at(-1), 'cancel q1')
    t.equal(queries.active, 0)
  })

  t.test('a handler whose queue has no place for flow control is finished with AXONIQ-1900', async t => {
    const { queries } = queriesWith({ waitingMax: 10 })
    const handler = new Handler(queries, { permits: 1 })
    const caller = new Caller()
    const urgent = { priority: 1, timeoutMs: 60_000 }
    queries.query('default', queryRequest({ id: 'q0', streaming: true }), caller)
    handler.stream.addPermits('handler', 1)
    for (let n = 1; n <= 11; n++)
      queries.query('default', queryRequest({ id: `q${n}`, ...urgent }), new Caller())
    t.equal(handler.stream.queue.waiting, 11)
    for (let n = 0; n < 24; n++) handler.answer('q0')
    t.equal(caller.results.at(-1), 'AXONIQ-1900')
    t.equal(caller.outcome, 'ended')
    t.equal(handler.stream.droppedCancellations, 1, 'the handler could not be told')
  })
})

t.test('cancellation by the caller', async t => {
  t.test('a query that waits is dropped, the handler hears nothing', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: 0 })
    queries.query('default', queryRequest({ id: 'q1' }), new Caller())!.cancel()
    t.equal(queries.active, 0)
    t.equal(handler.stream.queue.waiting, 0)
    handler.stream.addPermits('handler', 5)
    t.same(handler.log, [])
  })

  t.test('a handler that has it is told, which costs a permit; later responses are ignored', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: 2 })
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1' }), caller)!.cancel()
    t.same(handler.log, ['query q1', 'flow q1 32'])
    handler.stream.addPermits('handler', 1)
    t.same(handler.log.slice(2), ['cancel q1'])
    t.equal(handler.stream.queue.permits, 0)
    handler.answer('q1')
    handler.complete('q1')
    t.same(caller.written, [])
    t.equal(caller.outcome, 'open', 'nothing is said to a caller that has gone')
  })

  t.test('flow control that waits is taken back', async t => {
    const { queries } = queriesWith()
    const handler = new Handler(queries, { permits: 1 })
    queries.query('default', queryRequest({ id: 'q1' }), new Caller())!.cancel()
    handler.stream.addPermits('handler', 5)
    t.same(handler.log, ['query q1', 'cancel q1'])
  })

  t.test('a handler that has completed is not told', async t => {
    const { queries } = queriesWith()
    const a = new Handler(queries, { component: 'a', clientId: 'a1' })
    const b = new Handler(queries, { component: 'b', clientId: 'b1' })
    const query = queries.query('default', queryRequest({ id: 'q1' }), new Caller())!
    a.complete('q1')
    query.cancel()
    t.same(a.calls, ['query q1'])
    t.same(b.calls, ['query q1', 'cancel q1'])
  })
})

t.test('time limit of the server', async t => {
  t.test(
    'a query that is not answered in time ends with AXONIQ-5006, its handlers are cancelled',
    async t => {
      const { queries, clock } = queriesWith()
      const a = new Handler(queries, { component: 'a', clientId: 'a1' })
      const b = new Handler(queries, { component: 'b', clientId: 'b1' })
      const caller = new Caller()
      queries.query('default', queryRequest({ id: 'q1', timeoutMs: 3_600_000 }), caller)
      a.complete('q1')
      clock.advance(299_999)
      t.same(caller.results, [])
      clock.advance(5001)
      t.same(caller.results, ['AXONIQ-5006'])
      t.equal(caller.outcome, 'ended')
      t.same(b.calls, ['query q1', 'cancel q1'])
      t.same(a.calls, ['query q1'])
      t.equal(queries.active, 0)
    }
  )

  t.test('TIMEOUT is not enforced after delivery', async t => {
    const { queries, clock } = queriesWith()
    const handler = new Handler(queries)
    const caller = new Caller()
    queries.query('default', queryRequest({ id: 'q1', timeoutMs: 10 }), caller)
    clock.advance(60_000)
    handler.answer('q1', 'late but welcome')
    t.same(caller.results, ['late but welcome'])
  })
})

t.test('durations are kept per query, caller and handler', async t => {
  const { queries, clock } = queriesWith()
  const handler = new Handler(queries)
  queries.query('default', queryRequest({ id: 'q1' }), new Caller())
  clock.advance(30)
  handler.answer('q1')
  handler.complete('q1')
  t.match(
    [...queries.stats.timers.values()],
    [{ context: 'default', request: 'find', source: 'caller', target: 'handler', count: 1, totalMs: 30 }]
  )
  t.equal(queries.stats.rates.get('default')?.count, 1)
})

t.test('a request that cannot be read changes nothing', async t => {
  const { queries } = queriesWith()
  t.throws(() => queries.query('default', Buffer.of(10, 200), new Caller()))
  t.equal(queries.active, 0)
  t.equal(scanQueryRequest(queryRequest({ id: 'q1' })).messageIdentifier, 'q1')
})
