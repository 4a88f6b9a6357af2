import t from 'tap'
import type { FileSystem } from '../../../src/storage/file-system.js'
import { EventSegments } from '../../../src/storage/segments/event-segments.js'
import type { SegmentCheckpoint, TransactionRecord } from '../../../src/storage/segments/types.js'
import { CrashedError, FaultyFileSystem } from '../../../src/storage/testing/faulty-file-system.js'
import { SeededRandom } from '../../../src/storage/testing/seeded-random.js'
import { firstDifference, isSameRecord, Model, optionsOn, readFrom } from './transactions.js'

const TRANSACTIONS = 40

interface Memory {
  readonly model: Model
  checkpoint: SegmentCheckpoint | undefined
}

/** Appends, flushes and checkpoints as an owner does, until it is done or the process dies. */
async function work(fs: FileSystem, memory: Memory, random: SeededRandom): Promise<void> {
  const segments = await EventSegments.open(optionsOn(fs), memory.checkpoint, () => {})
  for (let i = 0; i < TRANSACTIONS; i++) {
    const sizes = Array.from({ length: 1 + random.below(4) }, () =>
      random.below(random.chance(0.1) ? 5000 : 400)
    )
    memory.model.append(segments, sizes)
    if (random.chance(0.6)) await segments.flush()
    if (!random.chance(0.25)) continue
    const at = segments.checkpointPosition()
    const syncing = segments.sync(at)
    if (random.chance(0.5)) memory.model.append(segments, [random.below(300)])
    await syncing
    memory.checkpoint = at
  }
  await segments.close()
}

/** Everything below the checkpoint is there, and nothing else. */
async function check(
  t: { fail(message: string): unknown },
  fs: FileSystem,
  { model, checkpoint }: Memory,
  label: string
): Promise<void> {
  model.cut(checkpoint?.nextToken ?? 0)
  const visited: TransactionRecord[] = []
  const segments = await EventSegments.open(optionsOn(fs), checkpoint, record =>
    visited.push({ ...record, events: Buffer.from(record.events) })
  )
  const expected = model.records.filter(record => record.firstToken >= (checkpoint?.segment ?? 0))
  const isSame =
    visited.length === expected.length && visited.every((record, i) => isSameRecord(record, expected[i]!))
  if (!isSame) t.fail(`${label}: other records were visited than were appended`)
  if (segments.nextToken !== model.events.length) t.fail(`${label}: the next token is ${segments.nextToken}`)
  const difference = firstDifference(await readFrom(segments, 0), model.events)
  if (difference >= 0) t.fail(`${label}: event ${difference} is not what was appended`)
  for (const { segment } of segments.sealed()) await segments.scan(segment, () => {})
  await segments.close()
}

t.test(
  'whatever operation the power is cut at, all below the checkpoint is there and nothing is wrong',
  async t => {
    let crashes = 0
    for (let seed = 1; seed <= 8; seed++) {
      for (let at = 1; ; at++) {
        const disk = new FaultyFileSystem({ seed: seed * 1000 + at })
        const memory: Memory = { model: new Model(), checkpoint: undefined }
        disk.stopAfter(at)
        const finished = await work(disk.attach(), memory, new SeededRandom(seed)).then(
          () => true,
          error => {
            if (!(error instanceof CrashedError)) throw error
            return false
          }
        )
        if (finished) break
        crashes++
        const label = `seed ${seed}, operation ${at}`
        disk.crash()
        await check(t, disk.attach(), memory, label)
        await work(disk.attach(), memory, new SeededRandom(seed + 77))
        disk.crash()
        await check(t, disk.attach(), memory, `${label}, second life`)
      }
    }
    t.ok(crashes > 100, `${crashes} crashes`)
  }
)
