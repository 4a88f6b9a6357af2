import t from 'tap'
import { sameSegment, verifySegment } from '../../../src/storage/segments/segment-summary.js'
import { again, checkpoint, fileOf, newDisk, start } from './stores.js'
import { Model } from './transactions.js'

t.test('any change of a file, its footer included, makes it another segment than was announced', async t => {
  const disk = newDisk()
  const segments = await start(disk)
  const model = new Model()
  for (let i = 0; i < 24; i++) model.append(segments, [300, 0, 50])
  await checkpoint(segments)
  const full = segments.summaries()[0]!
  const path = fileOf(full.segment)
  await verifySegment(disk, path, full)
  const whole = disk.contentOf(path)
  t.equal(whole.length, full.fileLength)
  for (let offset = 0; offset < whole.length; offset += offset < full.dataLength ? 13 : 1) {
    disk.flipBit(path, offset, offset % 8)
    const noticed = await verifySegment(disk, path, full).then(
      () => false,
      () => true
    )
    if (!noticed) t.fail(`byte ${offset}`)
    disk.flipBit(path, offset, offset % 8)
  }
  const file = await disk.open(path, 'write')
  for (const length of [0, 100, full.dataLength, full.fileLength - 1]) {
    await file.truncate(length)
    await t.rejects(verifySegment(disk, path, full), { name: 'StorageDamagedError' })
    await file.write([whole], 0)
  }
  await verifySegment(disk, path, full)
  const next = segments.summaries()[1]!
  await t.rejects(verifySegment(disk, path, { ...next, segment: full.segment, fileLength: full.fileLength }))
  await segments.close()
})

t.test('the summaries of segments are the same after a start, but for a footer that is damaged', async t => {
  const disk = newDisk()
  const segments = await start(disk)
  const model = new Model()
  for (let i = 0; i < 40; i++) model.append(segments, [300, 0, 50])
  const at = await checkpoint(segments)
  const before = segments.summaries()
  t.ok(before.length > 3)
  const digest = await segments.digest(segments.nextToken)
  await segments.close()
  const reopened = await again(disk, at)
  t.same(reopened.summaries(), before)
  t.ok(reopened.summaries().every((summary, i) => sameSegment(summary, before[i]!)))
  t.equal(await reopened.digest(reopened.nextToken), digest)
  await reopened.close()
  disk.flipBit(fileOf(before[1]!.segment), before[1]!.fileLength - 3, 1)
  const damaged = await again(disk, at)
  t.equal(damaged.summaries().length, before.length - 1)
  await damaged.close()
})
