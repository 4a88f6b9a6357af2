import fc from 'fast-check'
import t from 'tap'
import { AggregateIndex } from '../../src/eventstore/index/aggregate-index.js'
import {
  decodeMarker,
  decodeRun,
  encodeMarker,
  encodeRun,
  NO_TIMESTAMP,
  SegmentIndex
} from '../../src/eventstore/index/segment-index.js'
import { TimeIndex } from '../../src/eventstore/index/time-index.js'
import { aggregateBucket, contextBucket, encodeOrdered, KeyKind } from '../../src/eventstore/state/keys.js'
import { MemoryKeyValueStore } from '../../src/storage/index.js'

t.test('a run survives encoding', t => {
  const run = fc.record({
    firstSequence: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    gaps: fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength: 50 })
  })
  fc.assert(
    fc.property(run, ({ firstSequence, gaps }) => {
      let position = 0
      const positions = gaps.map(gap => (position += gap))
      t.same(decodeRun(7, encodeRun({ firstSequence, positions })), { segment: 7, firstSequence, positions })
    })
  )
  t.end()
})

t.test('keys order like the numbers in them, and one aggregate id never covers another', t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      (a, b) => {
        t.equal(Math.sign(Buffer.compare(encodeOrdered(a), encodeOrdered(b))), Math.sign(a - b))
      }
    )
  )
  const short = aggregateBucket(KeyKind.aggregateRun, 1, 'a')
  const long = aggregateBucket(KeyKind.aggregateRun, 1, 'ab')
  t.not(long.subarray(0, short.length).compare(short), 0)
  t.end()
})

t.test('the first event that reaches an instant is found although timestamps jump', t => {
  const timestamps = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(
      timestamps,
      fc.array(fc.integer({ min: 1, max: 299 })),
      fc.integer({ min: -60, max: 60 }),
      (times, cuts, instant) => {
        const { index, inMemory } = segmented(times, new Set(cuts))
        const start = index.searchFrom(instant, inMemory)
        const expected = times.findIndex(time => time >= instant)
        if (expected < 0) t.equal(start, undefined)
        else {
          t.ok(start !== undefined && start <= expected, `${start} is not behind ${expected}`)
          t.equal(times.slice(start).findIndex(time => time >= instant) + start!, expected)
        }
      }
    )
  )
  t.end()
})

function segmented(times: readonly number[], cuts: ReadonlySet<number>) {
  const segments = [new SegmentIndex(0, NO_TIMESTAMP)]
  times.forEach((time, token) => {
    if (cuts.has(token)) segments.push(new SegmentIndex(token, segments.at(-1)!.timestampMaxMs))
    segments.at(-1)!.add(undefined, 0, time, 0)
  })
  const sealed = segments.slice(0, -1).map(segment => decodeMarker(segment.segment, encodeMarker(segment)))
  return { index: new TimeIndex(sealed), inMemory: segments.slice(-1) }
}

t.test(
  'an aggregate is found in memory, in segments that wait for a checkpoint, and in the store',
  async t => {
    const store = new MemoryKeyValueStore()
    await store.open()
    const index = new AggregateIndex(
      { keySpace: 1, store, knownMax: 10 },
      new SegmentIndex(0, NO_TIMESTAMP),
      false
    )
    t.equal(index.highestSequence('a'), -1)
    index.add('a', 0, 1, 100)
    index.add('a', 1, 1, 200)
    index.roll(2)
    index.add('b', 0, 1, 100)
    t.equal(index.highestSequence('a'), 1)
    await writePending(index, store)
    t.equal(index.highestSequence('a'), undefined, 'has to be loaded')
    await index.load(['a', 'c'])
    t.equal(index.highestSequence('a'), 1)
    t.equal(index.highestSequence('c'), -1)
    t.equal(index.highestSequence('b'), 0)
    index.add('a', 2, 1, 300)
    t.equal(index.highestSequence('a'), 2)
    t.same(
      (await index.runs('a', 0)).map(run => [run.segment, run.firstSequence, run.positions]),
      [
        [0, 0, [100, 200]],
        [2, 2, [300]]
      ]
    )
    t.same((await index.runs('a', 2)).length, 1, 'older segments are not read when they are not needed')
  }
)

t.test(
  'what was loaded is forgotten when the aggregate goes on, so that no old answer comes back later',
  async t => {
    const store = new MemoryKeyValueStore()
    await store.open()
    const index = new AggregateIndex(
      { keySpace: 1, store, knownMax: 10 },
      new SegmentIndex(0, NO_TIMESTAMP),
      false
    )
    index.add('a', 0, 1, 0)
    index.roll(1)
    await writePending(index, store)
    await index.load(['a'])
    index.add('a', 1, 1, 0)
    index.roll(2)
    await writePending(index, store)
    await index.load(['a'])
    t.equal(index.highestSequence('a'), 1)
  }
)

t.test('a load that a checkpoint overtakes reads again', async t => {
  const store = new MemoryKeyValueStore()
  await store.open()
  const index = new AggregateIndex(
    { keySpace: 1, store, knownMax: 10 },
    new SegmentIndex(0, NO_TIMESTAMP),
    true
  )
  const getMany = store.getMany.bind(store)
  let isFirst = true
  store.getMany = async keys => {
    const values = await getMany(keys)
    if (isFirst) {
      isFirst = false
      index.add('a', 0, 1, 0)
      index.roll(1)
      await writePending(index, store)
    }
    return values
  }
  await index.load(['a'])
  t.equal(index.highestSequence('a'), 0)
})

t.test('the number of aggregates known from the store is bounded', async t => {
  const store = new MemoryKeyValueStore()
  await store.open()
  const index = new AggregateIndex(
    { keySpace: 1, store, knownMax: 10 },
    new SegmentIndex(0, NO_TIMESTAMP),
    true
  )
  const ids = Array.from({ length: 30 }, (_, i) => `aggregate-${i}`)
  await index.load(ids)
  t.equal(
    ids.filter(id => index.highestSequence(id) === -1).length,
    30,
    'kept until the apply that needs them'
  )
  index.trim()
  t.equal(ids.filter(id => index.highestSequence(id) === -1).length, 10)
})

async function writePending(index: AggregateIndex, store: MemoryKeyValueStore): Promise<void> {
  const batch = store.batch()
  for (const pending of index.pending) {
    for (const [id, run] of pending.runs()) {
      batch.put(
        Buffer.concat([aggregateBucket(KeyKind.aggregateRun, 1, id), encodeOrdered(pending.segment)]),
        encodeRun(run)
      )
      const key = Buffer.concat([contextBucket(KeyKind.highestSequence, 1), Buffer.from(id)])
      batch.put(key, encodeOrdered(run.firstSequence + run.positions.length - 1))
    }
  }
  await batch.write({ sync: true })
  index.forgetPending(index.pending.length)
}
