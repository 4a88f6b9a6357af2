import t from 'tap'
import { type Journal, type LogCheckpoint, StorageDamagedError } from '../../../src/storage/index.js'
import { FaultyFileSystem } from '../../../src/storage/testing.js'
import { allOf, entries, entry, fileName, journalOn, NO_CHECKPOINTS, part } from './fixture.js'

interface Written {
  readonly fs: FaultyFileSystem
  /** Byte at which each write begins in the first file, and where the last one ends. */
  readonly writes: readonly number[]
}

/** One write for each list of parts. */
async function written(...writes: Parameters<Journal['append']>[0][]): Promise<Written> {
  const fs = new FaultyFileSystem({ seed: 1 })
  const journal = journalOn(fs.attach(), { fileBytes: 1024 * 1024 })
  await journal.open(NO_CHECKPOINTS)
  const positions = [0]
  for (const write of writes) {
    await journal.append(write)
    positions.push(fs.contentOf(fileName(1)).length)
  }
  await journal.close()
  return { fs, writes: positions }
}

async function damagesOf(
  fs: FaultyFileSystem,
  checkpoints: ReadonlyMap<number, LogCheckpoint> = NO_CHECKPOINTS
): Promise<Map<number, string | undefined>> {
  const journal = journalOn(fs.attach())
  const groups = await journal.open(checkpoints)
  await journal.close()
  return new Map(groups.map(({ group, damage }) => [group, damage]))
}

t.test('whole writes that are gone stop every group that had a record there, and no other', async t => {
  const { fs, writes } = await written(
    [part(1, [entry(1)]), part(3, [entry(1)])],
    [part(1, [entry(2)])],
    [part(2, [entry(1)])],
    [part(2, [entry(2)])]
  )
  fs.zero(fileName(1), writes[1]!, writes[3]! - writes[1]!)
  const damages = await damagesOf(fs)
  t.match(damages.get(1), /group 1 is damaged: what was written after entry 1 is lost/)
  t.match(damages.get(2), /group 2 is damaged: entries 1 to 1 are missing/)
  t.ok(damages.has(3))
  t.equal(damages.get(3), undefined)
})

t.test(
  'with many groups, those that may have lost something refuse until a later write clears them',
  async t => {
    const many = entries(1, 40).map(({ index }) => part(index, [entry(1)]))
    const few = [part(50, [entry(1)]), part(51, [entry(1)])]
    const { fs, writes } = await written(
      many,
      few,
      [part(1, [entry(2)])],
      [part(2, [entry(2)])],
      [part(3, [entry(2)])]
    )
    fs.zero(fileName(1), writes[2]!, writes[4]! - writes[2]!)
    const damages = await damagesOf(fs)
    t.match(damages.get(1), /lost/)
    t.match(damages.get(2), /lost/)
    t.equal(damages.get(3), undefined, 'its next record is chained to its last one')
    t.match(damages.get(50), /may be lost/)

    const { fs: other, writes: at } = await written(
      many,
      [part(1, [entry(2)])],
      [part(2, [entry(2, 1, 70_000)])],
      [part(3, [entry(2)])]
    )
    other.zero(fileName(1), at[1]!, at[2]! - at[1]! + 10_000)
    const cleared = await damagesOf(other)
    t.match([cleared.get(1), cleared.get(2)], [/lost/, /lost/])
    t.same(
      [...cleared].filter(([group, damage]) => group > 2 && damage !== undefined),
      [],
      'a complete manifest follows'
    )
  }
)

t.test(
  'a group that has lost its hard state refuses, also when a checkpoint contains all of its entries',
  async t => {
    const { fs, writes } = await written([part(1, [entry(1)])], [part(1, [], 1)], [part(2, [entry(1)])])
    fs.zero(fileName(1), writes[1]!, writes[2]! - writes[1]!)
    const damages = await damagesOf(fs, new Map([[1, { index: 1, term: 1 }]]))
    t.match(damages.get(1), /what was written after entry 1 is lost/)
    t.equal(damages.get(2), undefined)
  }
)

