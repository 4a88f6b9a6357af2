import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stateStore } from '../../plugins/rocksdb/open-state-store.js'
import type { StateSink, StateSource } from '../../src/consensus/ports.js'
import { StateTransfers, type TransferResult } from '../../src/consensus/transfer/index.js'
import { ManualClock, silentLogger } from '../../src/kernel/index.js'
import { NodeFileSystem } from '../../src/storage/index.js'
import { CrashingKeyValueStore, FaultyFileSystem } from '../../src/storage/testing.js'
import { StreamPair, type StreamPairOptions } from '../consensus/transfer/memory-stream.js'
import { event } from './store-fixture.js'
import {
  AGGREGATES,
  contentOf,
  GROUP,
  GroupHistory,
  Member,
  type MemberOptions,
  work
} from './transfer-fixture.js'

const EVENTS = 200_000
const EVENTS_PER_TRANSACTION = 200

/** As two drivers do it: over a stream, from the newest checkpoint of one to the other. */
async function stream(
  from: Member,
  to: Member,
  options: StreamPairOptions = {}
): Promise<{ pair: StreamPair; sent: TransferResult; received: TransferResult }> {
  const pair = new StreamPair(options)
  const header = { group: GROUP, from: 1, to: 2, term: 5 }
  const transfers = new StateTransfers({ clock: new ManualClock(), log: silentLogger })
  const source = (await from.transfer.openSource()) as StateSource
  const sending = transfers.send({ header, source, open: () => pair.a })
  const receiving = transfers.receive({
    header,
    stream: pair.b,
    accept: async () => (await to.transfer.openSink()) as StateSink,
    install: (commit, position) =>
      to.sequencer.pause(async () => {
        await commit()
        to.sequencer.position = position
      })
  })
  const [sent, received] = await Promise.all([sending, receiving])
  return { pair, sent, received }
}

function inMemory(history: GroupHistory): MemberOptions {
  const fs = new FaultyFileSystem({ seed: 1 })
  return { fs, store: new CrashingKeyValueStore(), directory: '/events', history }
}

async function onDisk(t: Test, history: GroupHistory): Promise<MemberOptions> {
  const directory = mkdtempSync(join(tmpdir(), 'myelin-transfer-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const fs = new NodeFileSystem()
  const store = stateStore({
    directory: join(directory, 'state'),
    engine: 'auto',
    createdBy: 'test',
    fs,
    log: silentLogger
  })
  const event = { segmentBytesMax: 4 * 1024 * 1024, tailBytesMax: 1024 * 1024 }
  return { fs, store, directory: join(directory, 'events'), history, event }
}

t.test('a stream of state that breaks at any frame leaves the old state or the new one', async t => {
  const history = new GroupHistory()
  const leader = await Member.open(inMemory(history))
  await work(leader, 80)
  const target = await contentOf(leader, AGGREGATES)
  const whole = await stream(leader, await Member.open(inMemory(history)))
  t.match(whole.received, { ok: true, position: { index: history.lastIndex } })
  const joined = await Member.open(inMemory(history))
  const empty = await contentOf(joined, AGGREGATES)
  for (let breakAt = 0; breakAt < whole.pair.frames; breakAt++) {
    const { sent, received } = await stream(leader, joined, { breakAt })
    if (received.ok) break
    t.equal(sent.ok, false)
    t.same(await contentOf(joined, AGGREGATES), empty, `broken at frame ${breakAt}`)
  }
  if (joined.store.lastToken() < 0) t.match(await stream(leader, joined), { sent: { ok: true } })
  t.same(await contentOf(joined, AGGREGATES), target)
  await leader.close()
  await joined.close()
})

t.test('200,000 events in files, with their index in the engine, over a stream that breaks', async t => {
  const history = new GroupHistory()
  const leader = await Member.open(await onDisk(t, history))
  const ids = Array.from({ length: 500 }, (_, i) => `order-${i}`)
  const next = new Map(ids.map(id => [id, 0]))
  const payload = 'x'.repeat(100)
  const append = async (count: number) => {
    for (let n = 0; n < count; n += EVENTS_PER_TRANSACTION) {
      const events = Array.from({ length: EVENTS_PER_TRANSACTION }, (_, i) => {
        const id = ids[(n / EVENTS_PER_TRANSACTION + i * 7) % ids.length]!
        const sequence = next.get(id)!
        next.set(id, sequence + 1)
        return event(id, sequence, 1000 + n + i, payload)
      })
      await leader.store.append(events)
    }
  }
  await append(EVENTS)
  for (let i = 0; i < 100; i++) await leader.store.appendSnapshot(event(ids[i]!, 50, 1000, 'snapshot'))
  const segments = leader.store.state.segments.stats.segments
  t.ok(segments >= 5, `${segments} segments`)

  const options = await onDisk(t, history)
  const joined = await Member.open(options)
  let bytes = 0
  for (const breakAt of [20, 40, 60]) {
    const { pair, received } = await stream(leader, joined, { breakAt })
    t.equal(received.ok, false)
    bytes += pair.bytes
    await append(2000)
    await leader.checkpoint()
  }
  const appending = append(4000)
  const { pair, sent } = await stream(leader, joined)
  t.match(sent, { ok: true })
  await appending
  bytes += pair.bytes
  const stored = leader.store.state.segments.stats.bytes
  t.ok(bytes < stored * 1.5, `${bytes} bytes went over for ${stored} stored ones`)

  await joined.sequencer.follow(history.lastIndex)
  t.equal(joined.store.lastToken(), EVENTS + 10_000 - 1)
  await sameAnswers(t, leader, joined, ids)
  await joined.close()
  const restarted = await Member.open({ ...options, known: history.lastIndex })
  await sameAnswers(t, leader, restarted, ids)
  const names = await options.fs.list(join(options.directory, 'default'))
  t.ok(
    names.every(name => name.endsWith('.events')),
    'nothing of the transfer is left'
  )
  await leader.close()
  await restarted.close()
})

async function sameAnswers(t: Test, a: Member, b: Member, ids: readonly string[]): Promise<void> {
  const end = a.store.lastToken() + 1
  t.equal(await b.eventStore.digest('default', end), await a.eventStore.digest('default', end))
  const some = ids.filter((_, i) => i % 50 === 0)
  t.same(await contentOf(b, some), await contentOf(a, some))
  for (const id of ids) {
    const highest = await a.store.highestSequence(id)
    if ((await b.store.highestSequence(id)) !== highest) t.fail(`${id} has ${highest}`)
  }
}
