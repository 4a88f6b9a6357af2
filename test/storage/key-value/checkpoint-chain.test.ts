import t from 'tap'
import {
  CheckpointChain,
  type CheckpointChainOptions,
  type KeyRange,
  type KeyValueBatch,
  type KeyValueStore,
  MemoryKeyValueStore,
  StorageDamagedError
} from '../../../src/storage/index.js'

type Change = readonly [key: Buffer, value: Buffer | undefined]

/** Remembers batches instead of writing them; `settle` writes those that a plan lets through, in the plan's order. */
class LossyStore implements KeyValueStore {
  readonly info = { engine: 'lossy', persistent: true }
  readonly batches: Change[][] = []
  readonly #memory = new MemoryKeyValueStore()

  open(): Promise<void> {
    return this.#memory.open()
  }
  close(): Promise<void> {
    return this.#memory.close()
  }
  get(key: Buffer): Promise<Buffer | undefined> {
    return this.#memory.get(key)
  }
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.#memory.getMany(keys)
  }
  iterate(range: KeyRange): AsyncIterable<readonly [Buffer, Buffer]> {
    return this.#memory.iterate(range)
  }
  approximateSize(range: KeyRange): Promise<number> {
    return this.#memory.approximateSize(range)
  }
  compact(): Promise<void> {
    return this.#memory.compact()
  }

  batch(): KeyValueBatch {
    const changes: Change[] = []
    return {
      put: (key, value) => void changes.push([Buffer.from(key), Buffer.from(value)]),
      delete: key => void changes.push([Buffer.from(key), undefined]),
      get length() {
        return changes.length
      },
      write: async () => void this.batches.push(changes),
      discard: () => {}
    }
  }

  async settle(plan: readonly number[]): Promise<void> {
    for (const number of plan) {
      const batch = this.#memory.batch()
      for (const [key, value] of this.batches[number - 1]!) {
        if (value === undefined) batch.delete(key)
        else batch.put(key, value)
      }
      await batch.write({ sync: true })
    }
  }
}

const PREFIX = Buffer.from('chain')
const STATE = Buffer.from('state')

async function storeWith(checkpoints: number, plan: readonly number[], options?: CheckpointChainOptions) {
  const store = new LossyStore()
  await store.open()
  const chain = new CheckpointChain(PREFIX, options)
  await chain.open(store)
  for (let number = 1; number <= checkpoints; number++) {
    const batch = store.batch()
    batch.put(STATE, Buffer.from(`${number}`))
    chain.append(batch, Buffer.from(`payload ${number}`))
    await batch.write({ sync: true })
    chain.written()
  }
  await store.settle(plan)
  return store
}

const openAgain = (store: KeyValueStore, options?: CheckpointChainOptions) =>
  new CheckpointChain(PREFIX, options).open(store)
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

t.test('an empty store has no checkpoint', async t => {
  t.equal(await openAgain(await storeWith(0, [])), undefined)
})

t.test('the newest checkpoint comes back, and the chain goes on behind it', async t => {
  const store = await storeWith(5, upTo(5))
  const chain = new CheckpointChain(PREFIX)
  const newest = await chain.open(store)
  t.strictSame([newest?.number, newest?.payload.toString()], [5, 'payload 5'])
  const batch = store.batch()
  chain.append(batch, Buffer.from('payload 6'))
  await batch.write({ sync: true })
  chain.written()
  await store.settle([6])
  t.equal((await openAgain(store))?.number, 6)
})

t.test('a lost batch is told, wherever it stood but at the end', async t => {
  await t.rejects(openAgain(await storeWith(5, [1, 2, 4, 5])), { message: /checkpoint 3 is missing/ })
  await t.rejects(openAgain(await storeWith(6, [1, 5, 6])), { message: /checkpoints 2 to 4 are missing/ })
  await t.rejects(openAgain(await storeWith(6, [1, 3, 4, 6])), StorageDamagedError)
  await t.rejects(openAgain(await storeWith(5, [2, 3, 4, 5])), {
    message: /5 checkpoints should stand up to number 5, 4 do.*Restore its directory/
  })
  await t.rejects(openAgain(await storeWith(3, [3])), {
    message: /3 checkpoints should stand up to number 3, 1 do/
  })
})

t.test('any set of lost batches is told, unless what is left is a beginning', async t => {
  const checkpoints = 7
  for (let mask = 0; mask < 1 << checkpoints; mask++) {
    const plan = upTo(checkpoints).filter(number => mask & (1 << (number - 1)))
    const isBeginning = plan.every((number, i) => number === i + 1)
    const opening = openAgain(await storeWith(checkpoints, plan))
    if (isBeginning) t.equal((await opening)?.number, plan.at(-1))
    else await t.rejects(opening, StorageDamagedError, `kept ${plan}`)
  }
})

