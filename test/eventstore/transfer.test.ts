import t from 'tap'
import type { FaultyFileSystem } from '../../src/storage/testing.js'
import { event } from './store-fixture.js'
import { AGGREGATES, BrokenOff, contentOf, GroupHistory, Member, move, work } from './transfer-fixture.js'
import { disk, pair, sameContent } from './transfer-pair.js'

t.test(
  'a node without data has the same content afterwards, goes on with the log, and starts again with it',
  async t => {
    const { history, leader, options } = await pair()
    await work(leader, 300)
    const joined = await Member.open(options)
    await move(leader, joined)
    await sameContent(t, leader, joined, 'after the install')
    await work(leader, 50, 2)
    await joined.sequencer.follow(history.lastIndex)
    await sameContent(t, leader, joined, 'after the log')
    await joined.close()
    const restarted = await Member.open({ ...options, known: history.lastIndex })
    await sameContent(t, leader, restarted, 'after a restart')
    await work(leader, 100, 3)
    await restarted.sequencer.follow(history.lastIndex)
    await restarted.checkpoint()
    await sameContent(t, leader, restarted, 'after more of the log')
    await leader.close()
    await restarted.close()
  }
)

t.test('the position of the state, with the members there, is what the node starts from', async t => {
  const { leader, options } = await pair()
  await work(leader, 40)
  const joined = await Member.open(options)
  await move(leader, joined)
  const { position } = joined.sequencer
  t.match(position, { index: leader.options.history.lastIndex, membership: { conf: { voters: [1, 2] } } })
  await joined.close()
  const restarted = await Member.open(options)
  t.same(restarted.sequencer.position, position)
  await restarted.close()
  await leader.close()
})

t.test('a node that is behind gets what it lacks', async t => {
  const { history, leader, options } = await pair()
  await work(leader, 400)
  const behind = await Member.open(options)
  await behind.sequencer.follow(history.lastIndex)
  await behind.checkpoint()
  const had = behind.store.state.segments.stats.bytes
  await work(leader, 60, 2)
  const { bytes } = await move(leader, behind)
  const whole = leader.store.state.segments.stats.bytes
  t.ok(whole - had > 8 * 1024 && had > 100 * 1024, 'the prefix is much, and some segments are new')
  const state = 60 * 1024
  t.ok(bytes < whole - had + state, `${bytes} bytes went over for ${whole - had} new ones and the keys`)
  await sameContent(t, leader, behind, 'after the install')
  await work(leader, 20, 3)
  await behind.sequencer.follow(history.lastIndex)
  await sameContent(t, leader, behind, 'after the log')
  await leader.close()
  await behind.close()
})

t.test(
  'segments that were cut elsewhere, or are damaged, or another history, are replaced by those of the peer',
  async t => {
    const { history, leader, options } = await pair()
    await work(leader, 200)
    const other = await Member.open({ ...options, event: { segmentBytesMax: 5000 } })
    await other.sequencer.follow(history.lastIndex)
    await other.checkpoint()
    await work(leader, 30, 2)
    await move(leader, other)
    await sameContent(t, leader, other, 'after segments of another size')
    await other.close()

    const own = await Member.open({ ...options, known: history.lastIndex })
    await work(leader, 5, 3)
    await leader.checkpoint()
    const fs = options.fs as FaultyFileSystem
    const active = fs.paths.filter(path => path.endsWith('.events')).at(-1)!
    fs.flipBit(active, 100, 3)
    await t.rejects(
      move(leader, own),
      { message: /is damaged/ },
      'what was copied from the own file is checked'
    )
    await move(leader, own)
    await work(leader, 5, 4)
    await own.sequencer.follow(history.lastIndex)
    await sameContent(t, leader, own, 'after damage')
    await leader.close()
    await own.close()
  }
)

t.test(
  'a stream that breaks at any piece leaves the old state, and the next one sends only the rest',
  async t => {
    const { history, leader, options } = await pair()
    await work(leader, 150)
    const behind = await Member.open(options)
    await behind.sequencer.follow(history.lastIndex)
    await behind.checkpoint()
    const before = await contentOf(behind, AGGREGATES)
    await work(leader, 150, 2)
    const whole = await move(leader, await Member.open(disk(history)))
    let previous = Number.POSITIVE_INFINITY
    for (let breakAt = 0; ; breakAt++) {
      const pieces = await piecesLeft(leader, behind)
      t.ok(pieces <= previous, `${pieces} pieces are left after ${previous}`)
      previous = pieces
      // Two pieces get through at each attempt: what was kept is named again and must not count.
      const result = await move(leader, behind, { breakAt: 1 }).catch((error: unknown) => error)
      if (!(result instanceof BrokenOff)) throw result
      t.same(await contentOf(behind, AGGREGATES), before, 'the old state is there')
      if (breakAt > whole.pieces) break
    }
    await move(leader, behind)
    await sameContent(t, leader, behind, 'after the last attempt')
    await leader.close()
    await behind.close()
  }
)

