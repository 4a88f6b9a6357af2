import t from 'tap'
import { silentLogger } from '../../../src/kernel/index.js'
import {
  type GroupAppend,
  Journal,
  type JournalOptions,
  type LogEntry,
  StorageFullError
} from '../../../src/storage/index.js'
import { FaultyFileSystem, SeededRandom } from '../../../src/storage/testing.js'

const NO_CHECKPOINTS = new Map<number, { index: number; term: number }>()

interface Fixture {
  readonly journal: Journal
  readonly fatal: unknown[]
}

function journalOn(fs: FaultyFileSystem, options: Partial<JournalOptions> = {}): Fixture {
  const fatal: unknown[] = []
  const journal = new Journal({
    fs: fs.attach(),
    directory: '/log',
    log: silentLogger,
    fileBytes: 1024 * 1024,
    batchBytesMax: 256 * 1024,
    queueBytesMax: 16 * 1024 * 1024,
    reserveBytes: 0,
    fillBytes: 0,
    onFatal: error => void fatal.push(error),
    ...options
  })
  return { journal, fatal }
}

const entry = (index: number, term = 1, bytes = 20): LogEntry => ({
  index,
  term,
  kind: 0,
  data: Buffer.alloc(bytes, index & 0xff)
})

const append = (group: number, entries: readonly LogEntry[], commit = 0): GroupAppend => ({
  group,
  entries,
  hardState: { term: entries.at(-1)?.term ?? 1, vote: 3, commit }
})

async function indexesOf(journal: Journal, group: number): Promise<number[]> {
  const entries = await journal.entries(
    group,
    journal.firstIndex(group),
    journal.lastIndex(group),
    Number.MAX_SAFE_INTEGER
  )
  return entries.map(({ index }) => index)
}

t.test('batches of many groups are there after a restart, with terms and hard states', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const first = journalOn(fs).journal
  await first.open(NO_CHECKPOINTS)
  await first.append([append(1, [entry(1), entry(2)]), append(2, [entry(1, 4)])])
  await first.append([append(1, [entry(3, 2)], 2)])
  await first.close()
  const second = journalOn(fs).journal
  const groups = await second.open(NO_CHECKPOINTS)
  t.match(groups, [
    { group: 1, firstIndex: 1, lastIndex: 3, hardState: { term: 2, vote: 3, commit: 2 } },
    { group: 2, firstIndex: 1, lastIndex: 1, hardState: { term: 4, vote: 3, commit: 0 } }
  ])
  t.same(
    [1, 2, 3, 4].map(index => second.term(1, index)),
    [1, 1, 2, undefined]
  )
  t.same(await indexesOf(second, 1), [1, 2, 3])
  t.same((await second.entries(1, 2, 2, 1000))[0]?.data, entry(2).data)
  await second.close()
})

t.test('entries replace what the log holds from their first index on', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const first = journalOn(fs).journal
  await first.open(NO_CHECKPOINTS)
  await first.append([append(1, [entry(1), entry(2), entry(3), entry(4)])])
  await first.append([append(1, [entry(3, 2)])])
  const check = async (journal: Journal) => {
    t.equal(journal.lastIndex(1), 3)
    t.same(
      (await journal.entries(1, 1, 9, 10_000)).map(({ index, term }) => [index, term]),
      [
        [1, 1],
        [2, 1],
        [3, 2]
      ]
    )
    t.same(
      [2, 3, 4].map(index => journal.term(1, index)),
      [1, 2, undefined]
    )
  }
  await check(first)
  await first.close()
  const second = journalOn(fs).journal
  await second.open(NO_CHECKPOINTS)
  await check(second)
  await second.close()
})

t.test('a read gives at least one entry and no more bytes than asked', async t => {
  const { journal } = journalOn(new FaultyFileSystem({ seed: 1 }))
  await journal.open(NO_CHECKPOINTS)
  await journal.append([
    append(
      1,
      [1, 2, 3, 4, 5].map(index => entry(index, 1, 100))
    )
  ])
  t.same(
    (await journal.entries(1, 2, 5, 250)).map(({ index }) => index),
    [2, 3]
  )
  t.same(
    (await journal.entries(1, 2, 5, 1)).map(({ index }) => index),
    [2]
  )
  t.same(await journal.entries(1, 6, 9, 1000), [])
  t.same(await journal.entries(7, 1, 9, 1000), [])
  await journal.close()
})

