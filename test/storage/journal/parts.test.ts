import { rejects } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { type FileSystem, type OpenFile, StorageFullError } from '../../../src/storage/index.js'
import { BlockWriter, encodedBytesMax } from '../../../src/storage/journal/block-format.js'
import { RunList } from '../../../src/storage/journal/run-list.js'
import { TailRing } from '../../../src/storage/journal/tail-ring.js'
import { FaultyFileSystem } from '../../../src/storage/testing.js'
import { allOf, entries, entry, fileName, journalOn, NO_CHECKPOINTS, part } from './fixture.js'

t.test('a run list is a list of runs, however it is cut at both ends', async t => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('dropFrom' as const), back: fc.nat(12) }),
    fc.record({ kind: fc.constant('dropThrough' as const), ahead: fc.nat(12) })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      const list = new RunList()
      let model: { first: number; count: number; position: number; length: number }[] = []
      let next = 1
      let position = 0
      for (const each of steps) {
        if (each.kind === 'push') {
          const length = each.count * 7
          list.push(next, each.count, { serial: 3, position, length })
          model.push({ first: next, count: each.count, position, length })
          next += each.count
          position += length
        } else if (each.kind === 'dropFrom') {
          next = Math.max(1, next - each.back)
          list.dropFrom(next)
          model = model
            .filter(run => run.first < next)
            .map(run => ({ ...run, count: Math.min(run.count, next - run.first) }))
        } else {
          const through = (model[0]?.first ?? next) + each.ahead - 1
          list.dropThrough(through)
          model = model.filter(run => run.first + run.count - 1 > through)
        }
        if (list.size !== model.length) return false
        if (list.bytes !== model.reduce((sum, run) => sum + run.length, 0)) return false
        if (list.firstIndex !== model[0]?.first) return false
        for (let index = next - 15; index < next + 2; index++) {
          const wanted = model.find(run => index >= run.first && index < run.first + run.count)
          const found = list.find(index)
          if (found?.position !== wanted?.position || found?.count !== wanted?.count) return false
        }
      }
      return true
    })
  )
  t.pass()
})

t.test('the ring gives the newest writes as they went to disk, and nothing else', async t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 200 }), lengths => {
      const ring = new TailRing(2000)
      const written: { position: number; length: number; record: Buffer }[] = []
      let position = 0
      for (const length of lengths) {
        const record = Buffer.alloc(length, written.length & 0xff)
        // Sometimes laid out and then refused by the disk: the next write takes its place.
        for (const isRefused of length % 5 === 0 ? [true, false] : [false]) {
          const writer = new BlockWriter(1, position, ring.reserve(encodedBytesMax(length)))
          const { end } = writer.record(isRefused ? Buffer.alloc(length, 0xee) : record)
          if (isRefused) continue
          ring.keep(1, position, writer.bytes)
          written.push({ position, length: end - position, record })
          position = end
        }
      }
      const found = written.map(each => ring.find({ serial: 1, firstIndex: 1, count: 1, ...each }))
      const isNewest = found.lastIndexOf(undefined) < Math.max(1, found.length - 1)
      return isNewest && found.every((each, i) => each === undefined || each.equals(written[i]!.record))
    })
  )
  t.equal(new TailRing(2000).reserve(3000).length, 3000, 'a large write gets a buffer of its own')
})

t.test('the newest entries are read without the disk, older ones from it', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const journal = journalOn(fs.attach(), { fileBytes: 1024 * 1024, tailBytesMax: 10_000 })
  await journal.open(NO_CHECKPOINTS)
  for (let i = 1; i <= 20; i++) await journal.append([part(1, [entry(i, 1, 3000)])])
  let reads = 0
  fs.injectFault(operation => {
    if (operation === 'read') reads++
    return undefined
  })
  t.same(await journal.entries(1, 19, 20, 1e6), entries(19, 20, 1, 3000))
  t.equal(reads, 0)
  t.same(await journal.entries(1, 1, 20, 1e6), entries(1, 20, 1, 3000))
  t.ok(reads > 10)
  await journal.close()
})

