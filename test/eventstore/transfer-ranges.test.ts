import t from 'tap'
import { contextBucket, contextKeyKinds, prefixEnd } from '../../src/eventstore/state/keys.js'
import type { StateRange } from '../../src/eventstore/transfer/manifest.js'
import { decodeHave, encodeHave } from '../../src/eventstore/transfer/manifest.js'
import { decodePiece, encodePiece, PIECE_BYTES_MAX } from '../../src/eventstore/transfer/pieces.js'
import { StateStaging } from '../../src/eventstore/transfer/state-staging.js'
import { absoluteKey, relativeKey, StateWalk } from '../../src/eventstore/transfer/state-walk.js'
import { type KeyValueStore, MemoryKeyValueStore } from '../../src/storage/index.js'
import { SeededRandom } from '../../src/storage/testing.js'

const SEEDS = process.env.CI_FULL === '1' ? 300 : 25
const FROM = 3
const TO = 0x8000_0003
/** Neighbours that nobody may touch. */
const NEIGHBOURS = [2, 4, 0x8000_0002, 0x8000_0004]

t.test('whatever is kept of transfers that broke off, the keys are those of the peer in the end', async t => {
  let kept = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new SeededRandom(seed)
    const [source, target] = [await openStore(), await openStore()]
    for (const space of NEIGHBOURS) await change(target, space, random, 3)
    const neighbours = await Promise.all(NEIGHBOURS.map(space => dump(target, space)))
    const staging = new StateStaging(target, TO)
    await change(target, TO, random, 20)
    await change(source, FROM, random, 200)
    for (let attempt = random.below(5); attempt >= 0; attempt--) {
      const breakAt = attempt === 0 ? Number.POSITIVE_INFINITY : random.below(12)
      kept += await transfer(new StateWalk(source, FROM), staging, breakAt)
      if (attempt > 0 && random.chance(0.7)) await change(source, FROM, random, 1 + random.below(30))
    }
    if (!staging.complete) t.fail(`seed ${seed}: not complete`)
    const [want, got] = [await dump(source, FROM), await dump(target, TO)]
    if (want !== got) return t.fail(`seed ${seed}: other keys than the peer has`)
    const after = await Promise.all(NEIGHBOURS.map(space => dump(target, space)))
    if (after.join() !== neighbours.join()) return t.fail(`seed ${seed}: a neighbour was touched`)
  }
  t.ok(kept > SEEDS, `${kept} ranges were not sent again`)
})

/** Returns how many ranges the receiver could keep. */
async function transfer(walk: StateWalk, staging: StateStaging, breakAt: number): Promise<number> {
  let pieces = 0
  let kept = 0
  const have = decodeHave(encodeHave({ segments: [], ranges: await staging.begin() }))
  for await (const piece of walk.pieces(have.ranges)) {
    if (pieces++ === breakAt) break
    const bytes = encodePiece(piece)
    if (bytes.length > PIECE_BYTES_MAX) throw new Error(`a piece of ${bytes.length} bytes`)
    const decoded = decodePiece(bytes)
    if (decoded.kind !== 'range') throw new Error('a range is expected')
    if (decoded.kept) kept++
    await staging.write(decoded)
  }
  await walk.close()
  return kept
}

async function change(
  store: KeyValueStore,
  space: number,
  random: SeededRandom,
  count: number
): Promise<void> {
  const batch = store.batch()
  for (let i = 0; i < count; i++) {
    const kind = contextKeyKinds[random.below(contextKeyKinds.length)]!
    const suffix = Buffer.from(`${random.below(100)}`.repeat(1 + random.below(3)))
    const key = Buffer.concat([contextBucket(kind, space), suffix])
    if (random.chance(0.2)) batch.delete(key)
    else
      batch.put(key, Buffer.alloc(random.chance(0.01) ? 2_500_000 : random.below(40_000), random.below(256)))
  }
  await batch.write({ sync: false })
}

async function dump(store: KeyValueStore, space: number): Promise<string> {
  const items: string[] = []
  for (const kind of contextKeyKinds) {
    const gte = contextBucket(kind, space)
    for await (const [key, value] of store.iterate({ gte, lt: prefixEnd(gte) }))
      items.push(`${relativeKey(key).toString('hex')}=${value.length}:${value[0]}`)
  }
  return items.join('\n')
}

async function openStore(): Promise<MemoryKeyValueStore> {
  const store = new MemoryKeyValueStore()
  await store.open()
  return store
}

t.test('a walk sees the keys as they were when it began, and nothing after it was closed', async t => {
  const store = await openStore()
  const random = new SeededRandom(1)
  await change(store, FROM, random, 100)
  const before = await dump(store, FROM)
  const walk = new StateWalk(store, FROM)
  await change(store, FROM, random, 100)
  const target = await openStore()
  const staging = new StateStaging(target, TO)
  await transfer(walk, staging, Number.POSITIVE_INFINITY)
  t.equal(await dump(target, TO), before)
  await t.rejects(async () => {
    for await (const _ of walk.pieces([])) t.fail('a piece of a walk that was closed')
  })
})

t.test('an iterator is ended only when its read has come back', async t => {
  const store = await openStore()
  await change(store, FROM, new SeededRandom(1), 100)
  const open = new Set<object>()
  const iterate = store.iterate.bind(store)
  store.iterate = range => {
    const inner = iterate(range)[Symbol.asyncIterator]()
    let reading = false
    open.add(inner)
    const outer: AsyncIterableIterator<readonly [Buffer, Buffer]> = {
      [Symbol.asyncIterator]: () => outer,
      next: async () => {
        reading = true
        await new Promise(resolve => setImmediate(resolve))
        const result = await inner.next()
        reading = false
        return result
      },
      return: async () => {
        if (reading) throw new Error('ended while it reads')
        open.delete(inner)
        return { done: true, value: undefined }
      }
    }
    return outer
  }
  const walk = new StateWalk(store, FROM)
  t.equal(open.size, contextKeyKinds.length)
  const walking = walk.pieces([]).next()
  await new Promise(resolve => setImmediate(resolve))
  await walk.close()
  t.equal(open.size, 0)
  await t.rejects(walking)
})

t.test('what a receiver names is bounded', async t => {
  const ranges: StateRange[] = Array.from({ length: 10_000 }, (_, i) => ({
    start: absoluteKey(Buffer.from([contextKeyKinds[0]!, 1]), i),
    end: absoluteKey(Buffer.from([contextKeyKinds[0]!, 2]), i),
    digest: 'digest'
  }))
  t.equal(decodeHave(encodeHave({ segments: [1], ranges })).ranges.length, 8192)
  const long = ranges.map(range => ({ ...range, end: Buffer.alloc(60_000) }))
  t.ok(encodeHave({ segments: [1], ranges: long }).length < 4 * 1024 * 1024)
})
