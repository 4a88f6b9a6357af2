import t from 'tap'
import { stateStoreMetrics } from '../../../plugins/rocksdb/metrics.js'
import { openValue, sealValue } from '../../../plugins/rocksdb/value-seal.js'
import { StorageBusyError, StorageDamagedError, StoreClosedError } from '../../../src/storage/index.js'
import { fixture, put, ROWS } from './support/engine-store-fixture.js'

t.test('a value under the wrong key, cut, or changed is not opened', async t => {
  const [key, value] = [Buffer.from('key'), Buffer.from('value')]
  const sealed = sealValue(key, value)
  t.ok(openValue(key, sealed)?.equals(value))
  t.equal(openValue(Buffer.from('kez'), sealed), undefined)
  t.equal(openValue(key, sealed.subarray(0, -1)), undefined)
  t.equal(openValue(key, Buffer.alloc(3)), undefined)
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    t.equal(openValue(key, changed), undefined)
  }
})

t.test(
  'a value that does not fit its checksum is reported with place and remedy, by get and by iterate',
  async t => {
    const { store, memory } = fixture(t)
    await store.open()
    await put(store, 'row')
    const batch = memory.batch()
    batch.put(Buffer.from('row'), Buffer.from('xABCD'))
    await batch.write({ sync: true })
    const words = {
      message: /\/data\/state is damaged: the value of key 726f77 does not fit.*Restore the directory/
    }
    await t.rejects(store.get(Buffer.from('row')), words)
    await t.rejects(async () => {
      for await (const _entry of store.iterate(ROWS));
    }, StorageDamagedError)
    t.equal(store.openIterations, 0)
  }
)

t.test('a key without bytes or longer than the limit is refused', async t => {
  const { store } = fixture(t)
  await store.open()
  const words = { message: /A key of the key-value store has at least one byte/ }
  await t.rejects(store.get(Buffer.alloc(0)), words)
  await t.rejects(store.getMany([Buffer.from('a'), Buffer.alloc(0)]), words)
  const batch = store.batch()
  t.throws(() => batch.put(Buffer.alloc(0), Buffer.from('x')), words)
  t.throws(() => batch.delete(Buffer.alloc(128 * 1024 + 1)), { message: /at most 131072 bytes/ })
  t.equal(batch.length, 0)
})

t.test('at most so many batches wait, and the next is refused in words', async t => {
  const { store, engines } = fixture(t, { waitingWritesMax: 2 })
  await store.open()
  let release = (): void => {}
  engines[0]!.gate = new Promise(resolve => {
    release = resolve
  })
  const waiting = [put(store, 'a'), put(store, 'b')]
  await t.rejects(put(store, 'c'), StorageBusyError)
  release()
  await Promise.all(waiting)
  await put(store, 'c')
})

t.test('at most so many iterations are open, and the next is refused in words', async t => {
  const { store } = fixture(t, { iterationsMax: 2 })
  await store.open()
  const open = [store.iterate(ROWS), store.iterate(ROWS)]
  t.throws(() => store.iterate(ROWS), { message: /has 2 iterations open.*walked to its end or left/ })
  for (const iteration of open) for await (const _entry of iteration);
  for await (const _entry of store.iterate(ROWS));
  t.equal(store.openIterations, 0)
})

t.test('a batch that grows beyond its bound is refused in words', async t => {
  const { store } = fixture(t, { batchBytesMax: 100 })
  await store.open()
  const batch = store.batch()
  batch.put(Buffer.from('a'), Buffer.alloc(90))
  t.throws(() => batch.put(Buffer.from('b'), Buffer.alloc(10)), {
    message: /at most 100 bytes: write more, smaller/
  })
  await batch.write({ sync: true })
})

