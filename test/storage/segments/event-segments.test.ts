import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { StorageDamagedError, StorageFullError } from '../../../src/storage/log-storage.js'
import { NodeFileSystem } from '../../../src/storage/node-file-system.js'
import { BLOCK_BYTES } from '../../../src/storage/segments/block-index.js'
import { EventSegments, type EventSegmentsOptions } from '../../../src/storage/segments/event-segments.js'
import { ReadCache } from '../../../src/storage/segments/read-cache.js'
import { RECORD_HEADER_BYTES } from '../../../src/storage/segments/record-header.js'
import { TRAILER_BYTES } from '../../../src/storage/segments/segment-footer.js'
import type { SegmentCheckpoint, TransactionRecord } from '../../../src/storage/segments/types.js'
import { FaultyFileSystem, type Operation } from '../../../src/storage/testing/faulty-file-system.js'
import { SeededRandom } from '../../../src/storage/testing/seeded-random.js'
import {
  DIRECTORY,
  eventOf,
  firstDifference,
  isSameRecord,
  Model,
  optionsOn,
  readFrom
} from './transactions.js'

const MIB = 1024 * 1024
const FRAME = 8

function newDisk(): FaultyFileSystem {
  return new FaultyFileSystem({ seed: 1 })
}

function start(disk: FaultyFileSystem, changes: Partial<EventSegmentsOptions> = {}): Promise<EventSegments> {
  return EventSegments.open(optionsOn(disk, changes), undefined, () => {})
}

function again(
  disk: FaultyFileSystem,
  checkpoint: SegmentCheckpoint,
  changes: Partial<EventSegmentsOptions> = {}
): Promise<EventSegments> {
  return EventSegments.open(optionsOn(disk, changes), checkpoint, () => {})
}

async function checkpoint(segments: EventSegments): Promise<SegmentCheckpoint> {
  const at = segments.checkpointPosition()
  await segments.sync(at)
  return at
}

function fileOf(segment: number): string {
  return `${DIRECTORY}/${String(segment).padStart(20, '0')}.events`
}

/** Counts the operations of one kind from now on. */
function counting(disk: FaultyFileSystem, kind: Operation): { count: number } {
  const counter = { count: 0 }
  disk.injectFault(operation => {
    if (operation === kind) counter.count++
    return undefined
  })
  return counter
}

/** Positions of the frames of a record's events. */
function framePositions(model: Model, record: number): number[] {
  const { events, count } = model.records[record]!
  const positions: number[] = []
  let position = model.locations[record]!.position + RECORD_HEADER_BYTES
  let offset = 0
  for (let i = 0; i < count; i++) {
    positions.push(position)
    const length = FRAME + events.readUInt32BE(offset)
    offset += length
    position += length
  }
  return positions
}

/** Every event of one segment: positions and what stands there. */
function contentOf(model: Model, segment: number): { positions: number[]; events: Buffer[] } {
  const positions: number[] = []
  const events: Buffer[] = []
  model.records.forEach((record, i) => {
    if (model.locations[i]!.segment !== segment) return
    positions.push(...framePositions(model, i))
    events.push(...model.events.slice(record.firstToken, record.firstToken + record.count))
  })
  return { positions, events }
}

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

t.test('a record that fits exactly stays, one byte more begins a segment', async t => {
  const recordBytes = RECORD_HEADER_BYTES + FRAME + 100
  for (const [extra, sealed] of [
    [0, 0],
    [-1, 1]
  ] as const) {
    const segments = await start(newDisk(), { segmentBytesMax: recordBytes * 2 + extra })
    const model = new Model()
    model.append(segments, [100])
    const second = model.append(segments, [100])
    t.equal(segments.sealed().length, sealed)
    t.same(second, sealed === 0 ? { segment: 0, position: recordBytes } : { segment: 1, position: 0 })
    t.equal(segments.activeSegment, sealed)
    const third = model.append(segments, [0])
    t.equal(third.segment, sealed === 0 ? 2 : 1)
    t.equal(firstDifference(await readFrom(segments, 0), model.events), -1)
  }
})

