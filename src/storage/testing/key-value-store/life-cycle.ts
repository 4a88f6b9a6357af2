import {
  type CreateStore,
  claim,
  key,
  keysOf,
  put,
  putMany,
  read,
  rejected,
  type SuiteTest
} from './fixture.js'

const ALL = { gte: key('a'), lt: key('z') }
const NOT_OPEN = { message: /not open/ }

export function testLifeCycle(t: SuiteTest, create: CreateStore): void {
  claim(t, create, [
    'closing twice is harmless, and a closed store opens again with what it held',
    async (t, store) => {
      await put(store, 'a', '1')
      await Promise.all([store.close(), store.close()])
      await store.close()
      await store.open()
      t.equal(await read(store, 'a'), '1')
    }
  ])

  claim(t, create, [
    'every call on a closed store is refused in words',
    async (t, store) => {
      const batch = store.batch()
      batch.put(key('late'), key('1'))
      await store.close()
      const calls: readonly (() => unknown)[] = [
        () => store.get(key('a')),
        () => store.getMany([key('a')]),
        () => store.batch(),
        () => keysOf(store, ALL),
        () => store.approximateSize(ALL),
        () => store.compact(ALL),
        () => batch.write({ sync: true })
      ]
      for (const call of calls) await t.rejects(rejected(call), NOT_OPEN)
      batch.discard()
    }
  ])

  claim(t, create, [
    'closing while an iteration runs ends it in words',
    async (t, store, { refusesMisuse }) => {
      if (refusesMisuse !== true) return
      await putMany(
        store,
        Array.from({ length: 5000 }, (_, i) => `k${i}`)
      )
      let seen = 0
      const walk = async (): Promise<void> => {
        for await (const _entry of store.iterate(ALL)) if (++seen === 10) await store.close()
      }
      await t.rejects(walk(), NOT_OPEN)
      t.equal(seen, 10)
    }
  ])

  claim(t, create, [
    'closing waits for calls under way',
    async (t, store) => {
      await putMany(store, ['a', 'b'])
      const batch = store.batch()
      batch.put(key('c'), key('1'))
      const calls: readonly Promise<unknown>[] = [
        store.get(key('a')),
        store.getMany([key('b')]),
        batch.write({ sync: true })
      ]
      const outcomes = Promise.allSettled(calls)
      await store.close()
      t.same(
        (await outcomes).map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'fulfilled']
      )
    }
  ])

  claim(t, create, [
    'what was written is there for another store over the same data',
    async (t, store, { reopen }) => {
      if (reopen === undefined) return
      await putMany(store, ['a', 'b'])
      await store.close()
      const again = reopen()
      await again.open()
      t.same(await keysOf(again, ALL), ['a', 'b'])
      await again.close()
    }
  ])

  claim(t, create, [
    'another store over the same data is refused in words while the first is open',
    async (t, store, { reopen, isExclusive }) => {
      if (reopen === undefined || isExclusive !== true) return
      const second = reopen()
      await t.rejects(second.open(), { message: /used by another process/ })
      await second.close()
      await put(store, 'a', '1')
      t.equal(await read(store, 'a'), '1')
    }
  ])
}
