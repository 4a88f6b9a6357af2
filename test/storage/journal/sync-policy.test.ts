import t from 'tap'
import { SyncPolicy } from '../../../src/storage/journal/sync-policy.js'
import { FaultyFileSystem } from '../../../src/storage/testing.js'

/** A file whose syncs in the loop take as long as `disk` says. */
async function subject(limitMs: number) {
  const fs = new FaultyFileSystem({ seed: 1 })
  const file = await fs.open('/f', 'create')
  const disk = { tookMs: 0.1, nowMs: 0 }
  const calls: string[] = []
  const policy = new SyncPolicy({
    limitMs,
    now: () => disk.nowMs,
    afterSends: async () => void calls.push('sends')
  })
  const timed: typeof file = {
    ...file,
    sync: async () => {
      calls.push('helper')
      return file.sync()
    },
    syncNow: () => {
      calls.push('loop')
      disk.nowMs += disk.tookMs
      file.syncNow()
    }
  }
  const syncs = async (count: number, bytes = 100) => {
    calls.length = 0
    for (let i = 0; i < count; i++) await policy.sync(timed, bytes)
    return calls.filter(each => each !== 'sends')
  }
  return { policy, disk, calls, syncs }
}

const count = (calls: readonly string[], name: string) => calls.filter(each => each === name).length

t.test('small writes are synced in the loop, after what was sent has left', async t => {
  const { policy, calls, syncs } = await subject(1)
  await syncs(2)
  t.same(calls, ['sends', 'loop', 'sends', 'loop'])
  t.equal(policy.syncsInLoop, 2)
  t.same(await syncs(1, 100_000), ['helper'], 'large ones are not')
})

t.test('a disk that is slow gets a helper thread, for twice as long each time', async t => {
  const { disk, syncs } = await subject(1)
  disk.tookMs = 3
  for (const pause of [64, 128, 256, 512, 1024, 2048, 4096, 4096]) {
    t.same(await syncs(1), ['loop'], 'a try')
    t.equal(count(await syncs(pause), 'helper'), pause)
  }
})

t.test('a single slow sync is forgotten after many quick ones', async t => {
  const { disk, syncs } = await subject(1)
  for (let round = 0; round < 3; round++) {
    disk.tookMs = 3
    await syncs(1)
    disk.tookMs = 0.1
    t.equal(count(await syncs(64), 'helper'), 64)
    t.equal(count(await syncs(1024), 'loop'), 1024)
  }
})

t.test('without a limit the helper thread does it all', async t => {
  const policy = new SyncPolicy(undefined)
  const file = await new FaultyFileSystem({ seed: 1 }).open('/f', 'create')
  await policy.sync(file, 10)
  t.equal(policy.syncsInLoop, 0)
})
