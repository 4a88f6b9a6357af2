import { status } from '@grpc/grpc-js'
import t from 'tap'
import { Event, EventWithToken } from '../../../src/wire/generated/event.js'
import { decodeMessage, scanEvent } from '../../../src/wire/index.js'
import { event } from '../../eventstore/store-fixture.js'
import {
  activeCalls,
  answer,
  connect,
  connectWithSocket,
  eventually,
  frame,
  request
} from '../grpc/fixture.js'
import { aggregateRequest, EVENT_STORE, failureOf, STALL_TIMEOUT_MS, serveEvents } from './service-fixture.js'

const CONFIRMED = Buffer.from([8, 1])
/** A field that no version of `Event` has, number 100. */
const UNKNOWN_FIELD = Buffer.from([0xa2, 0x06, 3, 1, 2, 3])
const LONG_MAX = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
const MALFORMED = Buffer.from([0x12, 0x7f, 1])

const sequences = (events: readonly Buffer[]) => events.map(bytes => scanEvent(bytes).sequenceNumber)
const run = (aggregate: string, count: number, first = 0, text = '') =>
  Array.from({ length: count }, (_, i) => event(aggregate, first + i, 1000, text))

t.test('AppendEvent: no event and a half-close is a success without effect', async t => {
  const { client } = await serveEvents(t)
  t.same(await client.append([]), CONFIRMED)
  t.equal(await client.token('GetLastToken'), -1)
})

t.test('AppendEvent: a cancel or a broken connection before the half-close stores nothing', async t => {
  const { client, server, budget } = await serveEvents(t)
  const { session, socket } = connectWithSocket(t, server.port)
  // Not a grpc-js client: Node sends a half-close before the reset of a call that it cancels.
  const cancelled = request(session, `${EVENT_STORE}/AppendEvent`)
  cancelled.write(frame(event('a', 0)))
  await eventually(() => budget.usedBytes > 0, 'the event is received')
  cancelled.destroy()
  await eventually(() => budget.usedBytes === 0, 'the cancel releases it')

  const stream = request(session, `${EVENT_STORE}/AppendEvent`)
  stream.write(frame(event('a', 0)))
  await eventually(() => budget.usedBytes > 0, 'the event is received')
  socket.destroy()
  await eventually(() => budget.usedBytes === 0, 'the broken connection releases it')
  t.equal(await client.token('GetLastToken'), -1)
  t.same(await client.append([event('a', 0)]), CONFIRMED, 'and no reservation is left')
})

t.test('AppendEvent: each refusal has its status, its trailer and its words, and stores nothing', async t => {
  const limits = { eventsMax: 5, transactionBytesMax: 10_000 }
  const { client } = await serveEvents(t, { event: { limits } })
  const refused = async (events: readonly Buffer[], wanted: unknown, context = 'default') =>
    t.match(await failureOf(client.append(events, context)), wanted)
  await refused([event('a', 1)], {
    status: status.OUT_OF_RANGE,
    errorCode: 'AXONIQ-2000',
    text: '[AXONIQ-2000] Invalid sequence number 1 for aggregate a, expected 0'
  })
  await refused([event('b', 0), event('a', 0), event('a', 2)], {
    status: status.OUT_OF_RANGE,
    errorCode: 'AXONIQ-2000'
  })
  await refused([event('a', 0, 1000, 'x'.repeat(10_000))], {
    status: status.INVALID_ARGUMENT,
    errorCode: 'AXONIQ-2001',
    text: /at most 10000 bytes/
  })
  await refused(run('a', 6), { status: status.INVALID_ARGUMENT, errorCode: 'AXONIQ-2002', text: /at most 5/ })
  await refused(
    [event('a', 0)],
    { status: status.NOT_FOUND, errorCode: 'AXONIQ-1302', text: /no context "nowhere"/ },
    'nowhere'
  )
  await refused([event('a', 0)], { status: status.NOT_FOUND, errorCode: 'AXONIQ-6000' }, '_admin')
  t.equal(await client.token('GetLastToken'), -1)
})

t.test('AppendEvent: a disk that is nearly full is AXONIQ-9100, and reading goes on', async t => {
  const { client } = await serveEvents(t, { event: { freeBytesMin: Number.MAX_SAFE_INTEGER } })
  const refused = await failureOf(client.append([event('a', 0)]))
  t.match(refused, { status: status.CANCELLED, errorCode: 'AXONIQ-9100', text: /free-bytes-min/ })
  t.same(await client.aggregate({}), [])
})

