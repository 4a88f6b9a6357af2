import t from 'tap'
import { eventually, QueryWorld, type RealCaller, status } from './query-fixtures.js'

t.test('a query is answered over gRPC', async t => {
  const world = await new QueryWorld().start(t)
  const handler = await world.handler().registered()
  handler.answering('found')
  const caller = await world.ask().ended()
  t.same(caller.results, ['found'])
  t.equal(caller.status, undefined)
})

t.test('without handler there is one response with AXONIQ-5000, and the call ends well', async t => {
  const world = await new QueryWorld().start(t)
  const caller = await world.ask().ended()
  t.same(caller.results, ['AXONIQ-5000'])
  t.equal(caller.status, undefined)
})

t.test('acks', async t => {
  const world = await new QueryWorld().start(t)
  const handler = world.handler()

  t.test('come in the order of the instructions, and none without id', async t => {
    const value = { messageId: '', query: 'q', resultName: '', componentName: 'c', clientId: 'handler' }
    for (let n = 0; n < 50; n++) {
      handler.send({ $case: n % 2 === 0 ? 'subscribe' : 'unsubscribe', value }, `i${n}`)
      handler.send({ $case: 'flowControl', value: { clientId: 'handler', permits: 1 } })
    }
    await eventually('all acks', () => handler.acks.length === 51)
    t.same(handler.acks, ['registered', ...Array.from({ length: 50 }, (_, n) => `i${n}`)])
  })

  t.test('say AXONIQ-1002 for what the server does not know, and the stream stays', async t => {
    handler.send(undefined, 'what?')
    handler.send(undefined)
    handler.send({ $case: 'flowControl', value: { clientId: 'handler', permits: 1 } }, 'still there')
    await eventually('both acks', () => handler.acks.at(-1) === 'still there')
    const acks = handler.received.flatMap(request => (request.$case === 'ack' ? [request.value] : []))
    t.match(acks.at(-2), {
      instructionId: 'what?',
      success: false,
      error: { errorCode: 'AXONIQ-1002', location: 'node-1' }
    })
    t.match(acks.at(-1), { success: true })
  })

  t.test('a message that cannot be read concerns that message only', async t => {
    handler.call.write(Buffer.of(0x0a, 0x7f))
    handler.send({ $case: 'flowControl', value: { clientId: 'handler', permits: 1 } }, 'alive')
    await eventually('the ack', () => handler.acks.at(-1) === 'alive')
    t.notOk(handler.isEnded)
  })

  t.test('the ack of a registration means that the next query arrives', async t => {
    for (let n = 0; n < 20; n++) {
      const young = await world.handler({ query: `fresh-${n}` }).registered()
      young.answering()
      t.same((await world.ask({ query: `fresh-${n}` }, young.client).ended()).results, ['answer'])
      young.call.end()
    }
  })
})

t.test('of two components one fails: only the success is seen, whatever the order', async t => {
  const world = await new QueryWorld().start(t)
  const fine = await world.handler({ component: 'a', clientId: 'a' }).registered()
  const broken = await world.handler({ component: 'b', clientId: 'b' }).registered()
  fine.answering('fine')
  broken.onInbound = request => {
    if (request.$case !== 'query') return
    broken.fail(request.value.messageIdentifier)
    broken.complete(request.value.messageIdentifier)
  }
  for (let n = 0; n < 20; n++) {
    const { results } = await world.ask({ streaming: n % 2 === 0 }, fine.client).ended()
    t.ok(results.includes('fine'))
    t.equal(results.filter(result => result === 'fine').length, 1)
  }
})

t.test('cancellation by the caller reaches the handler, or takes the query from its queue', async t => {
  const world = await new QueryWorld().start(t)
  const handler = await world.handler({ permits: 0 }).registered()
  const queued = world.ask({ id: 'queued' })
  await eventually('the query waits', () => world.queries.active === 1)
  queued.call.cancel()
  await eventually('the query is gone', () => world.queries.active === 0)
  handler.send({ $case: 'flowControl', value: { clientId: 'handler', permits: 10 } })
  const delivered = world.ask({ id: 'delivered' })
  await eventually('the delivery', () => handler.queryIds.length === 1)
  t.same(handler.queryIds, ['delivered'])
  delivered.call.cancel()
  await eventually('the cancellation', () => handler.count('queryCancel') === 1)
  t.equal(world.queries.active, 0)
})

