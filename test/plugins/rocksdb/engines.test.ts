import { mkdtempSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bindings } from '../../../plugins/rocksdb/bindings.js'
import { LevelStore } from '../../../plugins/rocksdb/level-store.js'
import { EngineStore } from '../../../plugins/rocksdb/open-engine.js'
import { bindingWorks } from '../../../plugins/rocksdb/probe.js'
import { silentLogger } from '../../../src/kernel/index.js'
import { MemoryKeyValueStore } from '../../../src/storage/index.js'
import { type SuiteTest, testKeyValueStore } from '../../../src/storage/testing.js'

const scratch = mkdtempSync(join(tmpdir(), 'myelin-engines-'))
t.teardown(() => rm(scratch, { recursive: true, force: true }))
let count = 0
const fresh = () => join(scratch, `store-${count++}`)

t.test('memory', async t =>
  testKeyValueStore(t as SuiteTest & Test, async () => ({
    store: new MemoryKeyValueStore(),
    remove: async () => {}
  }))
)

for (const binding of bindings) {
  t.test(binding.name, async t => {
    if (!(await bindingWorks(binding, scratch))) {
      // Not every binding has a prebuilt for every Node version and processor; that none aborts us is the point.
      t.not(binding.name, 'classic-level', 'classic-level works everywhere')
      return t.comment(`${binding.packageName} does not work with Node ${process.version}`)
    }
    testKeyValueStore(t as SuiteTest & Test, async () => {
      const directory = fresh()
      await mkdir(directory, { recursive: true })
      const open = () =>
        new LevelStore({ engine: binding.name, persistent: true }, directory, binding.create(directory))
      return { store: open(), reopen: open, remove: () => rm(directory, { recursive: true, force: true }) }
    })
  })
}

const engineIn = (directory: string, engine = 'auto') =>
  new EngineStore({ directory, engine, log: silentLogger })

t.test('the first engine that works is chosen, and the same one again', async t => {
  const directory = join(fresh(), 'state')
  const first = engineIn(directory)
  await first.open()
  const { engine } = first.info
  await first.close()
  const second = engineIn(directory)
  await second.open()
  t.equal(second.info.engine, engine)
  await second.close()
})

t.test('a directory of another engine is refused in words, before that engine touches it', async t => {
  const directory = join(fresh(), 'state')
  const first = engineIn(directory, 'classic-level')
  await first.open()
  const batch = first.batch()
  batch.put(Buffer.from('a'), Buffer.from('b'))
  await batch.write({ sync: true })
  await first.close()
  const before = await readdir(join(directory, 'db'))
  for (const { name } of bindings) {
    if (name !== 'classic-level') await t.rejects(engineIn(directory, name).open(), { message: /engine/ })
  }
  t.same(await readdir(join(directory, 'db')), before)
  const again = engineIn(directory)
  await again.open()
  t.same(await again.get(Buffer.from('a')), Buffer.from('b'))
  await again.close()
})

t.test('files of an engine without a marker are refused', async t => {
  const directory = fresh()
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'CURRENT'), 'MANIFEST-000001\n')
  await t.rejects(engineIn(directory).open(), { message: /engine\.json/ })
})

t.test('a second process on one store is refused in words', async t => {
  const directory = join(fresh(), 'state')
  const first = engineIn(directory)
  await first.open()
  await t.rejects(engineIn(directory).open(), { message: /Another process uses/ })
  await first.close()
})
