import t from 'tap'
import { TestCluster } from './test-cluster.js'

async function pass(cluster: TestCluster, ms: number): Promise<void> {
  cluster.clock.advance(ms)
  await cluster.settle()
}

t.test('under load the next append tells what is committed, and no message is spent on it', async t => {
  const cluster = await TestCluster.start({ options: { timing: { commitNoticeMs: 5 } } })
  await cluster.advance(1000)
  const before = cluster.a.consensus.metrics.commitNotices
  for (let i = 0; i < 20; i++) {
    await cluster.propose(cluster.a, String(i))
    await pass(cluster, 1)
  }
  t.equal(cluster.a.consensus.metrics.commitNotices, before)
  t.ok(cluster.b.machine.applied.length >= 18, 'the others follow')
})

t.test('where nothing follows, the others are told after the delay, and once', async t => {
  const cluster = await TestCluster.start({ options: { timing: { commitNoticeMs: 5 } } })
  await cluster.advance(1000)
  const before = cluster.a.consensus.metrics.commitNotices
  await cluster.propose(cluster.a, 'x')
  await cluster.settle()
  await pass(cluster, 4)
  t.same(cluster.b.machine.applied, [], 'not yet')
  await pass(cluster, 1)
  t.same(cluster.b.machine.applied, ['x'])
  t.same(cluster.c.machine.applied, ['x'])
  await pass(cluster, 20)
  t.equal(cluster.a.consensus.metrics.commitNotices, before + 2)
})

t.test('with a delay of 0 nobody waits', async t => {
  const cluster = await TestCluster.start({ options: { timing: { commitNoticeMs: 0 } } })
  await cluster.propose(cluster.a, 'x')
  await cluster.settle()
  t.same(cluster.b.machine.applied, ['x'])
  t.equal(cluster.a.consensus.metrics.commitNotices, 0)
})
