import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { StoreMarker } from '../../../plugins/rocksdb/store-marker.js'
import type { Logger } from '../../../src/kernel/index.js'
import { silentLogger } from '../../../src/kernel/index.js'
import { type KeyValueStore, StorageDamagedError } from '../../../src/storage/index.js'
import { storeIn, temporaryDirectory, whyNot } from './support/state-stores.js'

const ENGINE = 'classic-level'
const skip = (await whyNot(t, ENGINE)) ?? false

async function put(store: KeyValueStore, key: string): Promise<void> {
  const batch = store.batch()
  batch.put(Buffer.from(key), Buffer.from('x'))
  await batch.write({ sync: true })
}

/** A closed store with the key `a`. */
async function filledDirectory(t: Test): Promise<string> {
  const directory = join(await temporaryDirectory(t), 'deep', 'state')
  const store = storeIn(directory, ENGINE)
  await store.open()
  await put(store, 'a')
  await store.close()
  return directory
}

async function editMarker(
  directory: string,
  changes: Partial<Record<keyof StoreMarker, unknown>>
): Promise<void> {
  const file = join(directory, 'store.json')
  const marker = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...marker, ...changes }))
}

async function hasA(directory: string, engine = ENGINE): Promise<boolean> {
  const store = storeIn(directory, engine)
  await store.open()
  try {
    return (await store.get(Buffer.from('a'))) !== undefined
  } finally {
    await store.close()
  }
}

t.test('a directory that is missing is made, with a marker that says who owns it', { skip }, async t => {
  const directory = await filledDirectory(t)
  t.match(JSON.parse(await readFile(join(directory, 'store.json'), 'utf8')), {
    format: 1,
    family: 'leveldb',
    binding: 'classic-level',
    bindingVersion: /^\d/,
    engineVersion: /^1\.\d+/,
    createdBy: 'a test',
    isInitialized: true
  })
  t.ok(await hasA(directory))
  t.ok(await hasA(directory, 'auto'), 'the marker decides what auto means')
  t.strictSame((await readdir(directory)).sort(), ['bindings.json', 'db', 'store.json'])
})

t.test('files of an engine without a marker are refused, and left as they are', { skip }, async t => {
  const directory = await filledDirectory(t)
  const marker = await readFile(join(directory, 'store.json'))
  await rm(join(directory, 'store.json'))
  const before = await readdir(join(directory, 'db'))
  for (const engine of ['auto', 'rocksdb', ENGINE]) {
    await t.rejects(storeIn(directory, engine).open(), {
      message: /holds files of a storage engine \(.*\) but no store\.json.*move the files away/
    })
  }
  t.strictSame(await readdir(join(directory, 'db')), before)
  await writeFile(join(directory, 'store.json'), marker)
  t.ok(await hasA(directory))
})

t.test('files of an engine right in the directory are refused too', { skip }, async t => {
  const directory = await filledDirectory(t)
  const other = await temporaryDirectory(t)
  await cp(join(directory, 'db'), other, { recursive: true })
  await t.rejects(storeIn(other, 'auto').open(), { message: /but no store\.json/ })
})

t.test('files that no engine writes do not matter', { skip }, async t => {
  const directory = await temporaryDirectory(t)
  await mkdir(join(directory, 'lost+found'))
  await writeFile(join(directory, 'README.txt'), '')
  const store = storeIn(directory, ENGINE)
  await store.open()
  await store.close()
})

t.test(
  'another engine’s directory is refused in words before anything native is loaded',
  { skip },
  async t => {
    const directory = await filledDirectory(t)
    await t.rejects(storeIn(directory, 'rocksdb').open(), {
      message:
        /rocksdb: rocksdb 5\.\d+\.\d+ \(RocksDB 6\.\d+\.\d+\) destroys what classic-level 3\.\d+\.\d+ wrote/
    })
    t.ok(await hasA(directory))
  }
)

t.test(
  'a marker of a newer engine, another format, or none that can be read is refused',
  { skip },
  async t => {
    const directory = await filledDirectory(t)
    await editMarker(directory, { engineVersion: '99.0' })
    await t.rejects(storeIn(directory, 'auto').open(), {
      message: /is older than the LevelDB 99\.0 that wrote/
    })
    await editMarker(directory, { format: 2 })
    await t.rejects(storeIn(directory, 'auto').open(), {
      message: /has format 2 of the state store, and this release knows 1: start the release that wrote it/
    })
    for (const changes of [
      { format: 1, family: 'lmdb' },
      { family: 'leveldb', isInitialized: 'yes' }
    ]) {
      await editMarker(directory, changes)
      await t.rejects(storeIn(directory, 'auto').open(), {
        message: /store\.json can not be read: restore it/
      })
    }
    for (const text of ['', '{"format":1', 'null']) {
      await writeFile(join(directory, 'store.json'), text)
      await t.rejects(storeIn(directory, 'auto').open(), {
        message: /store\.json can not be read: restore it/
      })
    }
  }
)

t.test('files that are gone under a marker are damage, not an empty store', { skip }, async t => {
  const directory = await filledDirectory(t)
  await rename(join(directory, 'db'), join(directory, 'elsewhere'))
  await t.rejects(storeIn(directory, 'auto').open(), StorageDamagedError)
  await mkdir(join(directory, 'db'))
  await t.rejects(storeIn(directory, 'auto').open(), {
    message: /classic-level keeps a store here, but its files are/
  })
  await rm(join(directory, 'db'), { recursive: true })
  await rename(join(directory, 'elsewhere'), join(directory, 'db'))
  t.ok(await hasA(directory))
})

t.test('a start that was cut off between marker and engine is made good by the next', { skip }, async t => {
  const directory = await filledDirectory(t)
  await rm(join(directory, 'db'), { recursive: true })
  await editMarker(directory, { isInitialized: false })
  const store = storeIn(directory, 'auto')
  await store.open()
  await put(store, 'a')
  await store.close()
  t.ok(await hasA(directory))
})

t.test(
  'the first start tries the binding, the next ones do not, and a forced one that failed is tried again',
  async t => {
    if (skip !== false) return t.pass(skip, { skip })
    const directory = await filledDirectory(t)
    const file = join(directory, 'bindings.json')
    const remembered = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>
    const [key] = Object.keys(remembered)
    t.match(key, /^classic-level 3\.\d+\.\d+ prebuilt; node \d+/)
    await writeFile(file, JSON.stringify({ [key!]: { works: false, why: 'it was told so' } }))
    await t.rejects(storeIn(directory, 'auto').open(), { message: /classic-level: it was told so/ })
    t.ok(await hasA(directory, ENGINE))
    t.match(JSON.parse(await readFile(file, 'utf8')), { [key!]: { works: true } })
  }
)

t.test('what was chosen, and why, is in the log', { skip }, async t => {
  const lines: string[] = []
  const log: Logger = {
    ...silentLogger,
    info: (fields: object | string, message?: string) =>
      void lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const store = storeIn(await temporaryDirectory(t), ENGINE, log)
  await store.open()
  await store.close()
  t.match(lines, [/^state store opened \{"engine":"classic-level 3\.\d+\.\d+ \(LevelDB 1\.20\)"/])
})
