import { chmodSync, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type FileSystem, NodeFileSystem, StorageFullError } from '../../src/storage/index.js'
import { FaultyFileSystem } from '../../src/storage/testing.js'

const disks: [string, () => Promise<{ fs: FileSystem; root: string; remove: () => Promise<void> }>][] = [
  [
    'NodeFileSystem',
    async () => {
      const root = await mkdtemp(join(tmpdir(), 'myelin-fs-'))
      return { fs: new NodeFileSystem(), root, remove: () => rm(root, { recursive: true }) }
    }
  ],
  [
    'FaultyFileSystem',
    async () => ({ fs: new FaultyFileSystem({ seed: 1 }), root: '/disk', remove: async () => {} })
  ]
]

for (const [name, make] of disks) {
  t.test(`${name} behaves as the port says`, async t => {
    const { fs, root, remove } = await make()
    t.teardown(remove)
    await fs.createDirectory(join(root, 'a/b'))
    const path = join(root, 'a/b/file')
    await t.rejects(fs.open(path, 'read'), { message: /file/ })
    await t.rejects(fs.open(path, 'write'), { message: /file/ })
    const file = await fs.open(path, 'create')
    await t.rejects(fs.open(path, 'create'), { message: /file/ })

    await file.write([Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')], 0)
    file.writeNow([Buffer.from('THREE')], 10)
    await file.sync()
    t.equal(await file.size(), 15)
    const target = Buffer.alloc(20, 0xff)
    t.equal(await file.read(target, 0), 15)
    t.equal(target.subarray(0, 15).toString(), 'onetwo\0\0\0\0THREE')
    t.equal(file.readNow(target.subarray(0, 5), 10), 5)
    t.equal(target.subarray(0, 5).toString(), 'THREE')
    t.equal(await file.read(target, 100), 0)
    await file.truncate(3)
    t.equal(await file.size(), 3)
    await file.close()

    await fs.rename(path, join(root, 'a/b/other'))
    await fs.syncDirectory(join(root, 'a/b'))
    t.same(await fs.list(join(root, 'a/b')), ['other'])
    t.same(await fs.list(join(root, 'nowhere')), [])
    t.equal(await fs.exists(path), false)
    t.equal(await fs.exists(join(root, 'a/b/other')), true)
    await fs.remove(path)
    await fs.remove(join(root, 'a'))
    t.equal(await fs.exists(join(root, 'a/b/other')), false)
    t.ok((await fs.freeBytes(root)) > 0)
  })
}

t.test('NodeFileSystem writes any number of buffers, whole', async t => {
  const root = t.testdir()
  const fs = new NodeFileSystem()
  const file = await fs.open(join(root, 'many'), 'create')
  const buffers = Array.from({ length: 5000 }, (_, i) => Buffer.alloc(i % 7, i & 0xff))
  await file.write(buffers, 3)
  file.writeNow(buffers, 30_000)
  const wanted = Buffer.concat(buffers)
  for (const position of [3, 30_000]) {
    const target = Buffer.alloc(wanted.length)
    await file.read(target, position)
    t.ok(target.equals(wanted))
  }
  await file.close()
})

t.test(
  'NodeFileSystem says that the disk is full',
  { skip: !existsSync('/dev/full') && 'no /dev/full here' },
  async t => {
    const file = await new NodeFileSystem().open('/dev/full', 'write')
    await t.rejects(file.write([Buffer.from('x')], 0), {
      name: 'StorageFullError',
      message: /\/dev\/full is full: free/
    })
    t.throws(() => file.writeNow([Buffer.from('x')], 0), StorageFullError)
    await file.close()
  }
)

t.test(
  'NodeFileSystem does not take a directory that it may not read for an empty one',
  { skip: process.getuid?.() === 0 && 'root may read everything' },
  async t => {
    const root = t.testdir({ closed: { file: 'x' } })
    chmodSync(join(root, 'closed'), 0)
    t.teardown(() => chmodSync(join(root, 'closed'), 0o700))
    await t.rejects(new NodeFileSystem().list(join(root, 'closed')), { message: /Cannot list/ })
    await t.rejects(new NodeFileSystem().exists(join(root, 'closed/file')), { message: /Cannot access/ })
  }
)

t.test('FaultyFileSystem', async t => {
  const content = Buffer.alloc(3000, 1)

  t.test('keeps what was synced, and loses or tears the rest, the same way for the same seed', async t => {
    const outcomes = new Set<string>()
    const isTornWithinSector: boolean[] = []
    for (let seed = 1; seed <= 200; seed++) {
      const after = await Promise.all(
        [1, 2].map(async () => {
          const fs = new FaultyFileSystem({ seed })
          const file = await fs.open('/d/f', 'create')
          await file.write([content], 0)
          await file.sync()
          await fs.syncDirectory('/d')
          await file.write([Buffer.alloc(3000, 2)], 1000)
          fs.crash()
          return fs.contentOf('/d/f')
        })
      )
      t.ok(after[0]!.equals(after[1]!)) || t.comment(`seed ${seed}`)
      t.ok(after[0]!.subarray(0, 1000).every(byte => byte === 1))
      outcomes.add(after[0]!.toString('latin1'))
      isTornWithinSector.push(
        [...after[0]!].some((byte, i, all) => i > 1000 && byte !== all[i - 1] && i % 512 !== 0)
      )
    }
    t.ok(outcomes.size > 30, `${outcomes.size} outcomes`)
    t.ok(isTornWithinSector.some(Boolean))
  })

  t.test('loses a file whose directory was not synced, at least sometimes', async t => {
    let lost = 0
    for (let seed = 1; seed <= 50; seed++) {
      const fs = new FaultyFileSystem({ seed })
      const file = await fs.open('/d/f', 'create')
      await file.write([content], 0)
      await file.sync()
      fs.crash()
      if (!fs.paths.includes('/d/f')) lost++
    }
    t.ok(lost > 5 && lost < 45, `${lost} of 50`)
  })

  t.test('files that were open are dead after a crash, and so is the process that had them', async t => {
    const fs = new FaultyFileSystem({ seed: 1 })
    const process = fs.attach()
    const file = await process.open('/d/f', 'create')
    fs.crash()
    t.throws(() => file.writeNow([content], 0), { name: 'CrashedError' })
    await t.rejects(process.open('/d/g', 'create'), { name: 'CrashedError' })
  })

  t.test('dies at the n-th operation, refuses what it is told to, fills up, and rots', async t => {
    const fs = new FaultyFileSystem({ seed: 1, spaceBytes: 5000 })
    const file = await fs.open('/d/f', 'create')
    await file.write([content], 0)
    await t.rejects(file.write([content], 3000), StorageFullError)
    t.equal(await file.size(), 3000)
    t.equal(await fs.freeBytes(), 2000)
    fs.injectFault(operation => (operation === 'sync' ? new Error('EIO') : undefined))
    await t.rejects(file.sync(), { message: 'EIO' })
    fs.injectFault(undefined)
    fs.flipBit('/d/f', 10, 1)
    fs.zero('/d/f', 20, 5)
    t.equal(fs.contentOf('/d/f')[10], 3)
    t.same([...fs.contentOf('/d/f').subarray(19, 26)], [1, 0, 0, 0, 0, 0, 1])
    const { operations } = fs
    fs.stopAfter(2)
    file.writeNow([content], 0)
    t.throws(() => file.writeNow([content], 0), { name: 'CrashedError' })
    t.equal(fs.operations, operations + 2)
  })
})