t.test('lost batches at the end look like an earlier time: only the log behind them can tell', async t => {
  const newest = await openAgain(await storeWith(5, [1, 2, 3]))
  t.strictSame([newest?.number, newest?.payload.toString()], [3, 'payload 3'])
})

t.test('a batch applied twice in a row changes nothing', async t => {
  t.equal((await openAgain(await storeWith(3, [1, 2, 2, 3, 3])))?.number, 3)
})

t.test('an old batch applied again, or the last two in the wrong order, are told', async t => {
  await t.rejects(openAgain(await storeWith(4, [1, 2, 3, 4, 2])), {
    message: /its content is not that of its newest checkpoint, 4/
  })
  await t.rejects(openAgain(await storeWith(4, [1, 2, 4, 3])), StorageDamagedError)
})

t.test('a record or a content that changed is told', async t => {
  for (const [damage, words] of [
    [
      (key: Buffer) => key[PREFIX.length] === 0 && key.at(-1) === 2,
      /checkpoint 3 does not follow checkpoint 2/
    ],
    [(key: Buffer) => key[PREFIX.length] === 1, /its content is not that of its newest checkpoint, 4/]
  ] as const) {
    const store = await storeWith(4, upTo(4))
    const batch = store.batch()
    for await (const [key, value] of store.iterate({ gte: PREFIX, lt: Buffer.from('chaio') })) {
      if (!damage(key)) continue
      value[5]! ^= 1
      batch.put(key, value)
    }
    t.equal(batch.length, 1)
    await batch.write({ sync: true })
    await store.settle([5])
    await t.rejects(openAgain(store), { message: words })
  }
  const store = await storeWith(1, upTo(1))
  const batch = store.batch()
  batch.put(Buffer.concat([PREFIX, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1])]), Buffer.from('short'))
  await batch.write({ sync: true })
  await store.settle([2])
  await t.rejects(openAgain(store), { message: /the record of checkpoint 1 can not be read/ })
})

t.test('a content without any record is told', async t => {
  const store = await storeWith(1, upTo(1))
  const batch = store.batch()
  batch.delete(Buffer.concat([PREFIX, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1])]))
  await batch.write({ sync: true })
  await store.settle([2])
  await t.rejects(openAgain(store), { message: /no record of any/ })
})

t.test('old records go in the batch that makes them so, and what stays is verified', async t => {
  const options = { recordsMax: 4 }
  t.equal((await openAgain(await storeWith(20, upTo(20), options), options))?.number, 20)
  const records: number[] = []
  const store = await storeWith(20, upTo(20), options)
  for await (const [key] of store.iterate({ gte: PREFIX, lt: Buffer.from('chaio') }))
    records.push(key.at(-1)!)
  t.strictSame(records, [17, 18, 19, 20, 1])
  const lost = upTo(20).filter(number => number !== 17)
  await t.rejects(openAgain(await storeWith(20, lost, options), options), {
    message: /checkpoints 14 to 17 are missing/
  })
})

t.test('another number of records to keep takes effect at the next checkpoint', async t => {
  const store = await storeWith(10, upTo(10), { recordsMax: 6 })
  for (const [recordsMax, standing] of [
    [2, 2],
    [5, 3]
  ] as const) {
    const chain = new CheckpointChain(PREFIX, { recordsMax })
    await chain.open(store)
    const batch = store.batch()
    chain.append(batch, Buffer.from('x'))
    await batch.write({ sync: true })
    await store.settle([store.batches.length])
    let count = 0
    for await (const [key] of store.iterate({ gte: PREFIX, lt: Buffer.from('chaio') }))
      count += key[5] === 0 ? 1 : 0
    t.equal(count, standing)
    await openAgain(store)
  }
})

t.test('a batch that failed is made again with the same number', async t => {
  const store = await storeWith(2, upTo(2))
  const chain = new CheckpointChain(PREFIX)
  await chain.open(store)
  chain.append(store.batch(), Buffer.from('never written'))
  const batch = store.batch()
  chain.append(batch, Buffer.from('third'))
  await batch.write({ sync: true })
  chain.written()
  chain.written()
  await store.settle([3])
  const newest = await openAgain(store)
  t.strictSame([newest?.number, newest?.payload.toString()], [3, 'third'])
})

t.test('a chain that was not opened does not grow', async t => {
  t.throws(
    () => new CheckpointChain(PREFIX).append(new LossyStore().batch(), STATE),
    /opened before it grows/
  )
})

t.test('the prefix keeps chains and other keys apart', async t => {
  const store = await storeWith(3, upTo(3))
  const other = new CheckpointChain(Buffer.from('chaim'))
  t.equal(await other.open(store), undefined)
  t.equal((await openAgain(store))?.number, 3)
})