t.test(
  'AppendEvent: a message over the limit of the transport is RESOURCE_EXHAUSTED without a code',
  async t => {
    const { client } = await serveEvents(t)
    const refused = await failureOf(client.append([event('a', 0, 1000, 'x'.repeat(5 * 1024 * 1024))]))
    t.match(refused, { status: status.RESOURCE_EXHAUSTED, errorCode: undefined })
  }
)

t.test('AppendEvent: what is being received is bounded over all calls, and given back', async t => {
  const { client, budget } = await serveEvents(t, { receiveBytesMax: 2000 })
  const first = client.openAppend('default', () => {})
  first.write(event('a', 0, 1000, 'x'.repeat(1500)))
  await eventually(() => budget.usedBytes > 0, 'the first is received')
  const refused = await failureOf(client.append([event('b', 0, 1000, 'x'.repeat(1500))]))
  t.match(refused, { status: status.RESOURCE_EXHAUSTED, errorCode: 'AXONIQ-1900', text: /try again/ })
  first.cancel()
  await eventually(() => budget.usedBytes === 0, 'the cancel gives it back')
  t.same(await client.append([event('b', 0, 1000, 'x'.repeat(1500))]), CONFIRMED)
  t.match(await failureOf(client.append([event('b', 5)])), { errorCode: 'AXONIQ-2000' })
  t.equal(budget.usedBytes, 0, 'success and failure give it back, too')
})

t.test('AppendEvent: transactions of 50 callers are contiguous and in the order sent', async t => {
  const { client } = await serveEvents(t)
  const rounds = 4
  const count = 5
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      for (let round = 0; round < rounds; round++) await client.append(run(`w${i}`, count, round * count))
    })
  )
  const tracked = client.track()
  tracked.send({ numberOfPermits: 10_000 })
  await eventually(() => tracked.received.length === 50 * rounds * count, 'all events arrive')
  t.same(
    tracked.tokens,
    tracked.tokens.map((_, i) => i)
  )
  const events = tracked.received.map(({ bytes }) => decodeMessage(EventWithToken, bytes).event!)
  for (let i = 0; i < events.length; i += count) {
    const transaction = events.slice(i, i + count)
    const [head] = transaction
    const isWhole = transaction.every(
      (event, at) =>
        event.aggregateIdentifier === head!.aggregateIdentifier &&
        event.aggregateSequenceNumber === head!.aggregateSequenceNumber + at
    )
    if (!isWhole || head!.aggregateSequenceNumber % count !== 0) t.fail(`the transaction at ${i} is torn`)
  }
  tracked.call.end()
  t.equal((await tracked.ended).status, status.OK)
})

t.test('malformed bytes are refused in words, the connection lives, nothing is stored', async t => {
  const { client } = await serveEvents(t)
  const appended = await failureOf(client.append([event('a', 0), MALFORMED]))
  t.match(appended, { status: status.CANCELLED, errorCode: 'AXONIQ-0001', text: /malformed/ })
  const snapshot = await failureOf(client.unary(`${EVENT_STORE}/AppendSnapshot`, MALFORMED))
  t.match(snapshot, { errorCode: 'AXONIQ-0001', text: /malformed/ })
  const list = await failureOf(client.list('ListAggregateEvents', MALFORMED))
  t.match(list, { errorCode: 'AXONIQ-0001', text: /malformed/ })
  const tracked = client.track()
  tracked.call.write(MALFORMED)
  t.match(await tracked.ended, { errorCode: 'AXONIQ-0001', text: /malformed/ })
  t.equal(await client.token('GetLastToken'), -1)
  t.same(await client.snapshots({}), [])
})

