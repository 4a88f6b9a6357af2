import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { NodeFileSystem } from '../../../src/storage/node-file-system.js'
import { EventSegments } from '../../../src/storage/segments/event-segments.js'
import { ReadCache } from '../../../src/storage/segments/read-cache.js'
import type { TransactionRecord } from '../../../src/storage/segments/types.js'
import { SeededRandom } from '../../../src/storage/testing/seeded-random.js'
import { again, checkpoint, contentOf, counting, framePositions, MIB, newDisk, start } from './stores.js'
import { firstDifference, isSameRecord, Model, optionsOn, readFrom } from './transactions.js'

t.test(
  'what was appended is read back: by cursors, by positions, by scans, before and after a start',
  async t => {
    const size = fc.oneof(
      { weight: 20, arbitrary: fc.nat(400) },
      { weight: 1, arbitrary: fc.integer({ min: 50_000, max: 300_000 }) }
    )
    const transactions = fc.array(fc.array(size, { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 40
    })
    const shape = fc.record({
      segmentBytesMax: fc.oneof(
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 200_000, max: 900_000 })
      ),
      tailBytesMax: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400_000 })),
      flushEvery: fc.integer({ min: 1, max: 9 }),
      countMax: fc.integer({ min: 1, max: 50 }),
      bytesMax: fc.integer({ min: 0, max: 100_000 }),
      from: fc.nat(1000)
    })
    const property = fc.asyncProperty(
      transactions,
      shape,
      async (sizes, { flushEvery, countMax, bytesMax, from, ...limits }) => {
        const disk = newDisk()
        const model = new Model()
        const segments = await start(disk, limits)
        for (const [i, each] of sizes.entries()) {
          model.append(segments, each)
          if (i % flushEvery === 0) await segments.flush()
        }
        const token = from % model.events.length
        const verify = async (of: EventSegments) => {
          const read = await readFrom(of, token, { countMax, bytesMax })
          if (firstDifference(read, model.events.slice(token)) >= 0) return false
          for (const segment of new Set(model.locations.map(at => at.segment))) {
            const { positions, events } = contentOf(model, segment)
            const to = positions.length
            if (firstDifference(await of.eventsAt(segment, positions, 0, to), events) >= 0) return false
            const odd = positions.filter((_, i) => i % 3 === 1)
            const found = await of.eventsAt(segment, odd, 0, odd.length)
            if (
              firstDifference(
                found,
                events.filter((_, i) => i % 3 === 1)
              ) >= 0
            )
              return false
          }
          return true
        }
        const seen: TransactionRecord[] = []
        const copy = (record: TransactionRecord) =>
          void seen.push({ ...record, events: Buffer.from(record.events) })
        if (!(await verify(segments))) return false
        const at = await checkpoint(segments)
        if (!(await verify(segments))) return false
        for (const { segment } of segments.sealed()) await segments.scan(segment, copy)
        await segments.close()
        const reopened = await EventSegments.open(optionsOn(disk, limits), at, copy)
        if (
          seen.length !== model.records.length ||
          !seen.every((record, i) => isSameRecord(record, model.records[i]!))
        )
          return false
        if (!(await verify(reopened))) return false
        await reopened.close()
        return true
      }
    )
    await fc.assert(property, { numRuns: 60 })
    t.pass('holds for all samples')
  }
)

