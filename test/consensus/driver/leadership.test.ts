import t from 'tap'
import { MessageType } from '../../../src/consensus/core/index.js'
import { NotLeaderError, RetryReadError } from '../../../src/consensus/index.js'
import { GROUP, outcome, TestCluster } from './test-cluster.js'

t.test('leadership is handed over to a named member, or to the best', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'x')
  await cluster.advance(400)
  const moved = cluster.a.consensus.transferLeadership(GROUP, 'c')
  await cluster.settle()
  t.equal(await moved, 'c')
  t.equal(cluster.c.status.role, 'leader')
  await cluster.advance(400)
  const back = cluster.c.consensus.stepDown(GROUP)
  await cluster.settle()
  await back
  t.not(cluster.leader, cluster.c)
  t.equal(cluster.a.consensus.metrics.transfersStarted, 1)
})

t.test('a hand-over that can not be is refused in words', async t => {
  const cluster = await TestCluster.start({ roles: ['PRIMARY', 'PRIMARY', 'PASSIVE_BACKUP'] })
  await cluster.advance(400)
  const refused = (node: string) => outcome(cluster.a.consensus.transferLeadership(GROUP, node))
  t.match(await refused('z'), { code: 'AXONIQ-2307', message: /z is no member/ })
  t.match(await refused('c'), { code: 'AXONIQ-2307', message: /PASSIVE_BACKUP.*can't lead/ })
  t.match(await refused('a'), { code: 'AXONIQ-2307', message: /leads .* already/ })
  t.ok((await outcome(cluster.b.consensus.transferLeadership(GROUP, 'a'))) instanceof NotLeaderError)
  const alone = await TestCluster.start({ roles: ['PRIMARY'] })
  t.match(await outcome(alone.a.consensus.stepDown(GROUP)), {
    code: 'AXONIQ-2100',
    message: /no other active primary/
  })
})

t.test('a member that is far behind with applying does not get the leadership', async t => {
  const cluster = await TestCluster.start({ options: { limits: { applyLagMax: 2 } } })
  let release = () => {}
  cluster.b.machine.slow = new Promise(resolve => {
    release = resolve
  })
  for (let i = 0; i < 10; i++) await cluster.propose(cluster.a, `${i}`)
  await cluster.advance(700)
  const moved = outcome(cluster.a.consensus.transferLeadership(GROUP, 'b'))
  await cluster.advance(2100)
  t.match(await moved, { code: 'AXONIQ-10001', message: /too far behind/ })
  t.equal(cluster.a.status.role, 'leader')
  cluster.b.machine.slow = undefined
  release()
  await cluster.advance(700)
  const again = cluster.a.consensus.transferLeadership(GROUP, 'b')
  await cluster.settle()
  t.equal(await again, 'b')
})

t.test('what is proposed while leadership is handed over waits; it goes on here when that fails', async t => {
  const cluster = await TestCluster.start()
  await cluster.advance(400)
  cluster.network.filter = (_from, _to, { message }) => message.type !== MessageType.timeoutNow
  const moved = outcome(cluster.a.consensus.transferLeadership(GROUP, 'b'))
  await cluster.settle()
  t.equal(cluster.a.status.isTransferring, true)
  let answer: unknown
  void cluster.propose(cluster.a, 'meanwhile').then(result => {
    answer = result
  })
  await cluster.settle()
  t.equal(answer, undefined)
  await cluster.advance(1200)
  t.match(await moved, { code: 'AXONIQ-10003' })
  t.equal(answer, 'result of meanwhile')
  t.equal(cluster.a.consensus.metrics.transfersFailed, 1)
})

t.test('what waits when another takes over is certainly not stored, and learns who leads', async t => {
  const cluster = await TestCluster.start()
  await cluster.advance(400)
  let deliver = () => {}
  cluster.network.filter = (from, to, message) => {
    if (message.message.type !== MessageType.timeoutNow) return true
    deliver = () => cluster.network.receiver(to).received(from, [message])
    return false
  }
  const moved = cluster.a.consensus.transferLeadership(GROUP, 'b')
  await cluster.settle()
  const waiting = outcome(cluster.propose(cluster.a, 'meanwhile'))
  await cluster.settle()
  deliver()
  await cluster.settle()
  t.equal(await moved, 'b')
  const error = await waiting
  t.ok(error instanceof NotLeaderError)
  t.equal((error as NotLeaderError).leader, 'b')
  t.equal(cluster.a.consensus.queuedBytes, 0)
})

t.test('close hands leaderships over before it ends', async t => {
  const cluster = await TestCluster.start({ groups: 3 })
  for (const group of [2, 3]) cluster.a.consensus.campaign(group)
  await cluster.advance(400)
  const closing = cluster.a.consensus.close()
  await cluster.advance(200)
  await closing
  for (const group of [1, 2, 3]) {
    t.ok([cluster.b, cluster.c].some(node => node.consensus.status(group)?.role === 'leader'))
  }
  t.equal(cluster.a.log.closed, true)
})

t.test('where one member does not take the leadership, close asks the next', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'x')
  await cluster.advance(400)
  cluster.network.filter = (_from, to, { message }) => message.type !== MessageType.timeoutNow || to !== 'b'
  const closing = cluster.a.consensus.close()
  const proposal = outcome(cluster.propose(cluster.a, 'late'))
  await cluster.advance(2500)
  await closing
  t.equal(cluster.c.status.role, 'leader')
  t.equal(await proposal, 'result of late', 'taken between the two attempts')
  t.match(await outcome(cluster.propose(cluster.a, 'too late')), {
    code: 'AXONIQ-1100',
    message: /being stopped/
  })
})