t.test('a caller whose connection breaks cancels its queries', async t => {
  const world = await new QueryWorld().start(t)
  const handler = await world.handler().registered()
  const { client, cut } = await world.breakable(t)
  for (let n = 0; n < 10; n++) world.ask({}, client)
  await eventually('all are delivered', () => handler.queryIds.length === 10)
  cut()
  await eventually('all are cancelled', () => handler.count('queryCancel') === 10)
})

t.test('a handler lost mid-stream gives AXONIQ-4001 after what it had sent', async t => {
  const world = await new QueryWorld().start(t)
  const { client, cut } = await world.breakable(t)
  const handler = await world.handler({ client }).registered()
  const caller = world.ask({ streaming: true })
  await eventually('the delivery', () => handler.queryIds.length === 1)
  handler.answer(handler.queryIds[0]!, 'first')
  await eventually('the first response', () => caller.results.length === 1)
  cut()
  await caller.ended()
  t.same(caller.results, ['first', 'AXONIQ-4001'])
  t.same((await world.ask().ended()).results, ['AXONIQ-5000'], 'its registration has gone with it')
})

t.test('ten queries in flight survive the graceful reconnect of their handler', async t => {
  const world = await new QueryWorld().start(t)
  const old = await world.handler().registered()
  const callers: RealCaller[] = []
  for (let n = 0; n < 10; n++) callers.push(world.ask({}, old.client))
  await eventually('all are delivered', () => old.queryIds.length === 10)
  const value = { messageId: '', query: 'find', resultName: '', componentName: '', clientId: 'handler' }
  old.send({ $case: 'unsubscribe', value }, 'gone')
  await eventually('the ack', () => old.acks.includes('gone'))
  const young = await world.handler().registered()
  young.answering('young')
  t.same((await world.ask().ended()).results, ['young'])
  for (const id of old.queryIds) {
    old.answer(id)
    old.complete(id)
  }
  old.call.end()
  for (const caller of callers) t.same((await caller.ended()).results, ['answer'])
  await eventually('the server ends the old stream', () => old.isEnded)
})

t.test('a slow caller holds back a streaming handler, and loses nothing', async t => {
  const world = await new QueryWorld().start(t)
  const handler = await world.handler().registered()
  const responses = 400
  const data = 'x'.repeat(64 * 1024)
  let granted = 0
  let sent = 0
  handler.onInbound = request => {
    if (request.$case !== 'queryFlowControl') return
    granted += request.value.permits
    const id = request.value.queryReference!.requestId
    for (; sent < granted && sent < responses; sent++) handler.answer(id, data)
    if (sent === responses) handler.complete(id)
  }
  const caller = world.ask({ streaming: true })
  caller.call.pause()
  await eventually('the first grant', () => sent >= 32)
  await new Promise(resolve => setTimeout(resolve, 200))
  t.ok(sent < 100, `${sent} responses were asked for by a caller that reads nothing`)
  caller.call.resume()
  await eventually('all responses', () => caller.isEnded, 20_000)
  t.equal(caller.results.length, responses)
  t.ok(caller.results.every(result => result.length === data.length))
})

t.test('a caller that reads nothing while the handler never stops is cut off', async t => {
  const world = await new QueryWorld({ unsentBytesMax: 1024 * 1024 }).start(t)
  const handler = await world.handler().registered()
  const caller = world.ask()
  caller.call.pause()
  await eventually('the delivery', () => handler.queryIds.length === 1)
  const data = 'x'.repeat(64 * 1024)
  for (let n = 0; n < 200; n++) handler.answer(handler.queryIds[0]!, data)
  await eventually('the cancellation', () => handler.count('queryCancel') === 1)
  t.equal(world.queries.active, 0)
  caller.call.resume()
  await caller.ended()
  t.equal(caller.status?.code, status.RESOURCE_EXHAUSTED)
})