t.test('the first page of an iteration is small and the others are bounded', async t => {
  const { store, engines } = fixture(t)
  await store.open()
  const batch = store.batch()
  for (let i = 0; i < 1200; i++) batch.put(Buffer.from(`row${i}`), Buffer.from('x'))
  await batch.write({ sync: true })
  let count = 0
  for await (const _entry of store.iterate(ROWS)) count++
  t.strictSame([count, engines[0]!.entriesAsked], [1200, [16, 512, 512, 512, 512]])
})

t.test('closing waits for batches and closes iterations before the engine', async t => {
  const { store, engines } = fixture(t)
  await store.open()
  let release = (): void => {}
  engines[0]!.gate = new Promise(resolve => {
    release = resolve
  })
  store.iterate(ROWS)
  const writes = [put(store, 'a'), put(store, 'b')]
  const closing = store.close()
  await t.rejects(store.get(Buffer.from('a')), StoreClosedError)
  t.equal(engines[0]!.isClosed, false)
  release()
  await Promise.all([...writes, closing])
  t.strictSame([engines[0]!.isClosed, engines[0]!.openIterators, engines[0]!.writes], [true, 0, 2])
})

t.test('an engine that fails to close is told, and the store is closed all the same', async t => {
  const { store, engines } = fixture(t)
  await store.open()
  engines[0]!.closeError = new Error('IO error: odd')
  await t.rejects(store.close(), { message: /failed: IO error: odd/ })
  await store.close()
  await t.rejects(store.get(Buffer.from('a')), StoreClosedError)
})

t.test('opening an open store is harmless', async t => {
  const { store, engines } = fixture(t)
  await Promise.all([store.open(), store.open()])
  await store.open()
  t.equal(engines.length, 1)
  await store.close()
  await store.open()
  t.equal(engines.length, 2)
})

t.test('a store that could not be opened may be opened later', async t => {
  const { store, disk } = fixture(t)
  disk.openError = new Error('not now')
  await t.rejects(store.open(), { message: 'not now' })
  await t.rejects(store.get(Buffer.from('a')), StoreClosedError)
  disk.openError = undefined as never
  await Promise.all([store.open(), store.open()])
  await put(store, 'a')
})

t.test('what engines report is said in words with the place', async t => {
  const { store, engines } = fixture(t)
  await store.open()
  const cases: [Error, object][] = [
    [new Error('Corruption: block checksum mismatch'), { name: 'StorageDamagedError' }],
    [Object.assign(new Error('odd'), { code: 'LEVEL_CORRUPTION' }), { name: 'StorageDamagedError' }],
    [
      new Error('Database is not open', { cause: Object.assign(new Error('x'), { code: 'LEVEL_LOCKED' }) }),
      { message: /used by another process/ }
    ],
    [
      new Error('IO error: While lock file: /data/state/LOCK: Resource temporarily unavailable'),
      { message: /used by another process/ }
    ],
    [
      Object.assign(new Error('IO error: /a/lock/5.ldb: No space left on device'), {
        code: 'LEVEL_IO_ERROR'
      }),
      { name: 'StorageFullError' }
    ],
    [new Error('IO error: /a/Corruption: /lock: odd'), { message: /\/data\/state failed: IO error/ }]
  ]
  for (const [error, expected] of cases) {
    engines[0]!.getMany = () => Promise.reject(error)
    const refusal: unknown = await store.get(Buffer.from('a')).catch(reason => reason)
    t.match(refusal, expected)
  }
})

t.test('reads, batches and iterations are counted', async t => {
  const { store } = fixture(t)
  await store.open()
  await put(store, 'a')
  await store.getMany([Buffer.from('a'), Buffer.from('b')])
  store.iterate(ROWS)
  const values = Object.fromEntries([...stateStoreMetrics(store).measurements()].map(m => [m.name, m.value]))
  t.match(values, {
    'myelin.state.reads': 2,
    'myelin.state.batches': 1,
    'myelin.state.synced.batches': 1,
    'myelin.state.changes': 1,
    'myelin.state.iterations': 1,
    'myelin.state.iterations.open': 1,
    'myelin.state.failed.writes': 0
  })
})
