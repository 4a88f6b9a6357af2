import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { StorageFullError } from '../../../src/storage/log-storage.js'
import { NodeFileSystem } from '../../../src/storage/node-file-system.js'
import { EventSegments } from '../../../src/storage/segments/event-segments.js'
import { RECORD_HEADER_BYTES } from '../../../src/storage/segments/record-header.js'
import type { SegmentCheckpoint } from '../../../src/storage/segments/types.js'
import { SeededRandom } from '../../../src/storage/testing/seeded-random.js'
import { again, checkpoint, FRAME, fileOf, MIB, newDisk, start } from './stores.js'
import { DIRECTORY, firstDifference, Model, optionsOn, readFrom } from './transactions.js'

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

t.test('a segment that becomes full during a sync is written and synced to its end', async t => {
  const disk = newDisk()
  const segments = await start(disk)
  const model = new Model()
  model.append(segments, [1000])
  disk.injectFault(operation => {
    if (operation === 'sync' && model.records.length < 4)
      for (let i = 0; i < 3; i++) model.append(segments, [2000])
    return undefined
  })
  await checkpoint(segments)
  t.ok(segments.stats.unwrittenBytes > 0 && segments.sealed().length > 0)
  t.equal(firstDifference(await readFrom(segments, 0), model.events), -1)
  const at = await checkpoint(segments)
  await segments.close()
  const reopened = await again(disk, at)
  t.equal(firstDifference(await readFrom(reopened, 0), model.events), -1)
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