t.test('cursors keep up with appends, rolls, flushes and checkpoints, over every seam', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'segments-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const cache = new ReadCache({ bytesMax: 600_000 })
  const limits = { directory, cache, segmentBytesMax: 700_000, tailBytesMax: 50_000 }
  const segments = await EventSegments.open(optionsOn(new NodeFileSystem(), limits), undefined, () => {})
  const model = new Model()
  const random = new SeededRandom(11)
  let finished = false
  const follow = async (from: number, seed: number) => {
    const own = new SeededRandom(seed)
    const cursor = segments.cursor(from)
    let token = from
    while (!finished || token < model.events.length) {
      const run = await cursor.next(1 + own.below(200), own.below(100_000))
      if (run.firstToken !== token) throw new Error(`token ${run.firstToken} instead of ${token}`)
      for (const event of run.events) {
        if (!event.equals(model.events[token]!)) throw new Error(`event ${token} is not what was appended`)
        token++
      }
      if (run.events.length === 0 || own.chance(0.3)) await setImmediate()
    }
    cursor.close()
    return token
  }
  const followers = Array.from({ length: 20 }, (_, i) => follow(i % 3, i))
  let syncing: Promise<void> | undefined
  for (let i = 0; i < 3000; i++) {
    const size = random.chance(0.005) ? 200_000 : 400
    model.append(
      segments,
      Array.from({ length: 1 + random.below(5) }, () => random.below(size))
    )
    if (random.chance(0.2)) segments.flush().catch(error => t.fail(error))
    if (random.chance(0.02)) {
      await syncing
      syncing = segments.sync(segments.checkpointPosition())
    }
    if (random.chance(0.1))
      followers.push(...(followers.length < 60 ? [follow(random.below(model.events.length), i)] : []))
    if (random.chance(0.2)) await setImmediate()
  }
  await syncing
  finished = true
  for (const token of await Promise.all(followers)) t.equal(token, model.events.length)
  t.ok(segments.sealed().length > 3)
  t.ok(cache.stats.hits > 0 && cache.stats.misses > 0 && cache.stats.bytes <= 600_000)
  await segments.close()
})

t.test('a cursor reads its own segment from memory, from the cache, and from disk when it must', async t => {
  const disk = newDisk()
  const segments = await start(disk, { segmentBytesMax: 10 * MIB, tailBytesMax: 100_000 })
  const model = new Model()
  for (let i = 0; i < 3000; i++) model.append(segments, [400])
  const unwritten = segments.cursor(0).next(10, MIB)
  t.notOk(unwritten instanceof Promise, 'nothing is written yet: all of it is in memory')
  await segments.flush()
  t.notOk(segments.cursor(2990).next(5, MIB) instanceof Promise, 'the tail')
  t.ok(segments.cursor(0).next(5, MIB) instanceof Promise, 'the file')
  await segments.cursor(0).next(5, MIB)
  const cached = segments.cursor(3).next(5, MIB)
  t.notOk(cached instanceof Promise, 'the cache')
  t.same((await cached).events, model.events.slice(3, 8))
})

t.test('a cursor beyond the end waits there, one before the first event begins with it', async t => {
  const disk = newDisk()
  const segments = await start(disk)
  const model = new Model()
  const early = segments.cursor(5)
  t.same(await early.next(10, MIB), { firstToken: 5, events: [] })
  for (let i = 0; i < 8; i++) model.append(segments, [10])
  t.same(await early.next(10, MIB), { firstToken: 5, events: model.events.slice(5) })
  t.same(await segments.cursor(-3).next(2, MIB), { firstToken: 0, events: model.events.slice(0, 2) })
  t.same(await segments.cursor(0).next(8, 25), { firstToken: 0, events: model.events.slice(0, 2) })
  t.same(await segments.cursor(0).next(8, 0), { firstToken: 0, events: model.events.slice(0, 1) })
  early.close()
  model.append(segments, [10])
  t.same((await early.next(1, 1)).events, [], 'a closed cursor gives nothing')
  t.throws(() => segments.cursor(0).next(0, 1), /at least one event/)
})

t.test('a cursor that is closed while it reads gives nothing, and reads one run at a time', async t => {
  const disk = newDisk()
  const segments = await start(disk, { segmentBytesMax: 1000, tailBytesMax: 0 })
  const model = new Model()
  for (let i = 0; i < 20; i++) model.append(segments, [300])
  await checkpoint(segments)
  const cursor = segments.cursor(0)
  const reading = cursor.next(1, 1)
  t.ok(reading instanceof Promise)
  t.throws(() => cursor.next(1, 1), /one run at a time/)
  cursor.close()
  t.same((await reading).events, [])
})

