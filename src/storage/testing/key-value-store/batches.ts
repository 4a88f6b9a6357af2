import {
  beginning,
  type CreateStore,
  claim,
  key,
  keysOf,
  putMany,
  read,
  rejected,
  type SuiteTest
} from './fixture.js'

export function testBatches(t: SuiteTest, create: CreateStore): void {
  claim(t, create, [
    'a batch shows nothing before it is written and everything after',
    async (t, store) => {
      await putMany(store, ['old'])
      const batch = store.batch()
      batch.put(key('new'), key('1'))
      batch.delete(key('old'))
      t.equal(batch.length, 2)
      t.same([await read(store, 'new'), await read(store, 'old')], [undefined, 'value of old'])
      await batch.write({ sync: true })
      t.same([await read(store, 'new'), await read(store, 'old')], ['1', undefined])
    }
  ])

  claim(t, create, [
    'no reader sees half a batch',
    async (t, store) => {
      for (let round = 0; round < 20; round++) {
        const batch = store.batch()
        for (let i = 0; i < 50; i++) batch.put(key(`half${i}`), key(`${round}`))
        const writing = batch.write({ sync: false })
        const seen = new Set<string>()
        for await (const [, value] of store.iterate(beginning('half'))) seen.add(value.toString())
        await writing
        t.equal(seen.size <= 1, true)
      }
    }
  ])

  claim(t, create, [
    'of several changes of one key in a batch the last counts',
    async (t, store) => {
      const batch = store.batch()
      batch.put(key('twice'), key('1'))
      batch.put(key('twice'), key('2'))
      batch.put(key('gone'), key('1'))
      batch.delete(key('gone'))
      batch.delete(key('back'))
      batch.put(key('back'), key('3'))
      await batch.write({ sync: false })
      t.same(
        [await read(store, 'twice'), await read(store, 'gone'), await read(store, 'back')],
        ['2', undefined, '3']
      )
    }
  ])

  claim(t, create, [
    'a discarded batch changes nothing and can not be written',
    async (t, store, { refusesMisuse }) => {
      const batch = store.batch()
      batch.put(key('discarded'), key('1'))
      batch.discard()
      batch.discard()
      if (refusesMisuse === true) await t.rejects(rejected(() => batch.write({ sync: true })))
      t.equal(await read(store, 'discarded'), undefined)
    }
  ])

  claim(t, create, [
    'a batch is written once, and discarding it afterwards is harmless',
    async (t, store, { refusesMisuse }) => {
      const batch = store.batch()
      batch.put(key('once'), key('1'))
      await batch.write({ sync: true })
      batch.discard()
      if (refusesMisuse === true) {
        await t.rejects(rejected(() => batch.put(key('once'), key('2'))))
        await t.rejects(rejected(() => batch.write({ sync: true })))
      }
      t.equal(await read(store, 'once'), '1')
    }
  ])

  claim(t, create, [
    'an empty batch may be written',
    async (_t, store) => store.batch().write({ sync: true })
  ])

  claim(t, create, [
    'a batch of 100,000 keys is built in steps and written at once',
    async (t, store) => {
      const batch = store.batch()
      for (let i = 0; i < 100_000; i++) {
        batch.put(key(`bulk${i}`), key(`${i}`))
        if (i % 1000 === 0) await new Promise(resolve => setImmediate(resolve))
      }
      t.equal(batch.length, 100_000)
      t.same(await keysOf(store, { ...beginning('bulk'), limit: 1 }), [])
      await batch.write({ sync: true })
      let count = 0
      for await (const [, value] of store.iterate(beginning('bulk'))) if (value.length > 0) count++
      t.equal(count, 100_000)
    }
  ])
}