t.test('damage that only took what checkpoints contain stops nobody', async t => {
  const { fs, writes } = await written(
    [part(1, entries(1, 5)), part(2, entries(1, 5))],
    [part(1, [entry(6)]), part(2, [entry(6)])],
    [part(1, [entry(7)]), part(2, [], 6)]
  )
  fs.zero(fileName(1), 40, writes[2]! - 60)
  const checkpoints = new Map([
    [1, { index: 6, term: 1 }],
    [2, { index: 6, term: 1 }]
  ])
  t.same(
    [...(await damagesOf(fs, checkpoints))],
    [
      [1, undefined],
      [2, undefined]
    ]
  )
  const journal = journalOn(fs.attach())
  await journal.open(checkpoints)
  t.same(await allOf(journal, 1), [entry(7)])
  await journal.close()
})

t.test(
  'damage is not forgotten when its files go, holds no files, and the file is kept for whoever looks into it',
  async t => {
    const { fs, writes } = await written(
      [part(2, [entry(1)]), part(1, [entry(1)])],
      [part(2, [entry(2, 1, 300)])],
      [part(2, [entry(3)])],
      [part(1, [entry(2)])]
    )
    fs.zero(fileName(1), writes[1]!, 200)
    let journal = journalOn(fs.attach())
    await journal.open(NO_CHECKPOINTS)
    await t.rejects(allOf(journal, 2), StorageDamagedError)
    await t.rejects(journal.append([part(2, [entry(4)])]), StorageDamagedError)
    const work = async (first: number) => {
      for (let i = first; i < first + 60; i++) {
        await journal.append([part(1, [entry(i, 1, 4000)])])
        journal.dropPrefix(1, { index: i, term: 1 })
      }
      await journal.append([part(1, [entry(first + 60)])])
      await journal.close()
    }
    await work(3)
    for (const last of [62, 123]) {
      t.ok(fs.paths.includes(`${fileName(1)}.damaged`))
      t.ok(fs.paths.filter(path => path.endsWith('.journal')).length <= 3, `${fs.paths}`)
      journal = journalOn(fs.attach())
      const groups = await journal.open(new Map([[1, { index: last, term: 1 }]]))
      t.match(
        groups.find(({ group }) => group === 2)?.damage,
        /entries 1 to 2 are missing.*0000000001\.journal at byte/
      )
      t.equal(groups.find(({ group }) => group === 1)?.damage, undefined)
      if (last === 62) await work(64)
    }
    journal.removeGroup(2)
    await journal.append([part(1, [entry(125)])])
    await journal.close()
    t.equal(
      (await damagesOf(fs, new Map([[1, { index: 124, term: 1 }]]))).has(2),
      false,
      'until the group is removed'
    )
  }
)

t.test(
  'a group that may have lost something is not cleared by what is written after the next start',
  async t => {
    const many = entries(1, 40).map(({ index }) => part(index, [entry(1)]))
    const { fs, writes } = await written(
      many,
      [part(1, [entry(2)])],
      [part(2, [entry(2)])],
      [part(3, [entry(2)])]
    )
    fs.zero(fileName(1), writes[1]!, writes[3]! - writes[1]!)
    t.match((await damagesOf(fs)).get(20), /may be lost/)
    const journal = journalOn(fs.attach())
    await journal.open(NO_CHECKPOINTS)
    await journal.append([part(3, [entry(3)])])
    await journal.append([part(3, [entry(4)])])
    await journal.close()
    const damages = await damagesOf(fs)
    t.match(damages.get(20), /may be lost/)
    t.equal(damages.get(3), undefined)
  }
)

t.test('a bit that flips in any field of a record in the middle is damage of its group alone', async t => {
  const make = () =>
    written([part(1, [entry(1)])], [part(2, [entry(1, 1, 40)])], [part(1, [entry(2)]), part(3, [entry(1)])])
  const { writes } = await make()
  let refused = 0
  for (let offset = writes[1]!; offset < writes[2]!; offset++) {
    const { fs } = await make()
    fs.flipBit(fileName(1), offset, offset % 8)
    const damages = await damagesOf(fs)
    const others = [damages.get(1), damages.get(3)]
    if (others.some(damage => damage !== undefined)) return t.fail(`offset ${offset}: ${others}`)
    if (damages.get(2) !== undefined) refused++
  }
  // Fragment header, record header, hard state, first index, count, and the entry with its 40 bytes.
  t.equal(refused, 7 + 17 + 18 + 10 + 11 + 40)
})