t.test('a thousand cursors share reads, files and memory', async t => {
  const disk = newDisk()
  const cache = new ReadCache({ bytesMax: MIB, openFilesMax: 4, readsMax: 3 })
  const limits = { cache, segmentBytesMax: 200_000, tailBytesMax: 0 }
  const segments = await start(disk, limits)
  const model = new Model()
  for (let i = 0; i < 4000; i++) model.append(segments, [500])
  const at = await checkpoint(segments)
  await segments.close()
  const reopened = await again(disk, at, limits)
  t.ok(reopened.sealed().length > 8)
  const reads = counting(disk, 'read')
  const together = await Promise.all(Array.from({ length: 1000 }, () => reopened.cursor(0).next(10, MIB)))
  t.equal(reads.count, 2, 'one read of a block index, one of a block')
  t.ok(together.every(run => firstDifference(run.events, model.events.slice(0, 10)) < 0))
  const everywhere = Array.from({ length: 1000 }, async (_, i) => {
    const cursor = reopened.cursor(i * 4)
    for (let runs = 0; runs < 4; runs++) {
      const { firstToken, events } = await cursor.next(64, MIB)
      if (firstDifference(events, model.events.slice(firstToken, firstToken + events.length)) >= 0)
        return false
    }
    return cursor.token > i * 4 || i * 4 === model.events.length
  })
  t.ok((await Promise.all(everywhere)).every(Boolean))
  const { bytes, openFiles, waitingReads, hits, misses } = cache.stats
  t.ok(
    bytes <= MIB && openFiles <= 4 + 3 && waitingReads === 0 && hits > 0 && misses > 0,
    JSON.stringify(cache.stats)
  )
  await reopened.close()
  t.equal(cache.stats.entries, 0)
  t.equal(cache.stats.openFiles, 0)
})

t.test('a sequential reader finds the next blocks already read', async t => {
  const disk = newDisk()
  const limits = { segmentBytesMax: 4 * MIB, tailBytesMax: 0 }
  const segments = await start(disk, limits)
  const model = new Model()
  for (let i = 0; i < 12_000; i++) model.append(segments, [500])
  const at = await checkpoint(segments)
  await segments.close()
  const cache = new ReadCache()
  const reopened = await again(disk, at, { ...limits, cache })
  const cursor = reopened.cursor(0)
  let waits = 0
  for (;;) {
    const next = cursor.next(500, MIB)
    if (next instanceof Promise) waits++
    if ((await next).events.length === 0) break
    await setImmediate()
  }
  t.ok(waits <= 6, `${waits} waits for ${cache.stats.readsAhead} blocks read ahead`)
  t.ok(cache.stats.readsAhead > 30)
})

t.test('near positions are read together, far ones apart, long events to their end', async t => {
  const disk = newDisk()
  const model = new Model()
  const limits = { segmentBytesMax: 4 * MIB, tailBytesMax: 0 }
  const segments = await start(disk, limits)
  for (let i = 0; i < 6000; i++) model.append(segments, [i === 3000 ? 100_000 : 500])
  model.append(segments, [1])
  const at = await checkpoint(segments)
  const sealed = segments.sealed()
  await segments.close()
  t.equal(sealed.length, 0)
  const reopened = await again(disk, at, limits)
  const positions = model.records.map((_, i) => framePositions(model, i)[0]!)
  await reopened.cursor(0).next(1, 1)
  const reads = counting(disk, 'read')
  const readsOf = async (tokens: number[]) => {
    const before = reads.count
    const found = await reopened.eventsAt(
      0,
      tokens.map(token => positions[token]!),
      0,
      tokens.length
    )
    t.equal(
      firstDifference(
        found,
        tokens.map(token => model.events[token]!)
      ),
      -1
    )
    return reads.count - before
  }
  t.equal(await readsOf([1000, 1001, 1002, 1003, 1010, 1020]), 1, 'near')
  t.equal(await readsOf([1000, 2000, 4000]), 3, 'far')
  t.equal(await readsOf([3000]), 2, 'longer than was guessed')
  t.equal(await readsOf([2998, 2999, 3000, 3001]), 3, 'the long one in between')
  t.equal(await readsOf([3, 5]), 0, 'from the block that the cursor left in the cache')
  t.equal(await readsOf([5999, 6000]), 0, 'from the tail')
  t.equal(await readsOf([1000, 5999]), 1, 'over the seam')
  t.notOk(
    reopened.eventsAt(0, [positions[1000]!], 0, 1) instanceof Promise,
    'scanned at the start: in the page cache'
  )
  const many = positions.slice(1000, 2500).filter((_, i) => i % 40 === 0)
  t.ok(reopened.eventsAt(0, many, 0, many.length) instanceof Promise, 'too many for the event loop')
})