t.test('events and snapshots keep the fields that this server does not know', async t => {
  const { client } = await serveEvents(t)
  const sent = Buffer.concat([event('a', 0, 1000, 'text'), UNKNOWN_FIELD])
  await client.append([sent])
  t.same(await client.aggregate({}), [sent])
  const tracked = client.track()
  tracked.send({ numberOfPermits: 1 })
  await eventually(() => tracked.received.length === 1, 'the event arrives')
  t.ok(tracked.received[0]!.bytes.includes(sent))
  tracked.call.cancel()
  await client.unary(`${EVENT_STORE}/AppendSnapshot`, sent)
  const [snapshot] = await client.snapshots({})
  t.ok(snapshot!.includes(sent), 'only the mark of a snapshot is added')
  t.equal(decodeMessage(Event, snapshot!).snapshot, true)
})

t.test('ListAggregateEvents: bounds are inclusive, an unknown aggregate is empty and OK', async t => {
  const { client } = await serveEvents(t)
  await client.append([...run('a', 300), ...run('b', 3)])
  t.same(await client.aggregate({ aggregateId: 'unknown' }), [])
  t.same(sequences(await client.aggregate({})), [...Array(300).keys()])
  t.same(sequences(await client.aggregate({ initialSequence: 297 })), [297, 298, 299])
  t.same(sequences(await client.aggregate({ initialSequence: 3, maxSequence: 5 })), [3, 4, 5])
  t.same(sequences(await client.aggregate({ initialSequence: 300 })), [])
  t.equal((await client.aggregate({ initialSequence: -5, minToken: 299 })).length, 300)
  t.same(await client.aggregate({ aggregateId: 'x'.repeat(70_000) }), [], 'too long to exist')
})

t.test('Long.MAX_VALUE as a bound is no bound', async t => {
  const { client } = await serveEvents(t)
  await client.append(run('a', 3))
  await client.unary(`${EVENT_STORE}/AppendSnapshot`, event('a', 2))
  const events = Buffer.concat([aggregateRequest({}), Buffer.from([32]), LONG_MAX])
  t.same(sequences(await client.list('ListAggregateEvents', events)), [0, 1, 2])
  const snapshots = Buffer.concat([Buffer.from([0x0a, 1, 0x61, 24]), LONG_MAX])
  t.same(sequences(await client.list('ListAggregateSnapshots', snapshots)), [2])
  const instant = Buffer.concat([Buffer.from([8]), LONG_MAX])
  t.same(await client.unary(`${EVENT_STORE}/GetTokenAt`, instant), Buffer.from([8, 3]))
})

t.test(
  'ListAggregateEvents: the newest allowed snapshot comes first, marked, and only from sequence 0',
  async t => {
    const { client } = await serveEvents(t)
    await client.append(run('a', 5))
    for (const sequence of [1, 3])
      await client.unary(`${EVENT_STORE}/AppendSnapshot`, event('a', sequence, 1000, 'snapshot'))
    const marks = (events: readonly Buffer[]) =>
      events.map(bytes => {
        const { aggregateSequenceNumber, snapshot } = decodeMessage(Event, bytes)
        return `${aggregateSequenceNumber}${snapshot ? ' snapshot' : ''}`
      })
    t.same(marks(await client.aggregate({ allowSnapshots: true })), ['3 snapshot', '4'])
    t.same(marks(await client.aggregate({ allowSnapshots: true, maxSequence: 2 })), ['1 snapshot', '2'])
    t.same(marks(await client.aggregate({ allowSnapshots: true, initialSequence: 1 })), ['1', '2', '3', '4'])
    t.same(marks(await client.aggregate({})), ['0', '1', '2', '3', '4'])
    await client.unary(`${EVENT_STORE}/AppendSnapshot`, event('a', 4))
    t.same(marks(await client.aggregate({ allowSnapshots: true })), ['4 snapshot'])
  }
)

t.test('ListAggregateEvents: a cancel stops reading', async t => {
  const { client, server } = await serveEvents(t)
  await client.append(run('a', 200, 0, 'x'.repeat(20_000)))
  const call = client.openList('ListAggregateEvents', aggregateRequest({}))
  call.on('error', () => {})
  const method = server.methods.paths.get(`${EVENT_STORE}/ListAggregateEvents`)!
  await eventually(() => method.counters.messagesSent > 0, 'it sends')
  call.cancel()
  await eventually(() => activeCalls(server) === 0, 'the call is over')
  const sent = method.counters.messagesSent
  await client.token('GetLastToken')
  t.equal(method.counters.messagesSent, sent)
  t.ok(sent < 200, `${sent} of 200 events were read`)
})