t.test('waiting batches share a write and a sync, and resolve in order', async t => {
  const { journal } = journalOn(new FaultyFileSystem({ seed: 1 }))
  await journal.open(NO_CHECKPOINTS)
  const order: number[] = []
  const appends = Array.from({ length: 500 }, (_, i) =>
    journal.append([append(i, [entry(1)])]).then(() => order.push(i))
  )
  await Promise.all(appends)
  t.same(
    order,
    Array.from({ length: 500 }, (_, i) => i)
  )
  t.ok(journal.stats.syncs <= 4, `${journal.stats.syncs} syncs for 500 groups`)
  t.equal(journal.stats.queuedBytes, 0)
  await journal.close()
})

t.test('entries larger than a block, and than a file, are whole', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const { journal } = journalOn(fs, { fileBytes: 128 * 1024 })
  await journal.open(NO_CHECKPOINTS)
  const sizes = [32 * 1024 - 7, 32 * 1024, 100_000, 400_000, 1, 0]
  for (const [i, bytes] of sizes.entries()) await journal.append([append(1, [entry(i + 1, 1, bytes)])])
  await journal.close()
  const again = journalOn(fs, { fileBytes: 128 * 1024 }).journal
  await again.open(NO_CHECKPOINTS)
  const read = await again.entries(1, 1, 6, Number.MAX_SAFE_INTEGER)
  t.same(
    read.map(({ data }) => data.length),
    sizes
  )
  t.ok(read.every(({ data, index }) => data.every(byte => byte === index)))
  await again.close()
})

t.test('files that no group needs are used again, and a resting group keeps its hard state', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const { journal } = journalOn(fs, { fileBytes: 64 * 1024 })
  await journal.open(NO_CHECKPOINTS)
  await journal.append([append(9, [entry(1, 5)])])
  journal.dropPrefix(9, { index: 1, term: 5 })
  for (let i = 1; i <= 200; i++) {
    await journal.append([append(1, [entry(i, 1, 4000)])])
    journal.dropPrefix(1, { index: i, term: 1 })
  }
  await journal.append([append(1, [entry(201)])])
  const files = fs.paths.filter(path => path.endsWith('.journal')).length
  t.ok(files <= 4, `${files} files for 800 KB of which nothing is needed`)
  await journal.close()
  const again = journalOn(fs, { fileBytes: 64 * 1024 }).journal
  const groups = await again.open(
    new Map([
      [1, { index: 200, term: 1 }],
      [9, { index: 1, term: 5 }]
    ])
  )
  t.match(
    groups.find(({ group }) => group === 9),
    { hardState: { term: 5, vote: 3 }, firstIndex: 2, lastIndex: 1 }
  )
  t.same(await indexesOf(again, 1), [201])
  await again.close()
})

t.test('a removed group does not come back', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const { journal } = journalOn(fs)
  await journal.open(NO_CHECKPOINTS)
  await journal.append([append(1, [entry(1)]), append(2, [entry(1)])])
  journal.removeGroup(1)
  await journal.append([append(2, [entry(2)])])
  await journal.close()
  const again = journalOn(fs).journal
  t.same(
    (await again.open(NO_CHECKPOINTS)).map(({ group }) => group),
    [2]
  )
  await again.close()
})

/** Three synced writes; the last record of the file is group 1's entry 3. */
async function written(): Promise<FaultyFileSystem> {
  const fs = new FaultyFileSystem({ seed: 1 })
  const { journal } = journalOn(fs)
  await journal.open(NO_CHECKPOINTS)
  for (let i = 1; i <= 3; i++) await journal.append([append(1, [entry(i, 1, 300)])])
  await journal.close()
  return fs
}

const FILE = '/log/0000000001.journal'

t.test('a file that is cut at any byte of the last write gives what came before', async t => {
  const { length } = (await written()).contentOf(FILE)
  let whole = 0
  for (let cut = length - 390; cut <= length; cut++) {
    const fs = await written()
    fs.zero(FILE, cut, length - cut)
    const { journal } = journalOn(fs)
    const groups = await journal.open(NO_CHECKPOINTS)
    const indexes = await indexesOf(journal, 1)
    if (groups[0]?.damage !== undefined || indexes.length < 2)
      t.fail(`cut at ${cut}: ${groups[0]?.damage}, ${indexes}`)
    if (indexes.length === 3) whole++
    await journal.close()
  }
  t.ok(whole >= 1 && whole < 10, 'only the whole file has all three')
})

