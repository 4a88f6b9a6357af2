import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { MemoryKeyValueStore, NodeFileSystem } from '../../src/storage/index.js'
import { Event } from '../../src/wire/generated/event.js'
import { decodeMessage } from '../../src/wire/index.js'
import { event, StoreFixture, type StoreFixtureOptions } from './store-fixture.js'

/** A disk of its own for a test: what is kept between a stop and the next start. */
function disk(t: { teardown(task: () => void): void }): StoreFixtureOptions {
  const directory = mkdtempSync(join(tmpdir(), 'myelin-store-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return { fs: new NodeFileSystem(), store: new MemoryKeyValueStore(), directory }
}

const decoded = (bytes: Buffer) => decodeMessage(Event, bytes)
const texts = (events: readonly Buffer[]) => events.map(bytes => decoded(bytes).messageIdentifier)

t.test('what was appended is read back in order, by aggregate and as a stream', async t => {
  const node = await StoreFixture.open(disk(t))
  await node.store.append([event('a', 0), event('b', 0), event('a', 1)])
  await node.store.append([event('b', 1)])
  t.same(texts(await node.readAggregate('a')), ['a/0', 'a/1'])
  t.same(texts(await node.readStream()), ['a/0', 'b/0', 'a/1', 'b/1'])
  t.equal(node.store.lastToken(), 3)
  t.equal(await node.store.highestSequence('b'), 1)
  t.equal(await node.store.highestSequence('c'), -1)
  await node.eventStore.close()
})

t.test('a wrong sequence number is refused and changes nothing', async t => {
  const node = await StoreFixture.open(disk(t))
  await node.store.append([event('a', 0)])
  for (const wrong of [
    [event('a', 0)],
    [event('a', 2)],
    [event('b', 1)],
    [event('b', 0), event('b', 2)],
    [event('c', 0), event('a', 5)]
  ]) {
    await t.rejects(node.store.append(wrong), { code: 'AXONIQ-2000' })
  }
  t.same(texts(await node.readStream()), ['a/0'])
  await node.store.append([event('b', 0), event('c', 0)])
  await node.eventStore.close()
})

t.test('of two that race for one number exactly one wins', async t => {
  const node = await StoreFixture.open(disk(t))
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, () => node.store.append([event('a', 0)]))
  )
  t.equal(results.filter(result => result.status === 'fulfilled').length, 1)
  t.match(
    results.find(result => result.status === 'rejected'),
    { reason: { code: 'AXONIQ-2000' } }
  )
  await node.eventStore.close()
})

t.test('events without aggregate type are stored unchecked', async t => {
  const node = await StoreFixture.open(disk(t))
  await node.store.append([event('', 7), event('', 7)])
  t.equal((await node.readStream()).length, 2)
  await node.eventStore.close()
})

t.test('a transaction over the limits is refused with its code', async t => {
  const limits = { eventsMax: 3, transactionBytesMax: 1000 }
  const node = await StoreFixture.open({ ...disk(t), event: { limits } })
  await t.rejects(node.store.append([0, 1, 2, 3].map(i => event('a', i))), { code: 'AXONIQ-2002' })
  await t.rejects(node.store.append([event('a', 0, 0, 'x'.repeat(2000))]), { code: 'AXONIQ-2001' })
  await node.store.append([0, 1, 2].map(i => event('a', i)))
  await node.eventStore.close()
})

t.test('after a stop everything is there, and the next start replays nothing', async t => {
  const options = disk(t)
  const first = await StoreFixture.open(options)
  for (let i = 0; i < 50; i++) await first.store.append([event('a', i), event(`b-${i}`, 0)])
  await first.store.appendSnapshot(event('a', 20))
  await first.eventStore.close()
  const second = await StoreFixture.open(options)
  t.ok(second.journal.stats.liveBytes < 512, 'only what the start itself has logged')
  t.equal(second.store.lastToken(), 99)
  t.equal((await second.readAggregate('a')).length, 50)
  t.equal((await second.readAggregate('a', true)).length, 30)
  await second.store.append([event('a', 50)])
  await t.rejects(second.store.append([event('b-3', 0)]), { code: 'AXONIQ-2000' })
  await second.eventStore.close()
})