t.test('ListAggregateEvents: a caller that takes nothing for 30 s gets AXONIQ-6002', async t => {
  const { client, server, node } = await serveEvents(t)
  await client.append(run('a', 200, 0, 'x'.repeat(20_000)))
  const call = request(connect(t, server.port), `${EVENT_STORE}/ListAggregateEvents`)
  call.end(frame(aggregateRequest({})))
  const { counters } = server.methods.paths.get(`${EVENT_STORE}/ListAggregateEvents`)!
  let sent = -1
  // Blocked: nothing more is sent although there is more.
  while (sent !== counters.messagesSent || sent === 0) {
    sent = counters.messagesSent
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  t.ok(sent < 200, 'the server waits for the caller')
  node.clock.advance(STALL_TIMEOUT_MS - 1)
  await client.token('GetLastToken')
  t.equal(counters.errors, 0, 'not before its time')
  node.clock.advance(1)
  await eventually(() => counters.errors === 1, 'the call fails')
  t.match(await answer(call), {
    status: String(status.ABORTED),
    errorCode: 'AXONIQ-6002',
    text: /30000 ms \(axoniq.axonserver.event.aggregate.timeout\)/
  })
})

t.test('AppendSnapshot: a snapshot above the last event is AXONIQ-2000', async t => {
  const { client } = await serveEvents(t)
  await client.append(run('a', 2))
  const append = (sequence: number, aggregate = 'a') =>
    client.unary(`${EVENT_STORE}/AppendSnapshot`, event(aggregate, sequence))
  t.same(await append(1), CONFIRMED)
  t.match(await failureOf(append(2)), { status: status.OUT_OF_RANGE, errorCode: 'AXONIQ-2000' })
  t.match(await failureOf(append(0, 'unknown')), { errorCode: 'AXONIQ-2000' })
  t.equal((await client.snapshots({})).length, 1)
})

t.test('ListAggregateSnapshots: newest first, inclusive, at most so many', async t => {
  const { client } = await serveEvents(t)
  await client.append(run('a', 10))
  for (const sequence of [2, 8, 5]) await client.unary(`${EVENT_STORE}/AppendSnapshot`, event('a', sequence))
  t.same(sequences(await client.snapshots({})), [8, 5, 2])
  t.same(sequences(await client.snapshots({ maxResults: 2 })), [8, 5])
  t.same(sequences(await client.snapshots({ initialSequence: 2, maxSequence: 5 })), [5, 2])
  t.same(sequences(await client.snapshots({ maxSequence: 7, maxResults: -1 })), [5, 2])
  t.same(await client.snapshots({ maxSequence: -1 }), [])
  t.same(await client.snapshots({ aggregateId: 'unknown' }), [])
  t.same(await client.snapshots({ aggregateId: 'x'.repeat(70_000) }), [])
})

t.test('tokens and sequence numbers: empty, known and unknown', async t => {
  const { client } = await serveEvents(t)
  t.equal(await client.token('GetFirstToken'), 0)
  t.equal(await client.token('GetLastToken'), -1)
  t.equal(await client.tokenAt(0), -1)
  t.equal(await client.highest('a'), -1)
  await client.append([event('a', 0, 100), event('a', 1, 200), event('b', 0, 200), event('b', 1, 300)])
  t.equal(await client.token('GetFirstToken'), 0)
  t.equal(await client.token('GetLastToken'), 3)
  t.equal(await client.tokenAt(50), 0, 'before all')
  t.equal(await client.tokenAt(200), 1, 'the lowest of equal times')
  t.equal(await client.tokenAt(201), 3)
  t.equal(await client.tokenAt(301), 4, 'behind all: the next token')
  t.equal(await client.highest('b'), 1)
  t.equal(await client.highest('unknown'), -1)
  t.equal(await client.highest('x'.repeat(70_000)), -1)
})

t.test('contexts do not see each other', async t => {
  const { client, node } = await serveEvents(t)
  await node.contexts.create({ context: 'other' })
  await client.append(run('a', 3))
  await client.append(run('a', 1), 'other')
  t.equal(await client.token('GetLastToken', 'other'), 0)
  t.equal(await client.highest('a', 'other'), 0)
  t.equal((await client.aggregate({}, 'other')).length, 1)
  t.equal((await client.aggregate({})).length, 3)
})
