import t from 'tap'
import type { Entry } from '../../../src/consensus/core/index.js'
import { LogCache } from '../../../src/consensus/driver/log-cache.js'
import { LIMITS_DEFAULTS, type Limits } from '../../../src/consensus/driver/options.js'
import { StoredLog } from '../../../src/consensus/driver/stored-log.js'
import { HeldLog } from './held-log.js'

const entries = (from: number, to: number, term = 1, bytes = 100): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    index: from + i,
    term,
    kind: 0,
    data: Buffer.alloc(bytes)
  }))
const indexes = (found: readonly Entry[] | undefined) => found?.map(({ index }) => index)
const settled = () => new Promise(resolve => setImmediate(resolve))

async function stored(count: number, limits: Partial<Limits> = {}) {
  const log = new HeldLog()
  await log.append([{ group: 1, entries: entries(1, count), hardState: { term: 1, vote: 0, commit: 0 } }])
  const cache = new LogCache(log, { ...LIMITS_DEFAULTS, ...limits })
  let loaded = 0
  const failures: unknown[] = []
  const open = (group = 1) =>
    new StoredLog({
      group,
      log,
      cache,
      snapshot: () => undefined,
      loaded: () => loaded++,
      failed: error => failures.push(error)
    })
  return { log, cache, view: open(), open, failures, loaded: () => loaded }
}

t.test('what is not in memory is read in the background, once, in pieces', async t => {
  const { view, log, loaded } = await stored(50, { loadBytesMax: 1000 })
  t.equal(view.entries(5, 51, 10_000), undefined)
  t.equal(view.entries(5, 51, 10_000), undefined)
  await settled()
  t.equal(loaded(), 1)
  t.equal(log.reads.length, 1)
  t.same(indexes(view.entries(5, 51, 10_000)), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
  t.same(indexes(view.entries(9, 11, 10_000)), [9, 10])
  t.equal(view.entries(5, 51, 1)!.length, 1, 'at least one')
  t.equal(view.term(50), 1)
  t.equal(view.term(51), undefined)
})

t.test('what is handed to the writer is there at once, and replaces what follows', async t => {
  const { view } = await stored(10)
  view.put(entries(11, 15, 2))
  t.equal(view.lastIndex(), 15)
  view.put(entries(8, 9, 3))
  t.equal(view.lastIndex(), 9)
  t.equal(view.term(8), 3)
  t.equal(view.term(10), undefined)
  t.equal(view.term(7), 1)
  t.same(indexes(view.entries(8, 10, 10_000)), [8, 9])
})

t.test('a piece that was truncated while it was being read is not used', async t => {
  const { view, log, loaded } = await stored(10)
  log.holdReads()
  t.equal(view.entries(3, 11, 10_000), undefined)
  view.put(entries(5, 6, 2))
  log.releaseReads()
  await settled()
  t.equal(loaded(), 1, 'the core asks again')
  t.equal(view.entries(3, 7, 10_000), undefined)
  await settled()
  t.same(
    view.entries(3, 5, 10_000)?.map(({ index, term }) => `${index}/${term}`),
    ['3/1', '4/1']
  )
})

t.test('the memory of all groups is bounded; what is not stored and applied is never dropped', async t => {
  const { cache, open } = await stored(1, { cacheBytesMax: 20_000 })
  const views = [open(1), open(2), open(3)]
  for (const view of views) view.put(entries(view.lastIndex() + 1, view.lastIndex() + 100))
  t.ok(cache.bytes > 50_000, 'nothing could be dropped')
  views[0]!.settle(101, 0)
  views[1]!.settle(50, 0)
  views[2]!.put(entries(101, 101))
  t.ok(cache.evictions > 0)
  t.equal(views[0]!.bytes, 0)
  t.equal(views[1]!.entries(51, 60, 10_000)?.length, 9)
  t.equal(views[2]!.entries(1, 10, 10_000)?.length, 9)
  for (const view of views) view.close()
  t.equal(cache.bytes, 0)
})

t.test('so many reads at the same time, and no more', async t => {
  const { log, cache, open } = await stored(50, { loadsMax: 2 })
  const views = [open(), open(), open(), open()]
  log.holdReads()
  for (const view of views) view.entries(1, 51, 100)
  await settled()
  t.equal(cache.waitingLoads, 2)
  log.releaseReads()
  await settled()
  await settled()
  t.equal(cache.waitingLoads, 0)
  for (const view of views) t.ok(view.entries(1, 51, 100))
})

t.test('pieces that were read take their share of the memory, the oldest go first', async t => {
  const { cache, view } = await stored(100, { loadBytesMax: 1000, cacheBytesMax: 20_000 })
  for (const from of [1, 20, 40, 60, 80]) {
    view.entries(from, 101, 10_000)
    await settled()
  }
  t.ok(cache.bytes <= 5000, `${cache.bytes}`)
  t.ok(view.entries(80, 101, 10_000))
  t.equal(view.entries(1, 101, 10_000), undefined)
})

t.test('a read that fails is told', async t => {
  const { view, log, failures } = await stored(10)
  log.entries = () => Promise.reject(new Error('damaged'))
  view.entries(1, 11, 1000)
  await settled()
  t.match(failures, [{ message: 'damaged' }])
})
