import assert from 'node:assert'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { MemoryKeyValueStore } from '../../../src/storage/index.js'
import { type SuiteTest, testKeyValueStore } from '../../../src/storage/testing.js'

t.test('conformance', async t =>
  testKeyValueStore(t as SuiteTest & Test, async () => ({
    store: new MemoryKeyValueStore(),
    refusesMisuse: true,
    remove: async () => {}
  }))
)

t.test('a key without bytes or longer than the limit is refused', async t => {
  const store = new MemoryKeyValueStore()
  await store.open()
  await t.rejects(store.get(Buffer.alloc(0)), { message: /at least one byte/ })
  const batch = store.batch()
  t.throws(() => batch.put(Buffer.alloc(0), Buffer.from('x')), { message: /at least one byte/ })
  t.throws(() => batch.delete(Buffer.alloc(128 * 1024 + 1)), { message: /at most 131072 bytes, not 131073/ })
  batch.put(Buffer.alloc(128 * 1024), Buffer.alloc(0))
})

t.test('it behaves as a sorted list of the last changes', async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 }).map(array => Buffer.from(array))
  const change = fc.tuple(bytes, fc.option(bytes, { nil: undefined }))
  const range = fc.record({ gte: bytes, lt: bytes, reverse: fc.boolean(), limit: fc.nat(8) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 8 }),
      range,
      async (batches, asked) => {
        const store = new MemoryKeyValueStore()
        await store.open()
        const model = new Map<string, string>()
        for (const changes of batches) {
          const batch = store.batch()
          for (const [key, value] of changes) {
            if (value === undefined) batch.delete(key)
            else batch.put(key, value)
            if (value === undefined) model.delete(key.toString('hex'))
            else model.set(key.toString('hex'), value.toString('hex'))
          }
          await batch.write({ sync: false })
        }
        const within = [...model]
          .filter(([key]) => key >= asked.gte.toString('hex') && key < asked.lt.toString('hex'))
          .sort(([a], [b]) => (a < b ? -1 : 1))
        const expected = (asked.reverse ? within.reverse() : within).slice(0, asked.limit)
        const seen: string[][] = []
        for await (const [key, value] of store.iterate(asked))
          seen.push([key.toString('hex'), value.toString('hex')])
        assert.deepStrictEqual(seen, expected)
      }
    ),
    { numRuns: 200 }
  )
})
