import {
  beginning,
  type CreateStore,
  claim,
  key,
  keysOf,
  put,
  putMany,
  read,
  type SuiteTest
} from './fixture.js'

export function testValues(t: SuiteTest, create: CreateStore): void {
  claim(t, create, [
    'a value comes back as it was put, a miss is undefined, and an empty value is not a miss',
    async (t, store) => {
      await put(store, 'a', 'one')
      await put(store, 'empty', '')
      t.equal(await read(store, 'a'), 'one')
      t.equal(await read(store, 'b'), undefined)
      t.equal((await store.get(key('empty')))?.length, 0)
    }
  ])

  claim(t, create, [
    'a value of 1 MiB of any bytes comes back whole',
    async (t, store) => {
      const large = Buffer.alloc(1024 * 1024, Buffer.from([0, 255, 1, 254, 127, 128]))
      const batch = store.batch()
      batch.put(key('large'), large)
      await batch.write({ sync: true })
      t.equal((await store.get(key('large')))?.equals(large), true)
    }
  ])

  claim(t, create, [
    'getMany answers in the order of the keys, with misses between, for none and for thousands',
    async (t, store) => {
      const names = Array.from({ length: 3000 }, (_, i) => `many${i}`)
      await putMany(store, names)
      const some = await store.getMany([key('many3'), key('nothing'), key('many1'), key('many3')])
      t.same(
        some.map(value => value?.toString()),
        ['value of many3', undefined, 'value of many1', 'value of many3']
      )
      t.same(await store.getMany([]), [])
      const all = await store.getMany(names.map(key))
      t.equal(
        all.every((value, i) => value?.toString() === `value of many${i}`),
        true
      )
    }
  ])

  claim(t, create, [
    'buffers are copied: changing one afterwards changes nothing in the store',
    async (t, store, { refusesMisuse }) => {
      const [name, value] = [key('copied'), key('before')]
      const batch = store.batch()
      batch.put(name, value)
      value.fill(0)
      name.fill(0)
      await batch.write({ sync: false })
      t.equal(await read(store, 'copied'), 'before')
      if (refusesMisuse !== true) return
      const got = await store.get(key('copied'))
      got?.fill(0)
      t.equal(await read(store, 'copied'), 'before')
    }
  ])

  claim(t, create, [
    'a range with data is larger than one without, and compacting keeps the data',
    async (t, store) => {
      const noise = Buffer.alloc(4096)
      for (let i = 0; i < noise.length; i++) noise[i] = Math.imul(i + 1, 2654435761) >>> 24
      const batch = store.batch()
      for (let i = 0; i < 512; i++) batch.put(key(`size${i}`), noise)
      await batch.write({ sync: true })
      await store.compact(beginning('size'))
      const [full, empty] = [
        await store.approximateSize(beginning('size')),
        await store.approximateSize(beginning('x'))
      ]
      t.equal(full > empty, true, `${full} and ${empty} bytes`)
      t.equal((await keysOf(store, beginning('size'))).length, 512)
    }
  ])
}