t.test('many small segments are read as one, from memory, from the store, and after a restart', async t => {
  const options = { ...disk(t), event: { segmentBytesMax: 2000 } }
  const first = await StoreFixture.open(options)
  for (let i = 0; i < 300; i++) {
    await first.store.append([event('a', i, 1000 + i), event(`b-${i % 10}`, Math.floor(i / 10), 1000 + i)])
    if (i % 100 === 50) await first.eventStore.checkpointer.run()
  }
  await check(first)
  await first.eventStore.close()
  const second = await StoreFixture.open(options)
  await check(second)
  await second.eventStore.close()

  async function check(node: StoreFixture): Promise<void> {
    t.ok(node.store.state.segments.sealed().length > 10, 'there are many segments')
    t.equal((await node.readStream()).length, 600)
    t.same(
      texts(await node.readAggregate('a')),
      Array.from({ length: 300 }, (_, i) => `a/${i}`)
    )
    t.same(
      texts(await node.readAggregate('b-3', false, 5, 20)),
      Array.from({ length: 16 }, (_, i) => `b-3/${5 + i}`)
    )
    t.equal(await node.store.tokenAt(1000), 0)
    t.equal(await node.store.tokenAt(1123), 246)
    t.equal(await node.store.tokenAt(9999), 600)
    t.equal(await node.store.highestSequence('b-0'), 29)
    await t.rejects(node.store.append([event('b-0', 29)]), { code: 'AXONIQ-2000' })
  }
})

t.test('snapshots: the newest allowed one comes first, equal numbers replace each other', async t => {
  const options = disk(t)
  const node = await StoreFixture.open(options)
  await node.store.append(Array.from({ length: 10 }, (_, i) => event('a', i)))
  await t.rejects(node.store.appendSnapshot(event('a', 10)), { code: 'AXONIQ-2000' })
  await t.rejects(node.store.appendSnapshot(event('unknown', 0)), { code: 'AXONIQ-2000' })
  await node.store.appendSnapshot(event('a', 7))
  await node.eventStore.checkpointer.run()
  await node.store.appendSnapshot(event('a', 3))
  await node.store.appendSnapshot(event('a', 7, 1000, 'second'))
  const [snapshot, ...rest] = (await node.readAggregate('a', true)).map(decoded)
  t.match(snapshot, { snapshot: true, aggregateSequenceNumber: 7 })
  t.equal(Buffer.from(snapshot!.payload!.data).toString(), 'second')
  t.same(
    rest.map(each => each.aggregateSequenceNumber),
    [8, 9]
  )
  t.same(
    (await node.readAggregate('a', true, 0, 5)).map(each => decoded(each).aggregateSequenceNumber),
    [3, 4, 5]
  )
  t.same((await node.readAggregate('a', true, 2)).length, 8, 'ignored when the start is not 0')
  const sequences = async (from: number, to: number, limit: number) =>
    (await node.store.aggregateSnapshots('a', from, to, limit)).map(
      each => decoded(each).aggregateSequenceNumber
    )
  t.same(await sequences(0, Number.MAX_SAFE_INTEGER, 0), [7, 3])
  t.same(await sequences(0, 6, 0), [3])
  t.same(await sequences(0, Number.MAX_SAFE_INTEGER, 1), [7])
  t.same(await sequences(4, -1, 0), [])
  await node.eventStore.close()
})

