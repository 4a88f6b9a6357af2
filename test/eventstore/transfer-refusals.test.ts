import t from 'tap'
import { FaultyFileSystem } from '../../src/storage/testing.js'
import { AGGREGATES, contentOf, Member, move, receive, work } from './transfer-fixture.js'
import { disk, pair, sameContent } from './transfer-pair.js'

t.test('pieces that come twice change nothing; pieces that do not follow are refused', async t => {
  const { leader, options } = await pair()
  await work(leader, 60)
  const joined = await Member.open(options)
  const source = await leader.transfer.openSource()
  const sink = await joined.transfer.openSink()
  const pieces: Buffer[] = []
  for await (const piece of source.pieces(await sink.begin(source.manifest))) pieces.push(piece)
  const segments = pieces.filter(piece => piece[0] === 1)
  await t.rejects(sink.write(segments[1]!.subarray(0, 4)))
  await sink.write(segments[0]!)
  await sink.write(segments[0]!)
  const later = Buffer.from(segments[1]!)
  later.writeUIntBE(10, 5, 6)
  await t.rejects(sink.write(later), { message: /does not follow/ })
  await t.rejects(sink.commit(source.position), { message: /not arrived whole/ })
  for (const piece of pieces) await sink.write(piece)
  await joined.sequencer.pause(async () => {
    await sink.commit(source.position)
    joined.sequencer.position = source.position
  })
  await sameContent(t, leader, joined, 'after the install')
  await t.rejects(sink.write(pieces[0]!), { message: /ended/ })
  await sink.abort()
  await sameContent(t, leader, joined, 'an abort after the commit is nothing')
  source.release()
  await leader.close()
  await joined.close()
})

t.test('a piece that was falsified is noticed before anything is installed', async t => {
  const { leader, options } = await pair()
  await work(leader, 60)
  const joined = await Member.open(options)
  const source = await leader.transfer.openSource()
  const falsified = {
    position: source.position,
    manifest: source.manifest,
    release: () => source.release(),
    async *pieces(have: Buffer) {
      for await (const piece of source.pieces(have)) {
        if (piece[0] === 1) piece[300]! ^= 1
        yield piece
      }
    }
  }
  await t.rejects(receive(falsified, joined), { message: /is damaged/ })
  source.release()
  t.equal(joined.store.lastToken(), -1)
  await move(leader, joined)
  await sameContent(t, leader, joined, 'after a true one')
  await leader.close()
  await joined.close()
})

t.test('entries that the state contains are not applied again', async t => {
  const { history, leader, options } = await pair()
  await work(leader, 50)
  const joined = await Member.open(options)
  await move(leader, joined)
  const before = await contentOf(joined, AGGREGATES)
  for (const entry of history.entries) {
    await joined.machine.prepare(entry.data)
    t.equal(joined.machine.apply(entry), undefined)
  }
  await joined.machine.endRound()
  t.same(await contentOf(joined, AGGREGATES), before)
  await leader.close()
  await joined.close()
})

t.test('no checkpoint is taken until the sequencer knows where the state is', async t => {
  const { history, leader, options } = await pair()
  await work(leader, 30)
  const behind = await Member.open(options)
  await behind.sequencer.follow(10)
  const { position } = behind.sequencer
  await move(leader, behind)
  behind.sequencer.position = position
  await behind.checkpoint()
  t.equal(behind.eventStore.checkpointer.newest(7)?.position.index, history.lastIndex)
  await leader.close()
  await behind.close()
})

t.test('while a state is being installed none is given, and the install is not disturbed', async t => {
  const { leader, options } = await pair()
  await work(leader, 60)
  const joined = await Member.open(options)
  const source = await leader.transfer.openSource()
  const sink = await joined.transfer.openSink()
  for await (const piece of source.pieces(await sink.begin(source.manifest))) await sink.write(piece)
  const asked: Promise<unknown>[] = []
  const fs = options.fs as FaultyFileSystem
  fs.injectFault(operation => {
    if (operation === 'rename')
      for (const request of [joined.transfer.openSource(), joined.transfer.openSink()])
        asked.push(request.catch((error: unknown) => error))
    return undefined
  })
  await joined.sequencer.pause(async () => {
    await sink.commit(source.position)
    joined.sequencer.position = source.position
  })
  t.ok(asked.length > 2)
  for (const answer of await Promise.all(asked)) t.match(answer, { code: 'AXONIQ-1900', message: /replaced/ })
  fs.injectFault(undefined)
  await sameContent(t, leader, joined, 'after the install')
  const given = await joined.transfer.openSource()
  t.same(given.position, source.position)
  given.release()
  source.release()
  await leader.close()
  await joined.close()
})

t.test('a sender whose segment was deleted meanwhile says so', async t => {
  const { leader, options } = await pair()
  await work(leader, 200)
  const joined = await Member.open(options)
  const fs = leader.options.fs as FaultyFileSystem
  const doomed = fs.paths.filter(path => path.endsWith('.events'))[3]!
  await t.rejects(
    move(leader, joined, { onPiece: async piece => (piece === 1 ? fs.remove(doomed) : undefined) }),
    {
      code: 'AXONIQ-9000',
      message: /was deleted while it was being sent/
    }
  )
  t.equal(joined.store.lastToken(), -1)
  await joined.close()
})