t.test('a flipped bit in the last write cuts it; anywhere before, the group refuses in words', async t => {
  const { length } = (await written()).contentOf(FILE)
  let heads = 0
  for (let offset = 0; offset < length; offset += 3) {
    const fs = await written()
    fs.flipBit(FILE, offset, offset % 8)
    const { journal } = journalOn(fs)
    const [group] = await journal.open(NO_CHECKPOINTS)
    const indexes = group === undefined || group.damage !== undefined ? [] : await indexesOf(journal, 1)
    const isRefused = group?.damage !== undefined
    const isCut = indexes.length === 2
    // Damage in the head of a write takes no record: what follows is chained to what came before.
    const isWhole = indexes.length === 3
    if (isWhole) heads++
    if (!isRefused && !isCut && !isWhole) t.fail(`offset ${offset}: ${indexes} without a word`)
    await journal.close()
  }
  t.ok(heads > 0 && heads < length / 3 / 5, `${heads} places were harmless`)
})

t.test('damage in the middle stops the group whose records it took, and no other', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const { journal } = journalOn(fs)
  await journal.open(NO_CHECKPOINTS)
  await journal.append([append(1, [entry(1, 1, 20_000)])])
  await journal.append([append(2, [entry(1, 1, 60_000)])])
  await journal.append([append(1, [entry(2, 1, 60_000)])])
  await journal.append([append(3, [entry(1, 1, 20_000)])])
  await journal.close()
  fs.zero(FILE, 50_000, 4096)
  const { journal: again } = journalOn(fs)
  const damaged = new Map((await again.open(NO_CHECKPOINTS)).map(({ group, damage }) => [group, damage]))
  t.match(damaged.get(2), /group 2 is damaged.*Restore/s)
  t.same([damaged.get(1), damaged.get(3)], [undefined, undefined])
  t.same(await indexesOf(again, 1), [1, 2])
  await again.close()
})

t.test('damage below the checkpoint of every group does no harm', async t => {
  const fs = await written()
  fs.zero(FILE, 0, 350)
  const { journal } = journalOn(fs)
  const [group] = await journal.open(new Map([[1, { index: 2, term: 1 }]]))
  t.equal(group?.damage, undefined)
  t.same(await indexesOf(journal, 1), [3])
  await journal.close()
})

t.test('entries that are missing above the checkpoint are damage', async t => {
  const fs = await written()
  fs.zero(FILE, 0, 350)
  const { journal } = journalOn(fs)
  const [group] = await journal.open(new Map([[1, { index: 0, term: 0 }]]))
  t.match(group?.damage, /entries 1 to \d are missing/)
  await journal.close()
})

t.test('after a failed sync nothing is confirmed any more, and the owner is told once', async t => {
  const quickSync = { limitMs: 1, now: () => 0, afterSends: () => Promise.resolve() }
  const cases: [operation: 'sync' | 'write', options: Partial<JournalOptions>][] = [
    ['sync', {}],
    ['sync', { quickSync }],
    ['write', {}]
  ]
  for (const [operation, options] of cases) {
    const fs = new FaultyFileSystem({ seed: 1 })
    const { journal, fatal } = journalOn(fs, options)
    await journal.open(NO_CHECKPOINTS)
    await journal.append([append(1, [entry(1)])])
    fs.injectFault((each, path) =>
      each === operation && path === FILE ? new Error('EIO: i/o error') : undefined
    )
    const appends = [journal.append([append(1, [entry(2)])]), journal.append([append(2, [entry(1)])])]
    for (const each of appends) await t.rejects(each, { message: /EIO/ })
    fs.injectFault(undefined)
    await t.rejects(journal.append([append(1, [entry(2)])]), { message: /EIO/ })
    t.equal(fatal.length, 1)
  }
})

t.test('while the disk is full, what was begun before still finds the room that was kept for it', async t => {
  const fs = new FaultyFileSystem({ seed: 1, spaceBytes: 400_000 })
  const { journal } = journalOn(fs, { fileBytes: 100_000, reserveBytes: 50_000 })
  await journal.open(NO_CHECKPOINTS)
  let stored = 0
  for (; journal.refusal() === undefined; stored++) {
    await journal.append([append(1, [entry(stored + 1, 1, 10_000)])])
  }
  t.match(journal.refusal(), { name: 'StorageFullError', message: /free some space/ })
  for (let i = 0; i < 3; i++) await journal.append([append(1, [entry(++stored, 1, 10_000)])])
  await t.rejects(journal.append([append(1, [entry(stored + 1, 1, 40_000)])]), StorageFullError)
  fs.spaceBytes = 10_000_000
  for (let i = 0; i < 20 && journal.refusal() !== undefined; i++) {
    await new Promise(resolve => setImmediate(resolve))
  }
  t.equal(journal.refusal(), undefined)
  await journal.append([append(1, [entry(stored + 1)])])
  await journal.close()
})

