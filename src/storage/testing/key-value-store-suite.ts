import type { KeyRange, KeyValueStore } from '../key-value-store.js'

/** The part of tap that the suite needs, so that any runner with these methods can run it. */
export interface SuiteTest {
  test(name: string, body: (t: SuiteTest) => Promise<void>): unknown
  equal(actual: unknown, expected: unknown, message?: string): unknown
  same(actual: unknown, expected: unknown, message?: string): unknown
  rejects(promise: Promise<unknown>, expected?: unknown, message?: string): Promise<unknown>
}

export interface StoreUnderTest {
  readonly store: KeyValueStore
  /** The same data opened again after a close; absent for engines that keep nothing. */
  reopen?(): KeyValueStore
  remove(): Promise<void>
}

const key = (...bytes: number[]) => Buffer.from(bytes)
const ALL: KeyRange = { gte: key(0), lt: key(0xff, 0xff) }

/** What every KeyValueStore promises. A new engine runs it before anything is kept in it. */
export function testKeyValueStore(t: SuiteTest, create: () => Promise<StoreUnderTest>): void {
  const withStore = (
    claim: string,
    body: (t: SuiteTest, store: KeyValueStore, underTest: StoreUnderTest) => Promise<void>
  ) =>
    t.test(claim, async t => {
      const underTest = await create()
      await underTest.store.open()
      try {
        await body(t, underTest.store, underTest)
      } finally {
        await underTest.store.close()
        await underTest.remove()
      }
    })

  withStore('a value is read back, an unknown key is undefined', async (t, store) => {
    await put(store, [
      [key(1), key(9)],
      [key(2), Buffer.alloc(0)]
    ])
    t.same(await store.get(key(1)), key(9))
    t.same(await store.get(key(2)), Buffer.alloc(0))
    t.equal(await store.get(key(3)), undefined)
    t.same(await store.getMany([key(2), key(3), key(1)]), [Buffer.alloc(0), undefined, key(9)])
  })

  withStore('keys are ordered as unsigned bytes', async (t, store) => {
    const keys = [key(0), key(0, 0), key(0, 255), key(1), key(127), key(128), key(128, 0), key(254, 255)]
    await put(
      store,
      [...keys].reverse().map(each => [each, each] as const)
    )
    t.same(await keysOf(store, ALL), keys)
    t.same(await keysOf(store, { ...ALL, reverse: true }), [...keys].reverse())
    t.same(await keysOf(store, { gte: key(0, 0), lt: key(128) }), keys.slice(1, 5))
    t.same(await keysOf(store, { ...ALL, limit: 3 }), keys.slice(0, 3))
    t.same(await keysOf(store, { ...ALL, reverse: true, limit: 2 }), [...keys].reverse().slice(0, 2))
    t.same(await keysOf(store, { gte: key(5), lt: key(5) }), [])
  })

  withStore('a batch is all or nothing, and what is discarded never was', async (t, store) => {
    const discarded = store.batch()
    discarded.put(key(1), key(1))
    discarded.discard()
    const batch = store.batch()
    batch.put(key(1), key(2))
    batch.put(key(2), key(2))
    batch.delete(key(1))
    t.equal(batch.length, 3)
    t.equal(await store.get(key(2)), undefined, 'not before it is written')
    await batch.write({ sync: true })
    t.equal(await store.get(key(1)), undefined)
    t.same(await store.get(key(2)), key(2))
  })

  withStore('an iteration sees the moment at which it began', async (t, store) => {
    await put(store, [
      [key(1), key(1)],
      [key(2), key(1)]
    ])
    const seen: Buffer[] = []
    for await (const [each, value] of store.iterate(ALL)) {
      if (seen.length === 0)
        await put(store, [
          [key(2), key(9)],
          [key(3), key(9)]
        ])
      seen.push(each)
      t.same(value, key(1))
    }
    t.same(seen, [key(1), key(2)])
  })

  withStore('an iteration that ends early lets go of the engine', async (t, store) => {
    await put(
      store,
      Array.from({ length: 100 }, (_, i) => [key(i), key(i)] as const)
    )
    for (let i = 0; i < 50; i++) {
      for await (const [each] of store.iterate(ALL)) {
        t.same(each, key(0))
        break
      }
    }
  })

  withStore('large values and large batches are whole', async (t, store) => {
    const large = Buffer.alloc(1024 * 1024, 7)
    await put(store, [[key(1), large]])
    t.same((await store.get(key(1)))?.equals(large), true)
    const batch = store.batch()
    for (let i = 0; i < 100_000; i++) {
      const each = Buffer.alloc(5, 2)
      each.writeUInt32BE(i, 1)
      batch.put(each, each)
    }
    await batch.write({ sync: false })
    let count = 0
    for await (const _ of store.iterate({ gte: key(2), lt: key(3) })) count++
    t.equal(count, 100_000)
  })

  withStore('what was written is there after a close', async (t, store, { reopen }) => {
    await put(store, [[key(1), key(42)]])
    if (reopen === undefined) return
    await store.close()
    const again = reopen()
    await again.open()
    t.same(await again.get(key(1)), key(42))
    await again.close()
  })

  withStore('a closed store refuses, in words', async (t, store) => {
    await store.close()
    await t.rejects(
      rejected(() => store.get(key(1))),
      { message: /not open/ }
    )
    await t.rejects(
      rejected(async () => store.batch()),
      { message: /not open/ }
    )
  })
}

/** A synchronous throw counts as a rejection. */
async function rejected(operation: () => Promise<unknown>): Promise<unknown> {
  return operation()
}

async function put(store: KeyValueStore, entries: readonly (readonly [Buffer, Buffer])[]): Promise<void> {
  const batch = store.batch()
  for (const [each, value] of entries) batch.put(each, value)
  await batch.write({ sync: true })
}

async function keysOf(store: KeyValueStore, range: KeyRange): Promise<Buffer[]> {
  const keys: Buffer[] = []
  for await (const [each] of store.iterate(range)) keys.push(Buffer.from(each))
  return keys
}