t.test('close does not wait for ever for peers that are gone', async t => {
  const cluster = await TestCluster.start()
  cluster.network.isolate('a')
  const proposal = outcome(cluster.propose(cluster.a, 'x'))
  const closing = cluster.a.consensus.close()
  await cluster.advance(7000)
  await closing
  t.match(await proposal, { code: /AXONIQ-(9100|10003|1100)/ })
})

t.test(
  'a better member gets the leadership once it has been up to date for a while, and not again soon',
  async t => {
    const cluster = await TestCluster.start({ priorities: [1, 5, 3] })
    await cluster.advance(4000)
    t.equal(cluster.leader, cluster.a, 'not at once')
    await cluster.until(() => cluster.leader === cluster.b, 8000)
    const { transfersStarted } = cluster.b.consensus.metrics
    await cluster.advance(15_000)
    t.equal(cluster.leader, cluster.b)
    t.equal(cluster.b.consensus.metrics.transfersStarted, transfersStarted)
  }
)

t.test('reads: one question for all that wait, answered when everything before is applied', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'x')
  const seen: number[] = []
  const reads = Array.from({ length: 50 }, () =>
    cluster.b.consensus.readBarrier(GROUP).then(() => seen.push(cluster.b.machine.applied.length))
  )
  await cluster.settle()
  await Promise.all(reads)
  t.ok(
    seen.every(length => length === 1),
    'a follower shows what was committed before the question'
  )
  const asked = cluster.network.sent.flatMap(({ messages }) =>
    messages.filter(({ message }) => message.type === MessageType.readIndex)
  )
  t.equal(asked.length, 1)
  const own = cluster.a.consensus.readBarrier(GROUP)
  await cluster.settle()
  await own
})

t.test('a read that nobody confirms is to be tried again', async t => {
  const cluster = await TestCluster.start({ options: { limits: { readsMax: 3 } } })
  cluster.network.isolate('a')
  const read = outcome(cluster.a.consensus.readBarrier(GROUP))
  await cluster.settle()
  const more = [1, 2].map(() => outcome(cluster.a.consensus.readBarrier(GROUP)))
  t.match(await outcome(cluster.a.consensus.readBarrier(GROUP)), { message: /3 reads wait already/ })
  await cluster.until(() => cluster.a.status.role !== 'leader')
  for (const error of [await read, ...(await Promise.all(more))]) t.ok(error instanceof RetryReadError)
})

t.test('a read whose leader is lost is asked of the next one', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'x')
  cluster.network.filter = (_from, _to, { message }) => message.type !== MessageType.readIndexResponse
  const read = outcome(cluster.b.consensus.readBarrier(GROUP))
  await cluster.settle()
  cluster.crash(cluster.a)
  cluster.network.filter = () => true
  await cluster.until(() => cluster.leader !== undefined)
  await cluster.advance(500)
  t.equal(await read, undefined)
  t.same(cluster.b.machine.applied, ['x'])
})

t.test('a read where nobody leads says so in time', async t => {
  const cluster = await TestCluster.start()
  cluster.network.isolate('b')
  await cluster.until(() => cluster.b.status.leader === undefined)
  const read = outcome(cluster.b.consensus.readBarrier(GROUP))
  await cluster.advance(2600)
  t.match(await read, { code: 'AXONIQ-2100' })
})

t.test('a lost answer to a read does not hold later reads up for ever', async t => {
  const cluster = await TestCluster.start()
  cluster.network.filter = (_from, _to, { message }) => message.type !== MessageType.readIndexResponse
  const lost = outcome(cluster.b.consensus.readBarrier(GROUP))
  await cluster.advance(5100)
  t.match(await lost, { code: 'AXONIQ-1100', message: /did not answer in time/ })
  cluster.network.filter = () => true
  const next = cluster.b.consensus.readBarrier(GROUP)
  await cluster.settle()
  await next
})
