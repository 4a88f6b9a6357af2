import {
  beginning,
  type CreateStore,
  claim,
  key,
  keysOf,
  put,
  putMany,
  type SuiteTest,
  write
} from './fixture.js'

const LETTERS = ['a', 'b', 'ba', 'c', 'd']
const ALL = { gte: key('a'), lt: key('z') }

export function testIterations(t: SuiteTest, create: CreateStore): void {
  claim(t, create, [
    'the lower bound belongs to a range, the upper does not; reverse and limit work alone and together',
    async (t, store) => {
      await putMany(store, LETTERS)
      t.same(await keysOf(store, { gte: key('b'), lt: key('d') }), ['b', 'ba', 'c'])
      t.same(await keysOf(store, { gte: key('aa'), lt: key('bb') }), ['b', 'ba'])
      t.same(await keysOf(store, { gte: Buffer.alloc(0), lt: key('b') }), ['a'])
      t.same(await keysOf(store, { ...ALL, reverse: true }), [...LETTERS].reverse())
      t.same(await keysOf(store, { ...ALL, limit: 2 }), ['a', 'b'])
      t.same(await keysOf(store, { ...ALL, limit: 2, reverse: true }), ['d', 'c'])
      t.same(await keysOf(store, { gte: key('b'), lt: key('d'), reverse: true }), ['c', 'ba', 'b'])
      t.same(await keysOf(store, { ...ALL, limit: 100 }), LETTERS)
    }
  ])

  claim(t, create, [
    'an empty range, an inverted one and a limit of zero give nothing',
    async (t, store) => {
      await putMany(store, LETTERS)
      t.same(await keysOf(store, { gte: key('b'), lt: key('b') }), [])
      t.same(await keysOf(store, { gte: key('d'), lt: key('a') }), [])
      t.same(await keysOf(store, { gte: key('a'), lt: Buffer.alloc(0) }), [])
      t.same(await keysOf(store, { ...ALL, limit: 0 }), [])
      t.same(await keysOf(store, { gte: key('x'), lt: key('y'), reverse: true }), [])
    }
  ])

  claim(t, create, [
    'keys are ordered by their unsigned bytes, shorter before longer',
    async (t, store) => {
      const names = [[0], [0, 0], [0, 255], [1], [127], [127, 128], [128], [128, 0], [255], [255, 255]]
      const keys = names.map(bytes => Buffer.from([0x40, ...bytes]))
      await write(store, batch => {
        for (const name of [...keys].reverse()) batch.put(name, name)
      })
      const seen: string[] = []
      for await (const [name, value] of store.iterate({
        gte: Buffer.from([0x40]),
        lt: Buffer.from([0x41])
      })) {
        seen.push(name.equals(value) ? name.toString('hex') : 'a wrong value')
      }
      t.same(
        seen,
        keys.map(name => name.toString('hex'))
      )
    }
  ])

  claim(t, create, [
    'an iteration shows the moment of its call, whatever is written before and while it runs',
    async (t, store) => {
      await putMany(store, ['v1', 'v2', 'v3'])
      const view = store.iterate(beginning('v'))
      await write(store, batch => {
        batch.put(key('v0'), key('new'))
        batch.delete(key('v2'))
        batch.put(key('v3'), key('new'))
      })
      const seen: string[] = []
      for await (const [name, value] of view) {
        seen.push(`${name}=${value}`)
        await put(store, `v9${seen.length}`, 'later')
      }
      t.same(seen, ['v1=value of v1', 'v2=value of v2', 'v3=value of v3'])
      t.same(await keysOf(store, beginning('v')), ['v0', 'v1', 'v3', 'v91', 'v92', 'v93'])
    }
  ])

  claim(t, create, [
    'a loop may end early, and throw, any number of times',
    async (t, store) => {
      await putMany(
        store,
        Array.from({ length: 2000 }, (_, i) => `e${i}`)
      )
      for (let round = 0; round < 1500; round++) {
        for await (const [name] of store.iterate(beginning('e'))) if (name.length > 0) break
      }
      const failing = async (): Promise<void> => {
        for await (const [name] of store.iterate(beginning('e'))) throw new Error(`${name}`)
      }
      await t.rejects(failing(), { message: 'e0' })
    }
  ])

  claim(t, create, [
    'several iterations run side by side',
    async (t, store) => {
      await putMany(
        store,
        Array.from({ length: 2000 }, (_, i) => `s${i}`)
      )
      const walks = Array.from({ length: 20 }, () => keysOf(store, beginning('s')))
      for (const names of await Promise.all(walks)) t.equal(names.length, 2000)
    }
  ])
}