t.test('a transaction longer than a segment has one of its own', async t => {
  const disk = newDisk()
  const model = new Model()
  const segments = await start(disk, { segmentBytesMax: 1000 })
  model.append(segments, [10])
  t.same(model.append(segments, [900, 900, 900]), { segment: 1, position: 0 })
  t.same(model.append(segments, [10]), { segment: 4, position: 0 })
  const at = await checkpoint(segments)
  t.same(
    segments.sealed().map(({ segment, lastToken }) => [segment, lastToken]),
    [
      [0, 0],
      [1, 3]
    ]
  )
  t.equal(segments.sealed()[1]!.length, disk.contentOf(fileOf(1)).length)
  await segments.close()
  const reopened = await again(disk, at, { segmentBytesMax: 1000 })
  t.equal(firstDifference(await readFrom(reopened, 0), model.events), -1)
})

t.test('files depend on what was appended alone, not on when it was written', async t => {
  const contents = []
  for (const flushEvery of [1, 7, 1000]) {
    const disk = newDisk()
    const random = new SeededRandom(5)
    const model = new Model()
    let segments = await start(disk, { segmentBytesMax: 300_000 })
    for (let i = 0; i < 300; i++) {
      model.append(
        segments,
        Array.from({ length: 1 + random.below(9) }, () => random.below(1500))
      )
      if (i % flushEvery === 0) await segments.flush()
      if (i !== 150) continue
      const at = await checkpoint(segments)
      await segments.close()
      segments = await again(disk, at, { segmentBytesMax: 300_000 })
    }
    await segments.close()
    contents.push(new Map(disk.paths.map(path => [path, disk.contentOf(path).toString('base64')])))
  }
  t.ok(contents[0]!.size > 3)
  t.same(contents[0], contents[1])
  t.same(contents[0], contents[2])
})

t.test('a start at any checkpoint gives what was there then', async t => {
  const disk = newDisk()
  const model = new Model()
  const segments = await start(disk)
  const checkpoints: SegmentCheckpoint[] = [await checkpoint(segments)]
  for (let i = 0; i < 60; i++) {
    model.append(segments, [i * 9, 20])
    if (i % 2 === 0) checkpoints.push(await checkpoint(segments))
  }
  await segments.close()
  for (const at of checkpoints.reverse()) {
    const reopened = await again(disk, at)
    model.cut(at.nextToken)
    t.same(reopened.checkpointPosition(), at)
    t.equal(firstDifference(await readFrom(reopened, 0), model.events), -1, `checkpoint at ${at.nextToken}`)
    await reopened.close()
  }
  t.equal(disk.paths.length, 0, 'nothing was checkpointed at the first one')
})

t.test('leftovers above the checkpoint go, other files stay', async t => {
  const disk = newDisk()
  const segments = await start(disk)
  const model = new Model()
  for (let i = 0; i < 5; i++) model.append(segments, [1000])
  const at = await checkpoint(segments)
  const before = disk.paths.map(path => disk.contentOf(path))
  for (let i = 0; i < 20; i++) model.append(segments, [1000])
  await segments.flush()
  const notes = await disk.open(`${DIRECTORY}/notes.txt`, 'create')
  await notes.write([Buffer.from('mine')], 0)
  const active = await disk.open(fileOf(at.segment), 'write')
  await active.write([Buffer.from('torn')], at.length + 50)
  const reopened = await again(disk, at)
  t.same(
    disk.paths.filter(path => path.endsWith('.events')).map(path => disk.contentOf(path)),
    before
  )
  t.ok(await disk.exists(`${DIRECTORY}/notes.txt`))
  await reopened.close()
  const fresh = await start(disk)
  t.same(disk.paths, [`${DIRECTORY}/notes.txt`], 'without a checkpoint nothing was ever confirmed')
  t.equal(fresh.nextToken, 0)
})