t.test('subscription queries', async t => {
  t.test('get all updates in order, one handler late', async t => {
    const world = await new QueryWorld().start(t)
    const handler = await world.handler({ permits: 0 }).registered()
    const subscriber = world.subscribe('s1', 1000)
    await eventually('the subscription', () => handler.count('subscriptionQueryRequest') === 1)
    for (let n = 0; n < 500; n++) handler.update('s1', `${n}`)
    await eventually('all updates', () => subscriber.updates.length === 500)
    t.same(
      subscriber.updates,
      Array.from({ length: 500 }, (_, n) => `${n}`)
    )
    const late = await world.handler({ clientId: 'late' }).registered()
    await eventually('the replay', () => late.count('subscriptionQueryRequest') === 1)
    late.update('s1', 'late')
    await eventually('the update', () => subscriber.updates.at(-1) === 'late')
    subscriber.unsubscribe()
    await subscriber.ended()
    t.equal(subscriber.status, undefined)
    await eventually('unsubscribe', () => handler.count('subscriptionQueryRequest') === 2)
    t.equal(world.queries.subscriptions.active, 0)
  })

  t.test('without handler end with CANCELLED and the trailer AXONIQ-5000', async t => {
    const world = await new QueryWorld().start(t)
    const subscriber = await world.subscribe('s1', 10).ended()
    t.equal(subscriber.status?.code, status.CANCELLED)
    t.same(subscriber.status?.metadata.get('axoniq-errorcode'), ['AXONIQ-5000'])
  })

  t.test('end with CANCELLED when the permits are used up', async t => {
    const world = await new QueryWorld().start(t)
    const handler = await world.handler().registered()
    const subscriber = world.subscribe('s1', 5)
    await eventually('the subscription', () => handler.count('subscriptionQueryRequest') === 1)
    for (let n = 0; n < 6; n++) handler.update('s1', `${n}`)
    await subscriber.ended()
    t.same(subscriber.updates, ['0', '1', '2', '3', '4'])
    t.equal(subscriber.status?.code, status.CANCELLED)
    t.same(subscriber.status?.metadata.get('axoniq-errorcode'), ['AXONIQ-0001'])
  })

  t.test('end when the subscriber breaks its connection', async t => {
    const world = await new QueryWorld().start(t)
    const handler = await world.handler().registered()
    const { client, cut } = await world.breakable(t)
    world.subscribe('s1', 5, client)
    await eventually('the subscription', () => handler.count('subscriptionQueryRequest') === 1)
    cut()
    await eventually('unsubscribe', () => handler.count('subscriptionQueryRequest') === 2)
  })

  t.test('a thousand in a row, on three handlers of two clients', async t => {
    const world = await new QueryWorld().start(t)
    const first = world.connect()
    const handlers = [
      world.handler({ client: first, clientId: 'one', permits: 16 }),
      world.handler({ client: first, clientId: 'one', permits: 16 }),
      world.handler({ clientId: 'two', permits: 16 })
    ]
    for (const handler of handlers) {
      await handler.registered()
      handler.onInbound = request => {
        if (request.$case !== 'subscriptionQueryRequest' || request.value.request?.$case !== 'subscribe')
          return
        handler.update(request.value.request.value.subscriptionIdentifier, 'hello')
      }
    }
    const client = world.connect()
    for (let n = 0; n < 1000; n++) {
      const subscriber = world.subscribe(`s${n}`, 100, client)
      await eventually(`updates of s${n}`, () => subscriber.updates.length === 3)
      subscriber.unsubscribe()
      await subscriber.ended()
    }
    await eventually('all are unsubscribed', () =>
      handlers.every(handler => handler.count('subscriptionQueryRequest') === 2000)
    )
    t.match(world.queries.subscriptions, { total: 1000, active: 0, updates: 3000 })
  })
})