t.test('an entry that rots on disk is refused when it is read', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const journal = journalOn(fs.attach(), { tailBytesMax: 0 })
  await journal.open(NO_CHECKPOINTS)
  await journal.append([part(1, [entry(1, 1, 1000)])])
  fs.flipBit(fileName(1), 500, 3)
  await t.rejects(allOf(journal, 1), {
    name: 'StorageDamagedError',
    message: /group 1 is damaged.*0000000001/
  })
  await journal.close()
})

t.test('a file is not put away while it is read', async t => {
  const disk = new FaultyFileSystem({ seed: 1 })
  const gate: { open?: () => void } = {}
  const slow = new Promise<void>(resolve => {
    gate.open = resolve
  })
  let isSlow = false
  const closed: string[] = []
  const watched = (file: OpenFile): OpenFile => ({
    ...file,
    read: async (target, position) => {
      if (isSlow) await slow
      if (closed.includes(file.path)) throw new Error(`${file.path} is closed`)
      return file.read(target, position)
    },
    close: async () => void closed.push(file.path)
  })
  const fs: FileSystem = {
    ...disk.attach(),
    open: async (path, mode) => watched(await disk.open(path, mode))
  }
  const journal = journalOn(fs, { tailBytesMax: 0 })
  await journal.open(NO_CHECKPOINTS)
  for (let i = 1; i <= 3; i++) await journal.append([part(1, [entry(i, 1, 4000)])])
  isSlow = true
  const reading = journal.entries(1, 1, 1, 1e6)
  for (let i = 4; i <= 60; i++) {
    await journal.append([part(1, [entry(i, 1, 4000)])])
    journal.dropPrefix(1, { index: i, term: 1 })
  }
  await journal.append([part(1, [entry(61)])])
  t.ok(disk.paths.includes(fileName(1)), 'still there')
  gate.open?.()
  t.same(await reading, [entry(1, 1, 4000)])
  isSlow = false
  await journal.append([part(1, [entry(62)])])
  await journal.append([part(1, [entry(63)])])
  await journal.close()
  t.notOk(disk.paths.includes(fileName(1)), 'and goes afterwards')
})

t.test(
  'an idle start writes nothing but the reserve, and the next file is ready before it is due',
  async t => {
    const fs = new FaultyFileSystem({ seed: 1 })
    const journal = journalOn(fs.attach(), { fileBytes: 4 * 1024 * 1024, reserveBytes: 1000 })
    await journal.open(NO_CHECKPOINTS)
    t.same(fs.paths, ['/log/reserve'])
    for (let i = 1; i <= 40; i++) await journal.append([part(1, [entry(i, 1, 20_000)])])
    t.ok(fs.paths.some(path => path.startsWith('/log/spare-')))
    for (let i = 41; i <= 60; i++) await journal.append([part(1, [entry(i, 1, 20_000)])])
    await journal.close()
    t.equal(fs.contentOf(fileName(2)).length, 4 * 1024 * 1024, 'the second file was prepared')
    const operations = fs.operations
    const again = journalOn(fs.attach(), { fileBytes: 4 * 1024 * 1024, reserveBytes: 1000 })
    await again.open(NO_CHECKPOINTS)
    t.ok(fs.operations - operations <= 2, 'the reserve is not written again')
    await again.close()
  }
)

t.test('no room for a new file: refused, and nothing is lost or fatal', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const fatal: unknown[] = []
  const journal = journalOn(fs.attach(), { reserveBytes: 10_000, onFatal: error => void fatal.push(error) })
  await journal.open(NO_CHECKPOINTS)
  const refuse = (...names: string[]) =>
    fs.injectFault((operation, path) =>
      operation === 'open' && names.some(name => path.startsWith(name))
        ? new StorageFullError('full')
        : undefined
    )
  refuse('/log/spare')
  for (let i = 1; i <= 7; i++) await journal.append([part(1, [entry(i, 1, 4000)])])
  refuse('/log/spare', fileName(2))
  await rejects(journal.append([part(1, [entry(8, 1, 30_000)])]), StorageFullError)
  await rejects(journal.append([part(1, [entry(8, 1, 30_000)])]), StorageFullError)
  fs.injectFault(undefined)
  for (let attempt = 0; attempt < 10; attempt++) {
    await new Promise(resolve => setImmediate(resolve))
    const isTaken = await journal.append([part(1, [entry(8, 1, 30_000)])]).then(
      () => true,
      () => false
    )
    if (isTaken) break
  }
  t.equal(journal.lastIndex(1), 8)
  t.same(fatal, [])
  await journal.close()
  const again = journalOn(fs.attach())
  t.match(await again.open(NO_CHECKPOINTS), [{ group: 1, lastIndex: 8, damage: undefined }])
  await again.close()
})