t.test('damage below the checkpoint is refused in words, and changes nothing', async t => {
  const disk = newDisk()
  const segments = await start(disk, { segmentBytesMax: MIB })
  const model = new Model()
  for (let i = 0; i < 4; i++) model.append(segments, [30, 0, 600])
  const at = await checkpoint(segments)
  await segments.close()
  const path = fileOf(0)
  const refused = async (label: string) => {
    const before = disk.contentOf(path)
    const error: unknown = await again(disk, at).then(
      () => undefined,
      error => error
    )
    if (!(error instanceof StorageDamagedError)) t.fail(`${label}: ${error}`)
    else if (!/00000000000000000000\.events is damaged at byte \d+: .+ backup/.test(error.message))
      t.fail(error.message)
    if (!disk.contentOf(path).equals(before)) t.fail(`${label}: the file was changed`)
  }
  for (let offset = 0; offset < at.length; offset += 3) {
    disk.flipBit(path, offset, offset % 8)
    await refused(`bit at byte ${offset}`)
    disk.flipBit(path, offset, offset % 8)
  }
  const whole = disk.contentOf(path)
  for (let offset = 0; offset < at.length; offset += 97) {
    const length = Math.min(512, at.length - offset)
    disk.zero(path, offset, length)
    await refused(`zeroes at byte ${offset}`)
    const file = await disk.open(path, 'write')
    await file.write([whole], 0)
    await file.truncate(offset)
    await refused(`a file of ${offset} bytes`)
    await file.write([whole], 0)
  }
  const other = { ...at, nextToken: at.nextToken + 1 }
  await t.rejects(again(disk, other), {
    name: 'StorageDamagedError',
    message: /ends before token 12, the checkpoint says 13/
  })
  await disk.remove(path)
  await t.rejects(again(disk, at), { name: 'StorageDamagedError', message: /the file is not there/ })
})

t.test(
  'damage in a full segment fails what reads it, never gives wrong data, and leaves the others alone',
  async t => {
    const disk = newDisk()
    const segments = await start(disk)
    const model = new Model()
    for (let i = 0; i < 24; i++) model.append(segments, [300, 0, 50])
    const at = await checkpoint(segments)
    const sealed = segments.sealed()
    await segments.close()
    t.ok(sealed.length >= 2)
    const second = sealed[1]!
    const path = fileOf(second.segment)
    const { positions, events } = contentOf(model, second.segment)
    const dataLength = model.locations.findIndex(each => each.segment > second.segment)
    const dataEnd = framePositions(model, dataLength - 1).at(-1)! + FRAME + 50
    for (let offset = 0; offset < second.length; offset++) {
      disk.flipBit(path, offset, offset % 8)
      const damagedStore = await again(disk, at)
      const words = { name: 'StorageDamagedError', message: new RegExp(`${path} is damaged`) }
      const reading = readFrom(damagedStore, second.segment)
      if (await isDamage(reading, words.message)) {
        if (offset < dataEnd || offset >= second.length - TRAILER_BYTES) {
          if (
            !(await isDamage(
              damagedStore.scan(second.segment, () => {}),
              words.message
            ))
          )
            t.fail(`scan, byte ${offset}`)
        }
      } else t.fail(`cursor, byte ${offset}`)
      const others = await readFrom(damagedStore, second.lastToken + 1)
      if (firstDifference(others, model.events.slice(second.lastToken + 1)) >= 0)
        t.fail(`others, byte ${offset}`)
      for (const [i, position] of positions.entries()) {
        const found = await Promise.resolve(damagedStore.eventsAt(second.segment, positions, i, i + 1)).catch(
          error => error
        )
        const end = position + FRAME + events[i]!.length
        if (offset >= position && offset < end) {
          if (!(found instanceof StorageDamagedError)) t.fail(`event ${i}, byte ${offset}`)
        } else if (!(Array.isArray(found) && found[0].equals(events[i])))
          t.fail(`event ${i}, byte ${offset}: ${found}`)
      }
      await damagedStore.close()
      disk.flipBit(path, offset, offset % 8)
    }
    await disk.remove(path)
    const words = { name: 'StorageDamagedError', message: /a file is missing or misnamed/ }
    await t.rejects(again(disk, at), words, 'a missing file is told at the start')
  }
)

