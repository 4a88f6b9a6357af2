import t, { type Test } from 'tap'
import { CheckpointingRecorder } from './checkpointing-recorder.js'
import { GROUP, TestCluster, type TestNode } from './test-cluster.js'

const recorderOf = (node: TestNode) => node.machine as CheckpointingRecorder

async function startCluster(t: Test): Promise<TestCluster> {
  const cluster = await TestCluster.start({ machine: () => new CheckpointingRecorder() })
  for (const node of cluster.nodes) recorderOf(node).connect(node.consensus, GROUP)
  t.teardown(() => cluster.close())
  return cluster
}

/** c misses 50 entries, and the log of the leader does not have them any more. */
async function leftBehind(t: Test, cluster: TestCluster): Promise<string[]> {
  cluster.network.isolate('c')
  const texts = Array.from({ length: 50 }, (_, i) => `entry ${i}`)
  for (const text of texts) await cluster.propose(cluster.a, text)
  recorderOf(cluster.a).takeCheckpoint!()
  await cluster.advance(400)
  t.equal(cluster.a.log.firstIndex(GROUP), cluster.a.status.applied + 1)
  return texts
}

t.test('a member behind the log gets the state, then the log', async t => {
  const cluster = await startCluster(t)
  const texts = await leftBehind(t, cluster)
  await cluster.propose(cluster.a, 'above the checkpoint')
  cluster.network.heal()
  await cluster.until(() => cluster.c.machine.applied.length === 51)
  t.same(cluster.c.machine.applied, [...texts, 'above the checkpoint'])
  t.equal(recorderOf(cluster.c).installs, 1)
  t.match(cluster.c.status, { self: 3, leader: 'a', membership: { self: 3, conf: { voters: [1, 2, 3] } } })
  t.equal(recorderOf(cluster.a).openSources, 0, 'the source was released')
  t.equal(cluster.a.consensus.metrics.snapshotsSent, 1)
  t.equal(cluster.c.consensus.metrics.snapshotsReceived, 1)
  t.equal(cluster.c.log.firstIndex(GROUP), cluster.a.log.firstIndex(GROUP))
  t.equal(await cluster.propose(cluster.a, 'next'), 'result of next')
  await cluster.advance(400)
  t.equal(cluster.c.machine.applied.at(-1), 'next')
  t.equal(cluster.c.consensus.applied(GROUP).digest, cluster.a.consensus.applied(GROUP).digest)
})

t.test('after a restart the installed state and the log go on together', async t => {
  const cluster = await startCluster(t)
  await leftBehind(t, cluster)
  cluster.network.heal()
  await cluster.until(() => cluster.c.machine.applied.length === 50)
  await cluster.propose(cluster.a, 'later')
  await cluster.advance(400)
  const { checkpoint } = recorderOf(cluster.c)
  cluster.crash(cluster.c)
  await cluster.restartAt(cluster.c, checkpoint!)
  await cluster.until(() => cluster.c.status.leader === 'a')
  await cluster.advance(700)
  t.equal(cluster.c.machine.applied.length, 51)
  t.equal(cluster.c.machine.applied.at(-1), 'later')
})

t.test('a newcomer joins a group whose log has no beginning any more', async t => {
  const cluster = await startCluster(t)
  for (let i = 0; i < 30; i++) await cluster.propose(cluster.a, `${i}`)
  recorderOf(cluster.a).takeCheckpoint!()
  const d = await cluster.addNode('d', 4)
  const changed = cluster.a.consensus.proposeMembership(GROUP, [
    { kind: 'add', member: { id: 4, node: 'd', role: 'PRIMARY', priority: 0 } }
  ])
  await cluster.advance(3000)
  t.match(await changed, { conf: { voters: [1, 2, 3, 4] } })
  t.equal(d.machine.applied.length, 30)
  t.match(d.status.membership, { self: 4, conf: { voters: [1, 2, 3, 4] } })
  const { position } = recorderOf(cluster.a).checkpoint!
  t.ok(position.membership!.conf.learners.includes(4), 'a checkpoint was taken that contains its joining')
})

t.test('a transfer that breaks is tried again; until then the old state stays', async t => {
  const cluster = await startCluster(t)
  await cluster.propose(cluster.a, 'old')
  await cluster.advance(400)
  await leftBehind(t, cluster)
  recorderOf(cluster.a).breaksAtPiece = 2
  cluster.network.heal()
  await cluster.until(() => cluster.a.consensus.metrics.snapshotsFailed > 0)
  t.same(cluster.c.machine.applied, ['old'])
  t.equal(recorderOf(cluster.c).installs, 0)
  t.equal(recorderOf(cluster.a).openSources, 0)
  recorderOf(cluster.a).breaksAtPiece = Number.POSITIVE_INFINITY
  await cluster.until(() => cluster.c.machine.applied.length === 51)
})

t.test('nothing is applied and no term changes while a state is being installed', async t => {
  const cluster = await startCluster(t)
  await leftBehind(t, cluster)
  let go = () => {}
  recorderOf(cluster.c).onCommit = () =>
    new Promise(resolve => {
      go = resolve
    })
  cluster.network.heal()
  await cluster.until(() => cluster.c.consensus.transfers.stats.receivedPieces === 5)
  await cluster.advance(5000)
  const { term } = cluster.c.status
  t.equal(term, cluster.a.status.term, 'it did not stand for election')
  t.equal(cluster.c.status.role, 'follower', 'it did not even ask')
  t.equal(recorderOf(cluster.c).installs, 0)
  go()
  await cluster.until(() => cluster.c.machine.applied.length === 50)
})

t.test('a state of a term that is over is refused before it is installed (S14)', async t => {
  const cluster = await startCluster(t)
  await leftBehind(t, cluster)
  recorderOf(cluster.b).takeCheckpoint!()
  let go = () => {}
  const inner = recorderOf(cluster.c).transfer.openSink
  let isSlow = true
  Object.assign(recorderOf(cluster.c).transfer, {
    openSink: async () => {
      const sink = await inner()
      if (!isSlow) return sink
      isSlow = false
      return {
        ...sink,
        begin: () =>
          new Promise<Buffer>(resolve => {
            go = () => resolve(Buffer.alloc(0))
          })
      }
    }
  })
  cluster.network.heal()
  await cluster.until(() => !isSlow)
  const moved = cluster.a.consensus.transferLeadership(GROUP, 'b')
  await cluster.advance(200)
  t.equal(await moved, 'b')
  await cluster.advance(400)
  go()
  await cluster.until(() => cluster.c.machine.applied.length === 50)
  t.equal(recorderOf(cluster.c).installs, 1)
  t.equal(recorderOf(cluster.c).aborts, 1)
  t.equal(cluster.leader, cluster.b)
})

t.test('the log is not dropped above a state that is being sent (S16)', async t => {
  const cluster = await startCluster(t)
  await leftBehind(t, cluster)
  let go = () => {}
  recorderOf(cluster.c).onCommit = () =>
    new Promise(resolve => {
      go = resolve
    })
  cluster.network.heal()
  await cluster.until(() => cluster.c.consensus.transfers.stats.receivedPieces === 5)
  const first = cluster.a.log.firstIndex(GROUP)
  for (let i = 0; i < 10; i++) await cluster.propose(cluster.a, `more ${i}`)
  recorderOf(cluster.a).takeCheckpoint!()
  t.equal(cluster.a.log.firstIndex(GROUP), first)
  go()
  await cluster.until(() => cluster.c.machine.applied.length === 60)
  t.equal(recorderOf(cluster.c).installs, 1)
})
