import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import {
  definePlugin,
  GrpcService,
  HealthCheck,
  type KeyRange,
  KeyValueStore,
  MetricsSource,
  ServerError,
  type UnaryCall,
  type UnaryMethod
} from '../../src/plugin-api.js'
import { type SuiteTest, TestKernel, testKeyValueStore } from '../../src/testing.js'
import { repository } from '../support/repository.js'

const fileStore = join(repository, 'examples', 'file-store')
const greeter = join(repository, 'examples', 'greeter')
const all: KeyRange = { gte: Buffer.alloc(0), lt: Buffer.from([0xff]) }

type FileStore = new (directory: string) => KeyValueStore

async function importFileStore(): Promise<FileStore> {
  const file = pathToFileURL(join(fileStore, 'file-store.js')).href
  return ((await import(file)) as { readonly FileStore: FileStore }).FileStore
}

const key = (name: string) => Buffer.from(name)

async function put(store: KeyValueStore, ...names: string[]): Promise<void> {
  const batch = store.batch()
  for (const name of names) batch.put(key(name), key(`value of ${name}`))
  await batch.write({ sync: true })
}

async function keysOf(store: KeyValueStore): Promise<string[]> {
  const keys: string[] = []
  for await (const [each] of store.iterate(all)) keys.push(each.toString())
  return keys
}

t.test('the file store is a storage engine', async t => {
  const FileStore = await importFileStore()
  testKeyValueStore(t as SuiteTest & Test, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'myelin-file-store-'))
    return {
      store: new FileStore(directory),
      reopen: () => new FileStore(directory),
      remove: () => rm(directory, { recursive: true })
    }
  })
})

t.test('the file store cuts a torn record at the end, at any length', async t => {
  const FileStore = await importFileStore()
  const directory = t.testdir()
  const file = join(directory, 'state.log')
  const store = new FileStore(directory)
  await store.open()
  await put(store, 'a')
  const { size: whole } = await stat(file)
  await put(store, 'b')
  await store.close()
  const complete = await readFile(file)
  for (let length = whole; length < complete.length; length++) {
    await writeFile(file, complete.subarray(0, length))
    const again = new FileStore(directory)
    await again.open()
    t.same(await keysOf(again), ['a'], `${length} bytes`)
    await again.close()
    t.equal((await stat(file)).size, whole)
  }
  await appendFile(file, Buffer.alloc(64))
  const again = new FileStore(directory)
  await again.open()
  await put(again, 'c')
  await again.close()
  await again.open()
  t.same(await keysOf(again), ['a', 'c'])
  await again.close()
})

t.test('the file store refuses to open over damage that good records follow', async t => {
  const FileStore = await importFileStore()
  const directory = t.testdir()
  const file = join(directory, 'state.log')
  const store = new FileStore(directory)
  await store.open()
  await put(store, 'a')
  await put(store, 'b')
  await store.close()
  const content = await readFile(file)
  for (const position of [0, 5, 9, 20]) {
    const damaged = Buffer.from(content)
    damaged[position]! ^= 0xff
    await writeFile(file, damaged)
    await t.rejects(new FileStore(directory).open(), {
      message: /state.log is damaged at byte 0: good records follow/
    })
  }
  await truncate(file, 0)
})

t.test('the file store does not grow with what was overwritten', async t => {
  const FileStore = await importFileStore()
  const directory = t.testdir()
  const store = new FileStore(directory)
  await store.open()
  const value = Buffer.alloc(100_000, 1)
  for (let i = 0; i < 40; i++) {
    const batch = store.batch()
    batch.put(key('same'), value)
    await batch.write({ sync: true })
  }
  t.ok((await stat(join(directory, 'state.log'))).size < 1_300_000)
  await store.close()
  await store.open()
  t.same(await store.get(key('same')), value)
  await store.close()
})

t.test('the file store takes the place of the built-in engine', async t => {
  let isOldStarted = false
  const rocksdb = definePlugin({
    name: 'rocksdb',
    version: '1.0.0',
    kernel: '*',
    provides: [KeyValueStore],
    start: () => {
      isOldStarted = true
    }
  })
  const kernel = await TestKernel.start({
    plugins: [rocksdb, fileStore],
    properties: { 'myelin.services.KeyValueStore': '@example/file-store', 'file-store.directory': 'state' }
  })
  const store = kernel.services.get(KeyValueStore)
  await store.open()
  await t.rejects(store.open(), { message: /open already/ })
  await put(store, 'a')
  t.match(store.info, { engine: 'file-store 1.0.0', persistent: true })
  t.ok((await stat(join(kernel.directory, 'state', 'state.log'))).size > 0)
  t.equal(isOldStarted, false)
  await store.close()
  await kernel.stop()
})

t.test('the greeter greets, counts, and is well', async t => {
  const kernel = await TestKernel.start({ plugins: [greeter], properties: { 'greeter.phrase': 'Servus' } })
  const [service] = kernel.services.all(GrpcService)
  const method = service?.methods[0] as UnaryMethod
  t.equal(method.path, '/example.Greeter/Greet')
  t.equal(await call(method, Buffer.from('\x0a\x03Ada')), '\x0a\x0cServus, Ada!')
  for (const wrong of ['', '\x0a\x03Ad', '\x12\x01A', `\x0a\x65${'x'.repeat(101)}`])
    await t.rejects(call(method, Buffer.from(wrong)), { message: /A name has 1 to 100 characters/ })
  const figures = [...kernel.services.all(MetricsSource)].flatMap(source => [...source.measurements()])
  t.match(figures, [
    { name: 'example.greeter.calls', tags: { outcome: 'answered' }, value: 1 },
    { name: 'example.greeter.calls', tags: { outcome: 'refused' }, value: 4 }
  ])
  const [health] = kernel.services.all(HealthCheck)
  t.same(await health?.check(), { status: 'UP', details: { greeted: 1 } })
  await kernel.stop()
})

function call(method: UnaryMethod, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const unary: Partial<UnaryCall> = {
      reply: message => resolve(message.toString()),
      fail: error => reject(error instanceof ServerError ? error : new Error('not a ServerError'))
    }
    method.handle(request, unary as UnaryCall)
  })
}