async function isDamage(reading: Promise<unknown>, message: RegExp): Promise<boolean> {
  return reading.then(
    () => false,
    error => error instanceof StorageDamagedError && message.test(error.message)
  )
}

t.test('a position where no event begins is refused', async t => {
  const segments = await start(newDisk(), { segmentBytesMax: MIB })
  const model = new Model()
  for (let i = 0; i < 500; i++) model.append(segments, [700])
  await segments.flush()
  for (const position of [
    0,
    3,
    framePositions(model, 2)[0]! + 1,
    framePositions(model, 499)[0]! + 1,
    900_000
  ]) {
    await t.rejects(async () => segments.eventsAt(0, [position], 0, 1), StorageDamagedError, `${position}`)
  }
  await t.rejects(async () => segments.eventsAt(77, [0], 0, 1), /there is no event segment 77/)
})

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

t.test('the tail is bounded once it is written, and what is not written stays', async t => {
  const segments = await start(newDisk(), { segmentBytesMax: 10 * MIB, tailBytesMax: 200_000 })
  const model = new Model()
  for (let i = 0; i < 2000; i++) model.append(segments, [400])
  const { unwrittenBytes, tailBytes, bytes } = segments.stats
  t.equal(unwrittenBytes, 2000 * (RECORD_HEADER_BYTES + FRAME + 400))
  t.equal(tailBytes, unwrittenBytes)
  t.equal(bytes, unwrittenBytes)
  await segments.flush()
  t.equal(segments.stats.unwrittenBytes, 0)
  t.ok(
    segments.stats.tailBytes <= 200_000 && segments.stats.tailBytes > 150_000,
    `${segments.stats.tailBytes}`
  )
  const none = await start(newDisk(), { segmentBytesMax: 10 * MIB, tailBytesMax: 0 })
  for (let i = 0; i < 2000; i++) new Model().transaction([1])
  const small = new Model()
  for (let i = 0; i < 2000; i++) small.append(none, [400])
  await none.flush()
  t.ok(none.stats.tailBytes < BLOCK_BYTES + 500, 'at least the youngest block stays')
  t.equal(firstDifference(await readFrom(none, 0), small.events), -1)
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

t.test('a full disk loses nothing: all stays readable, and the next flush writes it', async t => {
  const disk = newDisk()
  const segments = await start(disk)
  const model = new Model()
  for (let i = 0; i < 10; i++) model.append(segments, [500])
  await segments.flush()
  disk.spaceBytes = 8000
  for (let i = 0; i < 30; i++) model.append(segments, [500])
  for (let i = 0; i < 3; i++) {
    await t.rejects(segments.flush(), { name: 'StorageFullError', message: /No room .+ free space/ })
    model.append(segments, [500])
  }
  await t.rejects(segments.sync(segments.checkpointPosition()), StorageFullError)
  t.ok(segments.stats.unwrittenBytes > 0)
  t.equal(firstDifference(await readFrom(segments, 0), model.events), -1)
  disk.spaceBytes = MIB
  const at = await checkpoint(segments)
  t.equal(segments.stats.unwrittenBytes, 0)
  await segments.close()
  const reopened = await again(disk, at)
  t.equal(firstDifference(await readFrom(reopened, 0), model.events), -1)
})

t.test('a failed sync is final', async t => {
  const disk = newDisk()
  const segments = await start(disk)
  new Model().append(segments, [5])
  const failure = new Error('the disk is gone')
  disk.injectFault(operation => (operation === 'sync' ? failure : undefined))
  await t.rejects(checkpoint(segments), failure)
  disk.injectFault(undefined)
  await t.rejects(checkpoint(segments), failure)
  await t.rejects(segments.flush(), failure)
  await segments.close()
})

t.test('flushes that wait share one write, and a sync writes what it has to', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'segments-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const segments = await EventSegments.open(
    optionsOn(new NodeFileSystem(), { directory }),
    undefined,
    () => {}
  )
  const model = new Model()
  const first = model.append(segments, [100_000])
  t.equal(first.position, 0)
  const one = segments.flush()
  model.append(segments, [100_000])
  const two = segments.flush()
  model.append(segments, [100_000])
  t.equal(segments.flush(), two)
  await one
  await two
  t.equal(segments.stats.unwrittenBytes, 0)
  const at = segments.checkpointPosition()
  model.append(segments, [50])
  await segments.sync(at)
  const files = await readdir(directory)
  t.equal(files.length, 4)
  t.ok((await readFile(join(directory, files[2]!))).length > 100_000)
  await segments.close()
})

