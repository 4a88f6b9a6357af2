import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { contextBucket, contextKeyKinds, otherKeySpace, prefixEnd } from '../../src/eventstore/state/keys.js'
import type { FileSystem, KeyValueStore } from '../../src/storage/index.js'
import { CrashingKeyValueStore, FaultyFileSystem, SeededRandom } from '../../src/storage/testing.js'
import { AGGREGATES, contentOf, GroupHistory, Member, move, work } from './transfer-fixture.js'

const SEEDS = process.env.CI_FULL === '1' ? 20 : 2
/** Lives of a node whose power is cut at each start, before one gets through. */
const LIVES = 3

/** A member's disk and store, which die together. */
class Machine {
  readonly fs: FaultyFileSystem
  readonly store = new CrashingKeyValueStore()

  constructor(readonly seed: number) {
    this.fs = new FaultyFileSystem({ seed })
  }

  /** As one process sees them: every write of the store is two operations, one before it and one after. */
  attach(): { fs: FileSystem; store: KeyValueStore } {
    const fs = this.fs.attach()
    const step = () => fs.syncDirectory('/store')
    const { store } = this
    const mortal = new Proxy<KeyValueStore>(store, {
      get(target, name) {
        if (name !== 'batch') return Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)
        return () => {
          const batch = store.batch()
          const { write } = batch
          batch.write = async options => {
            await step()
            await write(options)
            await step()
          }
          return batch
        }
      }
    })
    return { fs, store: mortal }
  }

  crash(random: SeededRandom): void {
    this.fs.crash()
    this.store.crash(random)
  }
}

interface Scene {
  readonly history: GroupHistory
  readonly leader: Member
  /** Last log index of the receiver. */
  readonly known: number
  /** What the leader's checkpoint holds; its log has a little more. */
  readonly target: unknown
  readonly targetToken: number
}

const options = (scene: Scene, machine: Machine) => ({
  ...machine.attach(),
  directory: '/events',
  history: scene.history,
  known: scene.known,
  event: { segmentBytesMax: 4096 }
})

async function setScene(known: number): Promise<Scene> {
  const history = new GroupHistory()
  const leader = await Member.open({
    fs: new FaultyFileSystem({ seed: 1 }),
    store: new CrashingKeyValueStore(),
    directory: '/events',
    history,
    event: { segmentBytesMax: 4096 }
  })
  await work(leader, known)
  const { lastIndex } = history
  await work(leader, 60, 2)
  await leader.checkpoint()
  const target = await contentOf(leader, AGGREGATES)
  const targetToken = leader.store.lastToken() + 1
  await work(leader, 2, 3)
  return { history, leader, known: lastIndex, target, targetToken }
}

for (const known of [0, 40]) {
  t.test(
    `whatever operation the power is cut at, a node with ${known} transactions starts with the old state or the new one`,
    { timeout: 600_000 },
    async t => {
      const scene = await setScene(known)
      const seen = { old: 0, new: 0 }
      for (let seed = 1; seed <= SEEDS; seed++) {
        for (let at = 1; ; at++) {
          const outcome = await cutAt(scene, at, seed * 1000 + at)
          if (outcome === 'through') break
          seen[outcome]++
        }
      }
      t.ok(seen.old > 20, `${seen.old} starts with the old state`)
      t.ok(seen.new > 3, `${seen.new} starts with the new state`)
      await scene.leader.close()
    }
  )
}

t.test('what was installed stays when the log goes on above it', async t => {
  const scene = await setScene(40)
  for (let seed = 1; seed <= SEEDS * 10; seed++) {
    const random = new SeededRandom(seed)
    const machine = new Machine(seed)
    const receiver = await Member.open(options(scene, machine))
    await move(scene.leader, receiver)
    await goOn(scene, receiver)
    machine.crash(random)
    const restarted = await Member.open(options(scene, machine))
    const what = `seed ${seed}`
    if ((await verify(scene, restarted, machine, undefined)) === 'old') t.fail(what)
  }
  t.pass('every start')
  await scene.leader.close()
})

/** One transfer, killed at its n-th operation; then starts that are killed too; then all must be well. */
async function cutAt(scene: Scene, at: number, seed: number): Promise<'old' | 'new' | 'through'> {
  const random = new SeededRandom(seed)
  const machine = new Machine(seed)
  const receiver = await Member.open(options(scene, machine))
  if (random.chance(0.5)) await receiver.checkpoint()
  const old = await contentOf(receiver, AGGREGATES)
  machine.fs.stopAfter(at)
  const isThrough = await move(scene.leader, receiver).then(
    () => true,
    () => false
  )
  if (isThrough && random.chance(0.5)) await goOn(scene, receiver).catch(() => {})
  for (let life = 0; life < LIVES; life++) {
    machine.crash(random)
    machine.fs.stopAfter(1 + random.below(20))
    await Member.open(options(scene, machine)).catch(() => {})
  }
  machine.crash(random)
  const restarted = await Member.open(options(scene, machine))
  const outcome = await verify(scene, restarted, machine, old)
  if (isThrough && outcome === 'old') throw new Error(`seed ${seed}: what was installed is lost`)
  return isThrough ? 'through' : outcome
}

/** The log goes on above the new state, and the next checkpoint does not say any more where the state came from. */
async function goOn({ history }: Scene, receiver: Member): Promise<void> {
  await receiver.sequencer.follow(history.lastIndex)
  await receiver.checkpoint()
}

async function verify(
  scene: Scene,
  restarted: Member,
  machine: Machine,
  old: unknown
): Promise<'old' | 'new'> {
  const words = `seed ${machine.seed}`
  const leftovers = machine.fs.paths.filter(path => path.includes('/incoming-'))
  if (leftovers.length > 0) throw new Error(`${words}: ${leftovers} are left`)
  for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
  if (await hasKeys(machine.store, otherKeySpace(restarted.store.state.keySpace)))
    throw new Error(`${words}: keys of the other state are left`)
  const { leader, history, target, targetToken } = scene
  const content = await contentOf(restarted, AGGREGATES)
  const final = await contentOf(leader, AGGREGATES)
  const isNew = isDeepStrictEqual(content, target) || isDeepStrictEqual(content, final)
  if (!isNew && !isDeepStrictEqual(content, old))
    throw new Error(`${words}: neither the old state nor the new one`)
  if (!isNew) await move(leader, restarted)
  if ((await digestOf(restarted, targetToken)) !== (await digestOf(leader, targetToken)))
    throw new Error(`${words}: the files differ`)
  await restarted.sequencer.follow(history.lastIndex)
  if (!isDeepStrictEqual(await contentOf(restarted, AGGREGATES), final))
    throw new Error(`${words}: the next transfer and the log give another state`)
  await restarted.close()
  return isNew ? 'new' : 'old'
}

function digestOf({ eventStore }: Member, upToToken: number): Promise<string> {
  return eventStore.digest('default', upToToken)
}

async function hasKeys(store: KeyValueStore, keySpace: number): Promise<boolean> {
  for (const kind of contextKeyKinds) {
    const gte = contextBucket(kind, keySpace)
    for await (const _ of store.iterate({ gte, lt: prefixEnd(gte), limit: 1 })) return true
  }
  return false
}