/** Bytes that a transfer would send now. */
async function piecesLeft(from: Member, to: Member): Promise<number> {
  const source = await from.transfer.openSource()
  const sink = await to.transfer.openSink()
  let bytes = 0
  const have = await sink.begin(source.manifest)
  for await (const piece of source.pieces(have)) bytes += piece.length
  await sink.abort()
  source.release()
  return bytes
}

t.test(
  'appends and checkpoints on the sender do not disturb, and what it has then comes with the next attempt',
  async t => {
    const { history, leader, options } = await pair()
    await work(leader, 200)
    const joined = await Member.open(options)
    let seed = 10
    const disturb = async () => {
      await work(leader, 10, ++seed)
      await leader.checkpoint()
    }
    for (const breakAt of [3, 7, 20]) {
      await t.rejects(move(leader, joined, { breakAt, onPiece: disturb }), { name: 'BrokenOff' })
      t.equal(joined.store.lastToken(), -1, 'nothing can be seen of what arrived')
    }
    await move(leader, joined, { onPiece: disturb })
    await joined.sequencer.follow(history.lastIndex)
    await sameContent(t, leader, joined, 'after all')
    await leader.close()
    await joined.close()
  }
)

t.test('streams go on where they are, reads under way get their whole answer', async t => {
  const { history, leader, options } = await pair()
  for (let i = 0; i < 400; i++) await leader.store.append([event('long', i, 1000 + i, 'x'.repeat(100))])
  const behind = await Member.open(options)
  await behind.sequencer.follow(300)
  await behind.checkpoint()
  const got: Buffer[] = []
  const tracker = behind.store.track(0, {
    send: message => got.push(message) > 0,
    end: () => t.fail('ended')
  })
  tracker.start(1000)
  while (got.length < 300) await new Promise(resolve => setImmediate(resolve))
  const request = { aggregateId: 'long', initialSequence: 0, maxSequence: 0, allowSnapshots: false }
  const reading = behind.store.aggregateEvents(request)
  const first = await reading.next()
  const moving = move(leader, behind)
  const asked: Promise<number>[] = []
  for (let i = 0; i < 200; i++) {
    asked.push(behind.store.highestSequence(`nobody-${i}`))
    await new Promise(resolve => setImmediate(resolve))
  }
  await moving
  t.same(new Set(await Promise.all(asked)), new Set([-1]))
  let count = (first.value as Buffer[]).length
  for await (const events of reading) count += events.length
  t.ok(count === 300 || count === 400, `${count} events, without a gap`)
  while (got.length < 400) await new Promise(resolve => setImmediate(resolve))
  t.equal(tracker.nextToken, 400)
  await leader.store.append([event('long', 400)])
  await behind.sequencer.follow(history.lastIndex)
  while (got.length < 401) await new Promise(resolve => setImmediate(resolve))
  tracker.stop()
  await leader.close()
  await behind.close()
})

t.test(
  'a stream that waits at the end is woken by the state that takes the place of the old one',
  async t => {
    const { leader, options } = await pair()
    await work(leader, 20)
    const joined = await Member.open(options)
    const got: Buffer[] = []
    const tracker = joined.store.track(0, {
      send: message => got.push(message) > 0,
      end: () => t.fail('ended')
    })
    tracker.start(10_000)
    for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
    await move(leader, joined)
    while (got.length <= leader.store.lastToken()) await new Promise(resolve => setImmediate(resolve))
    tracker.stop()
    await leader.close()
    await joined.close()
  }
)

t.test('scheduled events of the new state are published when they are due', async t => {
  const { leader, options } = await pair()
  const token = await leader.store.schedule(leader.clock.now() + 60_000, event('', 0, 1000, 'due'))
  const joined = await Member.open(options)
  await move(leader, joined)
  t.same(
    (await joined.store.state.schedules.due(Number.MAX_SAFE_INTEGER, 9)).map(due => due.token),
    [token]
  )
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
  joined.clock.advance(61_000)
  while (joined.store.state.schedules.count > 0) await new Promise(resolve => setImmediate(resolve))
  t.equal(joined.store.lastToken(), leader.store.lastToken() + 1)
  await joined.close()
  await leader.close()
})

t.test('the digest tells equal files from others, whole segments or not', async t => {
  const { history, leader, options } = await pair()
  await work(leader, 120)
  const other = await Member.open(options)
  await other.sequencer.follow(history.lastIndex)
  const end = leader.store.lastToken() + 1
  t.equal(await other.eventStore.digest('default', end), await leader.eventStore.digest('default', end))
  await work(leader, 40, 2)
  await leader.checkpoint()
  t.equal(
    await other.eventStore.digest('default', end),
    await leader.eventStore.digest('default', end),
    'up to the same token, whatever follows and however it is stored'
  )
  const further = leader.store.lastToken() + 1
  t.not(await leader.eventStore.digest('default', further), await leader.eventStore.digest('default', end))
  const forked = await Member.open(disk(new GroupHistory()))
  await work(forked, 120, 7)
  t.not(await forked.eventStore.digest('default', end), await leader.eventStore.digest('default', end))
  await leader.close()
  await other.close()
  await forked.close()
})