t.test('a source contains what it is asked for, and nothing that does not exist', async t => {
  const { history, leader } = await pair()
  await t.rejects(leader.transfer.openSource(), { code: 'AXONIQ-7000' })
  await work(leader, 10)
  const oldest = await leader.transfer.openSource()
  const { index } = oldest.position
  t.equal(index, history.lastIndex, 'without a checkpoint one is taken')
  await work(leader, 10)
  const second = await leader.transfer.openSource()
  t.equal(second.position.index, index, 'the newest checkpoint is good enough')
  const third = await leader.transfer.openSource(index + 1)
  t.equal(third.position.index, history.lastIndex)
  await t.rejects(leader.transfer.openSource(history.lastIndex + 1), { code: 'AXONIQ-7000' })
  const fourth = await leader.transfer.openSource()
  await t.rejects(leader.transfer.openSource(), { code: 'AXONIQ-1900' }, 'as many as there may be')
  for (const source of [oldest, second, third, fourth]) source.release()
  oldest.release()
  const again = await leader.transfer.openSource()
  again.release()
  await t.rejects(first(again.pieces(Buffer.from('{"segments":[],"ranges":[]}'))), { code: 'AXONIQ-2200' })
  await leader.close()
})

t.test('one state is taken at a time; what is refused is refused before anything is sent', async t => {
  const { history, leader } = await pair()
  await work(leader, 50)
  const source = await leader.transfer.openSource()
  const fs = new FaultyFileSystem({ seed: 1, spaceBytes: 12_000 })
  const small = await Member.open(disk(history, { fs, event: { freeBytesMin: 4000 } }))
  const sink = await small.transfer.openSink()
  await t.rejects(small.transfer.openSink(), { code: 'AXONIQ-1900' })
  await t.rejects(sink.begin(source.manifest), { code: 'AXONIQ-9100', message: /free some space/ })
  const foreign = JSON.parse(source.manifest.toString('utf8')) as Record<string, unknown>
  const wrong = (change: object) => Buffer.from(JSON.stringify({ ...foreign, ...change }), 'utf8')
  await t.rejects(sink.begin(wrong({ contextId: 99 })), { code: 'AXONIQ-2200' })
  await t.rejects(sink.begin(wrong({ format: 2 })), { code: 'AXONIQ-2200', message: /same version/ })
  await sink.abort()
  await small.close()
  source.release()
  await leader.close()
})

t.test(
  'a disk that fills up during a transfer keeps the old state, and takes the rest when there is room',
  async t => {
    const { history, leader, options } = await pair()
    await work(leader, 200)
    const fs = options.fs as FaultyFileSystem
    const behind = await Member.open(options)
    await behind.sequencer.follow(30)
    const before = await contentOf(behind, AGGREGATES)
    await t.rejects(
      move(leader, behind, {
        onPiece: async piece => {
          if (piece === 2) fs.spaceBytes = 40_000
        }
      }),
      { name: 'StorageFullError' }
    )
    t.same(await contentOf(behind, AGGREGATES), before)
    fs.spaceBytes = Number.MAX_SAFE_INTEGER
    await move(leader, behind)
    await behind.sequencer.follow(history.lastIndex)
    await sameContent(t, leader, behind, 'with room')
    await leader.close()
    await behind.close()
  }
)

t.test('what a broken transfer has brought is removed after a while, and at a restart', async t => {
  const { leader, options } = await pair()
  await work(leader, 200)
  const fs = options.fs as FaultyFileSystem
  const incoming = () => fs.paths.filter(path => path.includes('/incoming-'))
  let joined = await Member.open(options)
  await t.rejects(move(leader, joined, { breakAt: 5 }), { name: 'BrokenOff' })
  t.ok(incoming().length > 0)
  joined.clock.advance(9 * 60_000)
  await new Promise(resolve => setImmediate(resolve))
  t.ok(incoming().length > 0, 'kept for the next attempt')
  joined.clock.advance(2 * 60_000)
  while (incoming().length > 0) await new Promise(resolve => setImmediate(resolve))
  await t.rejects(move(leader, joined, { breakAt: 5 }), { name: 'BrokenOff' })
  await joined.close()
  joined = await Member.open(options)
  t.same(incoming(), [])
  await move(leader, joined)
  await sameContent(t, leader, joined, 'after all')
  await leader.close()
  await joined.close()
})

t.test('a context that is deleted, or a store that stops, ends its transfers', async t => {
  const { history, leader, options } = await pair()
  await work(leader, 100)
  const joined = await Member.open(options)
  const source = await leader.transfer.openSource()
  const sink = await joined.transfer.openSink()
  await sink.begin(source.manifest)
  await joined.deleteContext()
  await t.rejects(sink.commit(source.position), { code: 'AXONIQ-9500' })
  await joined.close()
  const other = await Member.open(disk(history))
  await other.transfer.openSink()
  await other.close()
  source.release()
  await leader.close()
})

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item
  return undefined
}
