import t from 'tap'
import { stateStoreHealth } from '../../../plugins/rocksdb/health.js'
import { StorageFullError } from '../../../src/storage/index.js'
import { eventually, fixture, MIB, put, ROWS } from './support/engine-store-fixture.js'
import { FULL } from './support/fake-engine.js'

t.test('a full disk is told as such, and stops changes but not reads', async t => {
  const { store, engines, disk } = fixture(t)
  await store.open()
  await put(store, 'row')
  disk.freeBytes = 10 * MIB
  engines[0]!.writeError = new Error(FULL)
  await t.rejects(put(store, 'row2'), StorageFullError)
  await t.rejects(() => put(store, 'row3'), {
    name: 'StorageFullError',
    message: /\/data\/state is full: free some/
  })
  t.equal((await store.get(Buffer.from('row')))?.toString(), 'x')
  t.match(await stateStoreHealth(store).check(), { status: 'WARN', details: { error: /is full/ } })
  t.strictSame([store.stats.failedWrites, engines.length], [1, 1])
})

t.test('no batch reaches an engine behind one that failed, not even one that was waiting', async t => {
  const { store, engines, disk } = fixture(t)
  await store.open()
  disk.freeBytes = 0
  let release = (): void => {}
  engines[0]!.gate = new Promise(resolve => {
    release = resolve
  })
  engines[0]!.writeError = new Error(FULL)
  const writes = [put(store, 'a'), put(store, 'b'), put(store, 'c')]
  const outcomes = Promise.allSettled(writes)
  await new Promise(resolve => setImmediate(resolve))
  release()
  await t.rejects(writes[0]!, StorageFullError)
  engines[0]!.writeError = undefined
  t.ok((await outcomes).every(({ status }) => status === 'rejected'))
  t.equal(engines[0]!.writes, 0)
})

t.test('when there is room again the engine is opened anew, and then takes changes', async t => {
  const { store, engines, disk } = fixture(t)
  await store.open()
  await put(store, 'row')
  const walking = store.iterate(ROWS)[Symbol.asyncIterator]()
  const old = store.batch()
  engines[0]!.writeError = new Error(FULL)
  engines[0]!.closeError = new Error('IO error: Seen error. Skip writing buffer.')
  disk.freeBytes = 0
  await t.rejects(put(store, 'row2'), StorageFullError)
  await t.rejects(() => put(store, 'row2'), StorageFullError)
  disk.freeBytes = 1024 * MIB
  t.throws(() => store.batch(), StorageFullError, 'whoever asks sets it going')
  await eventually(() => store.writeFailure === undefined)
  await put(store, 'row2')
  t.strictSame([engines.length, engines[0]!.isClosed, store.stats.reopenings], [2, true, 1])
  await t.rejects(old.write({ sync: true }), { name: 'StorageFullError', message: /begin again/ })
  await t.rejects(walking.next(), { message: /was opened again after a full disk: begin again/ })
  t.match(await stateStoreHealth(store).check(), { status: 'UP' })
})

t.test('calls made while the engine is opened anew wait for it', async t => {
  const { store, engines } = fixture(t)
  await store.open()
  await put(store, 'row')
  engines[0]!.writeError = new Error(FULL)
  await t.rejects(put(store, 'row2'), StorageFullError)
  t.throws(() => store.batch())
  await eventually(() => engines[0]!.isClosed)
  const seen: string[] = []
  const walk = async (): Promise<void> => {
    for await (const [key] of store.iterate(ROWS)) seen.push(key.toString())
  }
  const [value] = await Promise.all([store.get(Buffer.from('row')), walk()])
  t.strictSame([value?.toString(), seen, engines.length], ['x', ['row'], 2])
})

t.test('an engine that does not open again is tried later, and calls say why it is not there', async t => {
  const { store, engines, disk } = fixture(t)
  await store.open()
  engines[0]!.writeError = new Error(FULL)
  await t.rejects(put(store, 'row'), StorageFullError)
  disk.openError = new StorageFullError('still no room')
  t.throws(() => store.batch(), StorageFullError)
  await eventually(() => engines[0]!.isClosed && store.info.engine === 'not open')
  await t.rejects(store.get(Buffer.from('row')))
  t.match(await stateStoreHealth(store).check(), { status: 'DOWN' })
  disk.openError = undefined as never
  await eventually(() => {
    store.get(Buffer.from('row')).catch(() => {})
    return store.writeFailure === undefined
  })
  await put(store, 'row')
  t.equal(engines.length, 2)
})

t.test('any other failed write is for the owner to judge: the engine is not opened again', async t => {
  const { store, engines } = fixture(t)
  await store.open()
  engines[0]!.writeError = new Error('IO error: While fsync: /data/000004.log: Input/output error')
  await t.rejects(put(store, 'row'), {
    message: /The state store in \/data\/state failed: IO error: While fsync/
  })
  t.throws(() => store.batch(), { message: /Input\/output error/ })
  await new Promise(resolve => setImmediate(resolve))
  t.equal(engines.length, 1)
})