t.test('removing leaves nothing behind, and nobody else out', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'segments-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  for (const foreign of [false, true]) {
    const fs = new NodeFileSystem()
    const own = join(directory, 'orders')
    await mkdir(own, { recursive: true })
    if (foreign) await writeFile(join(own, 'notes.txt'), 'mine')
    const segments = await EventSegments.open(optionsOn(fs, { directory: own }), undefined, () => {})
    const model = new Model()
    for (let i = 0; i < 20; i++) model.append(segments, [900])
    await segments.sync(segments.checkpointPosition())
    await readFrom(segments, 0)
    await segments.remove()
    t.same(await readdir(foreign ? own : directory), foreign ? ['notes.txt'] : [])
    t.throws(() => model.append(segments, [1]))
  }
})

t.test('a transaction that does not fit is refused and changes nothing', async t => {
  const segments = await start(newDisk())
  const model = new Model()
  model.append(segments, [10, 20])
  const record = model.transaction([30, 40])
  const before = JSON.stringify([segments.checkpointPosition(), segments.stats])
  t.throws(() => segments.append({ ...record, firstToken: 3 }), /without a gap/)
  t.throws(() => segments.append({ ...record, count: 1 }), /run of `count` frames/)
  t.throws(() => segments.append({ ...record, events: record.events.subarray(1) }), /run of `count` frames/)
  t.throws(() => segments.append({ ...record, count: 0, events: Buffer.alloc(0) }), /run of `count` frames/)
  t.equal(JSON.stringify([segments.checkpointPosition(), segments.stats]), before)
  segments.append(record)
  t.equal(firstDifference(await readFrom(segments, 0), model.events), -1)
})

t.test('a start gives the event loop its turn', async t => {
  const disk = newDisk()
  const segments = await start(disk, { segmentBytesMax: 64 * MIB })
  let token = 0
  const small = new Model().transaction(Array.from({ length: 1000 }, () => 4))
  for (let i = 0; i < 100; i++) {
    segments.append({ ...small, firstToken: token })
    token += small.count
  }
  const at = await checkpoint(segments)
  await segments.close()
  let turns = 0
  let opened = false
  const count = async () => {
    while (!opened) {
      turns++
      await setImmediate()
    }
  }
  const counted = count()
  await again(disk, at, { segmentBytesMax: 64 * MIB })
  opened = true
  await counted
  t.ok(turns >= 100_000 / 10_000, `${turns} turns`)
})

t.test('a segment of another format says that a newer version may have written it', async t => {
  const disk = newDisk()
  const segments = await start(disk)
  new Model().append(segments, [5])
  const at = await checkpoint(segments)
  await segments.close()
  const file = await disk.open(fileOf(0), 'write')
  await file.write([Buffer.from([9])], 1)
  await t.rejects(again(disk, at), /names format 9, as a newer version may write/)
})

t.test('events are views of one read, not to be confused with copies', async t => {
  const segments = await start(newDisk())
  const model = new Model()
  model.append(segments, [10, 20])
  const { events } = await segments.cursor(0).next(2, MIB)
  t.equal(events[0]!.buffer, model.records[0]!.events.buffer, 'the very buffer that was appended')
  t.same(events[1], eventOf(1, 20))
})
