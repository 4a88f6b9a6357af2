import fc from 'fast-check'
import t from 'tap'
import { StateOverlay } from '../../src/eventstore/state/state-overlay.js'
import { MemoryKeyValueStore } from '../../src/storage/index.js'

const bucket = Buffer.from('bucket')
const bytes = (text: string) => Buffer.from(text)

async function checkpoint(overlay: StateOverlay, store: MemoryKeyValueStore): Promise<void> {
  overlay.freeze()
  const batch = store.batch()
  for (const change of overlay.frozenChanges()) change(batch)
  await batch.write({ sync: true })
  overlay.forgetFrozen()
}

t.test('a read sees what is in memory before what is in the store', async t => {
  const store = new MemoryKeyValueStore()
  await store.open()
  const overlay = new StateOverlay(store)
  overlay.put(bucket, bytes('a'), bytes('1'))
  await checkpoint(overlay, store)
  t.same(await overlay.get(bucket, bytes('a')), bytes('1'))
  overlay.put(bucket, bytes('a'), bytes('2'))
  t.same(await overlay.get(bucket, bytes('a')), bytes('2'))
  overlay.delete(bucket, bytes('a'))
  t.equal(await overlay.get(bucket, bytes('a')), undefined)
})

t.test('the store only changes at a checkpoint, and then has everything', async t => {
  const store = new MemoryKeyValueStore()
  await store.open()
  const overlay = new StateOverlay(store)
  overlay.put(bucket, bytes('a'), bytes('1'))
  t.equal(await store.get(bytes('bucketa')), undefined)
  t.equal(overlay.isDirty, true)
  await checkpoint(overlay, store)
  t.same(await store.get(bytes('bucketa')), bytes('1'))
  t.equal(overlay.isDirty, false)
  t.equal(overlay.bytes, 0)
})

t.test('what changes while a checkpoint is written belongs to the next one', async t => {
  const store = new MemoryKeyValueStore()
  await store.open()
  const overlay = new StateOverlay(store)
  overlay.put(bucket, bytes('a'), bytes('1'))
  overlay.freeze()
  const batch = store.batch()
  for (const change of overlay.frozenChanges()) change(batch)
  overlay.put(bucket, bytes('a'), bytes('2'))
  await batch.write({ sync: true })
  overlay.forgetFrozen()
  t.same(await store.get(bytes('bucketa')), bytes('1'))
  t.same(await overlay.get(bucket, bytes('a')), bytes('2'))
})

t.test('any mix of changes, checkpoints and failed checkpoints reads like a plain map', async t => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('put' as const),
      key: fc.integer({ min: 0, max: 20 }),
      value: fc.string()
    }),
    fc.record({ kind: fc.constant('delete' as const), key: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ kind: fc.constantFrom('checkpoint' as const, 'freeze' as const) })
  )
  const range = fc.record({
    gte: fc.integer({ min: 0, max: 20 }),
    lt: fc.integer({ min: 0, max: 21 }),
    reverse: fc.boolean(),
    limit: fc.integer({ min: 1, max: 25 })
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), range, async (steps, { gte, lt, reverse, limit }) => {
      const store = new MemoryKeyValueStore()
      await store.open()
      const overlay = new StateOverlay(store)
      const model = new Map<number, string>()
      for (const each of steps) {
        if (each.kind === 'put') {
          overlay.put(bucket, Buffer.from([each.key]), bytes(each.value))
          model.set(each.key, each.value)
        } else if (each.kind === 'delete') {
          overlay.delete(bucket, Buffer.from([each.key]))
          model.delete(each.key)
        } else if (each.kind === 'freeze') overlay.freeze()
        else await checkpoint(overlay, store)
      }
      const items = await overlay.range(bucket, {
        gte: Buffer.from([gte]),
        lt: Buffer.from([lt]),
        reverse,
        limit
      })
      const expected = [...model]
        .filter(([key]) => key >= gte && key < lt)
        .sort(([a], [b]) => (reverse ? b - a : a - b))
      t.same(
        items.map(({ suffix, value }) => [suffix[0], value.toString()]),
        expected.slice(0, limit)
      )
    }),
    { numRuns: 200 }
  )
})