t.test('a full disk refuses, loses nothing, and goes on when there is room', async t => {
  const fs = new FaultyFileSystem({ seed: 1, spaceBytes: 400_000 })
  const { journal, fatal } = journalOn(fs, { fileBytes: 100_000, reserveBytes: 50_000 })
  await journal.open(NO_CHECKPOINTS)
  let stored = 0
  for (let refused = 0; refused < 3; ) {
    try {
      await journal.append([append(1, [entry(stored + 1, 1, 10_000)])])
      stored++
    } catch (error) {
      t.ok(error instanceof StorageFullError)
      refused++
    }
  }
  t.ok(stored > 10, `${stored} entries fitted`)
  t.equal((await indexesOf(journal, 1)).length, stored, 'reads go on')
  fs.spaceBytes = 10_000_000
  let isAccepted = false
  for (let attempt = 0; attempt < 20 && !isAccepted; attempt++) {
    isAccepted = await journal.append([append(1, [entry(stored + 1)])]).then(
      () => true,
      () => new Promise<false>(resolve => setImmediate(() => resolve(false)))
    )
  }
  t.equal(isAccepted, true)
  t.same(fatal, [])
  await journal.close()
  const again = journalOn(fs, { fileBytes: 100_000 }).journal
  await again.open(NO_CHECKPOINTS)
  t.equal((await indexesOf(again, 1)).length, stored + 1)
  await again.close()
})

t.test('more than the queue may hold is refused, and nothing of it kept', async t => {
  const { journal } = journalOn(new FaultyFileSystem({ seed: 1 }), { queueBytesMax: 10_000 })
  await journal.open(NO_CHECKPOINTS)
  const results = await Promise.allSettled(
    Array.from({ length: 30 }, (_, i) => journal.append([append(i, [entry(1, 1, 1000)])]))
  )
  const refused = results.filter(result => result.status === 'rejected')
  t.ok(refused.length > 15, `${refused.length} of 30 refused`)
  t.match(refused[0], { reason: { name: 'StorageBusyError' } })
  t.equal(journal.stats.queuedBytes, 0)
  await journal.close()
})

t.test(
  'power cuts at every operation: confirmed batches are there in order, others whole or not',
  { timeout: 300_000 },
  async t => {
    const seeds = process.env.CI_FULL === '1' ? 3000 : 300
    for (let seed = 1; seed <= seeds; seed++) {
      const random = new SeededRandom(seed)
      const fs = new FaultyFileSystem({ seed })
      const confirmed = [0, 0, 0]
      const sent = [0, 0, 0]
      for (let life = 0; life < 3; life++) {
        fs.stopAfter(1 + random.below(40))
        try {
          const { journal } = journalOn(fs, { fileBytes: 40_000, reserveBytes: 1000 })
          await journal.open(NO_CHECKPOINTS)
          for (let n = 0; n < 30; n++) {
            const groups = [0, 1, 2].filter(() => random.chance(0.6))
            await journal.append(
              groups.map(group => append(group, [entry(++sent[group]!, life + 1, random.below(9000))]))
            )
            for (const group of groups) confirmed[group] = sent[group]!
          }
        } catch {
          // The power is gone.
        }
        fs.crash()
        const { journal } = journalOn(fs, { fileBytes: 40_000 })
        const there = [0, 0, 0]
        for (const { group, damage, lastIndex } of await journal.open(NO_CHECKPOINTS)) {
          if (damage !== undefined) return t.fail(`seed ${seed}: ${damage}`)
          if (lastIndex < confirmed[group]! || lastIndex > sent[group]!) {
            return t.fail(
              `seed ${seed}: group ${group} has ${lastIndex}, confirmed ${confirmed[group]}, sent ${sent[group]}`
            )
          }
          const indexes = await indexesOf(journal, group)
          if (indexes.length !== lastIndex)
            return t.fail(`seed ${seed}: group ${group} has ${indexes.length} of ${lastIndex}`)
          there[group] = lastIndex
        }
        if (there.some((last, group) => last < confirmed[group]!))
          return t.fail(`seed ${seed}: ${there} of ${confirmed}`)
        confirmed.splice(0, 3, ...there)
        sent.splice(0, 3, ...there)
        await journal.close()
      }
    }
    t.pass(`${seeds} seeds`)
  }
)