t.test('what was refused for want of room does not come back, also after a power cut', async t => {
  for (let seed = 1; seed <= 40; seed++) {
    const disk = new FaultyFileSystem({ seed })
    let isFull = false
    // Half of a write reaches the file before the disk turns out to be full.
    const filling = (file: OpenFile): OpenFile => ({
      ...file,
      writeNow: (buffers, position) => {
        const bytes = Buffer.concat(buffers)
        file.writeNow([isFull ? bytes.subarray(0, bytes.length / 2) : bytes], position)
        if (isFull) throw new StorageFullError('full')
      }
    })
    const fs: FileSystem = {
      ...disk.attach(),
      open: async (path, mode) => filling(await disk.open(path, mode))
    }
    const journal = journalOn(fs)
    await journal.open(NO_CHECKPOINTS)
    await journal.append([part(1, [entry(1, 1, 5000)])])
    const { length } = disk.contentOf(fileName(1))
    isFull = true
    // The first half of the batch's bytes is the whole part of group 1.
    await rejects(
      journal.append([part(1, [entry(2, 1, 500)]), part(2, [entry(1, 1, 5000)])]),
      StorageFullError
    )
    t.equal(disk.contentOf(fileName(1)).length, length, 'cut back')
    disk.crash()
    const again = journalOn(disk.attach())
    t.match(await again.open(NO_CHECKPOINTS), [{ group: 1, lastIndex: 1, damage: undefined }])
    t.equal(again.lastIndex(2), 0)
    await again.close()
  }
})

t.test('a file that was not prepared is filled ahead, so that few syncs change its length', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const journal = journalOn(fs.attach(), { fileBytes: 1024 * 1024, fillBytes: 10_000 })
  await journal.open(NO_CHECKPOINTS)
  const lengths = new Set<number>()
  for (let i = 1; i <= 200; i++) {
    await journal.append([part(1, [entry(i, 1, 200)])])
    lengths.add(fs.contentOf(fileName(1)).length)
  }
  t.ok(lengths.size <= 8, `${lengths.size} lengths`)
  fs.spaceBytes = fs.contentOf(fileName(1)).length
  for (let i = 201; i <= 205; i++) await journal.append([part(1, [entry(i, 1, 200)])])
  fs.crash()
  const again = journalOn(fs.attach())
  fs.spaceBytes = 1e9
  t.match(await again.open(NO_CHECKPOINTS), [{ lastIndex: 205, damage: undefined }])
  await again.close()
})

t.test('a failed sync of a directory is fatal', async t => {
  const fs = new FaultyFileSystem({ seed: 1 })
  const fatal: unknown[] = []
  const journal = journalOn(fs.attach(), { onFatal: error => void fatal.push(error) })
  await journal.open(NO_CHECKPOINTS)
  fs.injectFault(operation => (operation === 'syncDirectory' ? new Error('EIO') : undefined))
  await t.rejects(journal.append([part(1, [entry(1)])]), { message: 'EIO' })
  fs.injectFault(undefined)
  await t.rejects(journal.append([part(1, [entry(1)])]), { message: 'EIO' })
  t.equal(fatal.length, 1)
})

t.test('500 groups in one batch share one sync', async t => {
  const journal = journalOn(new FaultyFileSystem({ seed: 1 }).attach(), { fileBytes: 1024 * 1024 })
  await journal.open(NO_CHECKPOINTS)
  await journal.append(entries(1, 500).map(({ index }) => part(index, [entry(1)])))
  t.match(journal.stats, { syncs: 1, batches: 1, queuedBytes: 0 })
  t.ok(journal.stats.liveBytes > 500 * 20)
  await journal.close()
})