t.test('a scheduled event is published once when it is due, with the time of its publication', async t => {
  const options = disk(t)
  const node = await StoreFixture.open(options)
  const startMs = node.clock.now()
  await node.store.schedule(startMs + 10_000, event('a', 0))
  const cancelled = await node.store.schedule(startMs + 5000, event('b', 0))
  const moved = await node.store.schedule(startMs + 5000, event('c', 0))
  await node.store.schedule(startMs + 20_000, event('c', 0), moved)
  await node.store.cancelSchedule(cancelled)
  await node.store.cancelSchedule('unknown')
  await advance(node, 9999)
  t.same(await node.readStream(), [])
  await advance(node, 1)
  t.match((await node.readStream()).map(decoded), [{ aggregateIdentifier: 'a', timestamp: startMs + 10_000 }])
  await node.eventStore.close()
  const again = await StoreFixture.open(options)
  await advance(again, 20_000)
  t.same(
    (await again.readStream()).map(each => decoded(each).aggregateIdentifier),
    ['a', 'c']
  )
  await again.eventStore.close()
})

t.test('a scheduled event that can never be published is kept as failed and tried no more', async t => {
  const node = await StoreFixture.open(disk(t))
  await node.store.append([event('a', 0)])
  const token = await node.store.schedule(node.clock.now() + 1000, event('a', 0))
  await advance(node, 1000)
  t.equal((await node.readStream()).length, 1)
  t.equal(node.store.state.schedules.find(token), undefined)
  t.equal(node.store.state.schedules.count, 0)
  await node.eventStore.close()
})

t.test(
  'contexts are apart, and one that is deleted and created again is empty, also after a restart',
  async t => {
    const options = disk(t)
    const node = await StoreFixture.open(options)
    await node.contexts.create({ context: 'other' })
    await node.store.append([event('a', 0)])
    await node.eventStore.get('other').append([event('a', 0), event('a', 1)])
    t.equal(node.store.lastToken(), 0)
    t.equal(node.eventStore.get('other').lastToken(), 1)
    await node.contexts.delete('default')
    t.throws(() => node.store, { code: 'AXONIQ-6000' })
    await node.contexts.create({ context: 'default' })
    t.equal(node.store.lastToken(), -1)
    await node.store.append([event('a', 0)])
    await node.eventStore.close()
    const again = await StoreFixture.open(options)
    t.equal(again.store.lastToken(), 0)
    t.equal(again.eventStore.get('other').lastToken(), 1)
    t.same(
      again.contexts.list().map(({ context }) => context),
      ['_admin', 'default', 'other']
    )
    await again.contexts.purge('other')
    t.equal(again.eventStore.get('other').lastToken(), -1)
    await again.eventStore.close()
  }
)

t.test('a context that is deleted ends its streams', async t => {
  const node = await StoreFixture.open(disk(t))
  const ended: unknown[] = []
  node.store.track(0, { send: () => true, end: error => void ended.push(error) }).start(10)
  await node.contexts.delete('default')
  t.same(ended, [undefined])
  await node.eventStore.close()
})

t.test('appends go on while a checkpoint is written', async t => {
  const node = await StoreFixture.open({ ...disk(t), event: { segmentBytesMax: 20_000 } })
  const appends: Promise<void>[] = []
  for (let i = 0; i < 2000; i++) appends.push(node.store.append([event(`a-${i}`, 0)]))
  await Promise.all(appends)
  const running = node.eventStore.checkpointer.run()
  for (let i = 0; i < 50; i++) await node.store.append([event('later', i)])
  await running
  t.equal(node.store.lastToken(), 2049)
  await node.eventStore.checkpointer.run()
  t.equal(await node.store.highestSequence('later'), 49)
  t.equal(await node.store.highestSequence('a-1999'), 0)
  await node.eventStore.close()
})

/** Lets timers fire and what they began come to its end. */
async function advance(node: StoreFixture, ms: number): Promise<void> {
  node.clock.advance(ms)
  for (let i = 0; i < 30; i++) {
    await new Promise(resolve => setTimeout(resolve, 2))
    node.clock.advance(0)
  }
}
