import t from 'tap'
import { StorageDamagedError } from '../../../src/storage/log-storage.js'
import { RECORD_HEADER_BYTES } from '../../../src/storage/segments/record-header.js'
import { TRAILER_BYTES } from '../../../src/storage/segments/segment-footer.js'
import type { SegmentCheckpoint } from '../../../src/storage/segments/types.js'
import { again, checkpoint, contentOf, FRAME, fileOf, framePositions, MIB, newDisk, start } from './stores.js'
import { firstDifference, Model, readFrom } from './transactions.js'

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
  await t.rejects(again(disk, { ...at, recordsCrc: at.recordsCrc! ^ 1 }), {
    name: 'StorageDamagedError',
    message: /holds other records than the checkpoint says/
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

t.test('events that changed places within their transaction are noticed', async t => {
  for (const sealed of [false, true]) {
    const disk = newDisk()
    const segments = await start(disk)
    const model = new Model()
    model.append(segments, [700, 700, 700])
    if (sealed) for (let i = 0; i < 3; i++) model.append(segments, [3000])
    const at = await checkpoint(segments)
    await segments.close()
    const file = await disk.open(fileOf(0), 'write')
    const frames = model.records[0]!.events
    const swapped = [frames.subarray(708, 1416), frames.subarray(0, 708)]
    await file.write(swapped, RECORD_HEADER_BYTES)
    if (!sealed) await t.rejects(again(disk, at), /are not those that were written/)
    else {
      const reopened = await again(disk, at)
      await t.rejects(readFrom(reopened, 0), /are not those that were written/)
      await t.rejects(
        reopened.scan(0, () => {}),
        /are not those that were written/
      )
    }
  }
})

t.test('a record of another history, valid in itself, does not match the footer', async t => {
  const disks = [newDisk(), newDisk()]
  const checkpoints: SegmentCheckpoint[] = []
  for (const [i, disk] of disks.entries()) {
    const segments = await start(disk)
    const model = new Model()
    const first = model.transaction([500])
    segments.append({ ...first, logTerm: first.logTerm + i })
    for (let n = 0; n < 3; n++) model.append(segments, [3000])
    checkpoints.push(await checkpoint(segments))
    await segments.close()
  }
  const file = await disks[0]!.open(fileOf(0), 'write')
  await file.write([disks[1]!.contentOf(fileOf(0)).subarray(0, RECORD_HEADER_BYTES + FRAME + 500)], 0)
  const reopened = await again(disks[0]!, checkpoints[0]!)
  const scanning = reopened.scan(0, () => {})
  await t.rejects(scanning, { name: 'StorageDamagedError', message: /its footer does not match its records/ })
})

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
