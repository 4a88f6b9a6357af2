import { status } from '@grpc/grpc-js'
import t from 'tap'
import { event } from '../../eventstore/store-fixture.js'
import { activeCalls, eventually } from '../grpc/fixture.js'
import { failureOf, serveEvents } from './service-fixture.js'

const run = (aggregate: string, count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => event(aggregate, first + i))

t.test(
  'ListEvents: each event costs a permit, later requests only add, half-close ends it with OK',
  async t => {
    const { client } = await serveEvents(t)
    await client.append(run('a', 10))
    const tracked = client.track()
    tracked.send({ trackingToken: 2, numberOfPermits: 3 })
    await eventually(() => tracked.received.length === 3, 'three events arrive')
    await client.token('GetLastToken')
    t.same(tracked.tokens, [2, 3, 4])
    tracked.send({ trackingToken: 0, numberOfPermits: 100 })
    await eventually(() => tracked.received.length === 8, 'the rest arrives')
    await client.append(run('a', 2, 10))
    await eventually(() => tracked.received.length === 10, 'live events arrive')
    t.same(tracked.tokens, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    tracked.call.end()
    t.equal((await tracked.ended).status, status.OK)
  }
)

t.test('ListEvents: without a message it does nothing, and ends with OK', async t => {
  const { client, node } = await serveEvents(t)
  await client.append(run('a', 3))
  const tracked = client.track()
  tracked.call.end()
  t.equal((await tracked.ended).status, status.OK)
  t.same(tracked.tokens, [])
  t.equal(node.store.trackers.size, 0)
})

t.test('ListEvents: a negative token is the first event, one ahead waits for its event', async t => {
  const { client } = await serveEvents(t)
  await client.append(run('a', 2))
  const negative = client.track()
  negative.send({ trackingToken: -7, numberOfPermits: 10 })
  const ahead = client.track()
  ahead.send({ trackingToken: 3, numberOfPermits: 10 })
  await eventually(() => negative.received.length === 2, 'both events arrive')
  await client.append(run('a', 2, 2))
  await eventually(() => ahead.received.length === 1, 'the awaited event arrives')
  t.same(ahead.tokens, [3])
  for (const tracked of [negative, ahead]) {
    tracked.call.cancel()
    t.equal((await tracked.ended).status, status.CANCELLED)
  }
})

t.test('ListEvents: types on the blacklist are left out and cost no permit', async t => {
  const { client } = await serveEvents(t)
  const unwanted = { type: 'Happened', revision: '1' }
  await client.append([event('a', 0), event('a', 1)])
  const tracked = client.track()
  tracked.send({ numberOfPermits: 1, blacklist: [{ ...unwanted, revision: '2' }] })
  await eventually(() => tracked.received.length === 1, 'another revision is not left out')
  tracked.send({ numberOfPermits: 1, blacklist: [unwanted] })
  const plain = Buffer.from([0x0a, 1, 0x78])
  await client.append([event('a', 2), plain])
  await eventually(() => tracked.received.length === 2, 'an event of another type arrives')
  t.same(tracked.tokens, [0, 3])
  tracked.call.cancel()
  await tracked.ended
})

t.test('ListEvents: without permits for the time limit it fails with AXONIQ-0001', async t => {
  const { client, node } = await serveEvents(t)
  await client.append(run('a', 3))
  const tracked = client.track()
  tracked.send({ numberOfPermits: 2 })
  await eventually(() => tracked.received.length === 2, 'its permits are used up')
  node.clock.advance(120_000)
  t.match(await tracked.ended, { status: status.CANCELLED, errorCode: 'AXONIQ-0001', text: /permits/ })
})

t.test('ListEvents: the deletion of its context, and a cancel, leave nothing behind', async t => {
  const { client, node, server } = await serveEvents(t)
  await node.contexts.create({ context: 'other' })
  const tracked = client.track('other')
  tracked.send({ numberOfPermits: 5 })
  const store = node.eventStore.get('other')
  await eventually(() => store.trackers.size === 1, 'the stream is open')
  await node.contexts.delete('other')
  t.equal((await tracked.ended).status, status.OK)
  t.match(await failureOf(client.token('GetLastToken', 'other')), { errorCode: 'AXONIQ-1302' })

  const cancelled = client.track()
  cancelled.send({ numberOfPermits: 5 })
  await eventually(() => node.store.trackers.size === 1, 'the stream is open')
  cancelled.call.cancel()
  await eventually(() => node.store.trackers.size === 0 && activeCalls(server) === 0, 'it is gone')
})