t.test('files that are missing in the middle are damage of the groups that were in them', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const journal = journalOn(fs.attach())
  await journal.open(NO_CHECKPOINTS)
  await journal.append([part(1, [entry(1)]), part(2, [entry(1)])])
  for (let i = 1; i <= 40; i++)
    await journal.append([part(3, [entry(i, 1, 4000)]), ...(i === 12 ? [part(2, [entry(2)])] : [])])
  await journal.close()
  await fs.remove(fileName(2))
  const damages = await damagesOf(fs)
  t.equal(damages.get(1), undefined)
  t.match(damages.get(2), /lost.*files between.*are missing/)
  t.match(damages.get(3), /entries 1 to \d+ are missing/)
})

t.test('a state store that is older than what the journal let go is noticed', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const journal = journalOn(fs.attach())
  await journal.open(NO_CHECKPOINTS)
  for (let i = 1; i <= 60; i++) {
    await journal.append([part(1, [entry(i, 1, 4000)]), part(2, [entry(i)])])
    journal.dropPrefix(1, { index: i, term: 1 })
    journal.dropPrefix(2, { index: i, term: 1 })
  }
  await journal.append([part(1, [entry(61)])])
  await journal.close()
  t.same(
    [
      ...(await damagesOf(
        fs,
        new Map([
          [1, { index: 60, term: 1 }],
          [2, { index: 60, term: 1 }]
        ])
      ))
    ].map(([, damage]) => damage),
    [undefined, undefined]
  )
  const old = await damagesOf(
    fs,
    new Map([
      [1, { index: 10, term: 1 }],
      [2, { index: 10, term: 1 }]
    ])
  )
  t.match([old.get(1), old.get(2)], [/entries 11 to \d+ are missing/, /entries 11 to \d+ are missing/])
})

t.test('what an earlier life of a file holds is never taken for new', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  let journal = journalOn(fs.attach())
  await journal.open(NO_CHECKPOINTS)
  let last = 0
  const sizes = new Set<number>()
  for (let life = 0; life < 30; life++) {
    // Records of equal length, so that old ones lie exactly behind the new.
    for (let i = 0; i < 25; i++) {
      await journal.append([part(1, [entry(++last, 1, 3000)])])
      if (i % 5 === 0) journal.dropPrefix(1, { index: last, term: 1 })
    }
    const checkpoint = new Map([[1, { index: last - 3, term: 1 }]])
    fs.crash()
    journal = journalOn(fs.attach())
    const [group] = await journal.open(checkpoint)
    if (group?.damage !== undefined || group?.lastIndex !== last) {
      return t.fail(`life ${life}: ${group?.damage ?? group?.lastIndex} instead of ${last}`)
    }
    t.same(
      (await allOf(journal, 1)).map(({ index }) => index),
      [last - 2, last - 1, last]
    )
    for (const path of fs.paths) if (path.endsWith('.journal')) sizes.add(fs.contentOf(path).length)
  }
  t.ok(sizes.has(64 * 1024), 'files were used again')
  await journal.close()
})

t.test('a journal of another format is refused in words and not touched', async t => {
  const { fs } = await written([part(1, [entry(1)])])
  const { BlockWriter } = await import('../../../src/storage/journal/block-format.js')
  const { encodeRecord, JournalRecord } = await import('../../../src/storage/journal/record-format.js')
  const writer = new BlockWriter(1, 0, Buffer.alloc(1000))
  writer.record(
    encodeRecord(
      JournalRecord.manifest(Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
      0,
      { serial: 1, offset: 0 },
      0
    )
  )
  const file = await fs.open(fileName(1), 'write')
  file.writeNow([writer.bytes], 0)
  await file.sync()
  const before = fs.contentOf(fileName(1))
  await t.rejects(damagesOf(fs), { message: /journal format 9, this version reads 2/ })
  t.same(fs.contentOf(fileName(1)), before)
})
