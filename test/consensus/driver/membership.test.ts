import t from 'tap'
import { MembershipError, NotLeaderError } from '../../../src/consensus/index.js'
import { GROUP, outcome, TestCluster } from './test-cluster.js'

const priority = 0

t.test('a new primary catches up as a learner, then votes', async t => {
  const cluster = await TestCluster.start({ roles: ['PRIMARY'] })
  for (let i = 0; i < 20; i++) await cluster.propose(cluster.a, `${i}`)
  const b = await cluster.addNode('b', 2)
  const changed = cluster.a.consensus.proposeMembership(GROUP, [
    { kind: 'add', member: { id: 2, node: 'b', role: 'PRIMARY', priority } }
  ])
  await cluster.advance(1000)
  t.match(await changed, { conf: { voters: [1, 2], learners: [] }, members: { length: 2 } })
  t.equal(b.machine.applied.length, 20)
  t.match(b.status, { leader: 'a', self: 2, membership: { self: 2, conf: { voters: [1, 2] } } })
  const learner = (await cluster.a.log.entries(GROUP, 1, 99, 1e6)).filter(({ kind }) => kind === 2)
  t.equal(learner.length, 3, 'founding, learner, voter')
})

t.test('only one change at a time, only at the leader, and refused in words', async t => {
  const cluster = await TestCluster.start()
  const { consensus } = cluster.a
  const change = (...args: Parameters<typeof consensus.proposeMembership>) =>
    outcome(consensus.proposeMembership(...args))
  const add = (id: number, node: string) =>
    ({ kind: 'add', member: { id, node, role: 'PASSIVE_BACKUP', priority } }) as const
  t.match(await change(GROUP, [add(2, 'z')]), { code: 'AXONIQ-2306', message: /each joining needs its own/ })
  t.match(await change(GROUP, [add(9, 'b')]), { code: 'AXONIQ-2306', message: /b is a member already/ })
  t.match(await change(GROUP, [{ kind: 'remove', id: 9 }]), { code: 'AXONIQ-2307' })
  t.match(await change(GROUP, []), { code: 'AXONIQ-2311' })
  t.match(await change(GROUP, [{ kind: 'priority', id: 2, priority: 256 }]), { code: 'AXONIQ-2311' })
  t.ok((await outcome(cluster.b.consensus.proposeMembership(GROUP, [add(9, 'z')]))) instanceof NotLeaderError)
  const first = consensus.proposeMembership(GROUP, [{ kind: 'priority', id: 2, priority: 3 }])
  t.match(await change(GROUP, [{ kind: 'priority', id: 3, priority: 3 }]), { code: 'AXONIQ-2107' })
  await cluster.settle()
  t.match((await first).members[1], { priority: 3 })
  const alone = await TestCluster.start({ roles: ['PRIMARY', 'PASSIVE_BACKUP'] })
  t.match(await outcome(alone.a.consensus.proposeMembership(GROUP, [{ kind: 'remove', id: 1 }])), {
    code: 'AXONIQ-2310'
  })
})

t.test('a removed member is told, stops, and its id is refused for ever', async t => {
  const cluster = await TestCluster.start()
  const changed = cluster.a.consensus.proposeMembership(GROUP, [{ kind: 'remove', id: 3 }])
  await cluster.settle()
  t.match(await changed, { conf: { voters: [1, 2] }, removed: [3] })
  t.equal(cluster.c.status.role, 'removed')
  t.same(cluster.c.events, ['removed from 1'])
  await cluster.advance(5000)
  t.equal(cluster.leader, cluster.a)
  t.equal(await cluster.propose(cluster.a, 'x'), 'result of x')
  t.match(
    await outcome(
      cluster.a.consensus.proposeMembership(GROUP, [
        { kind: 'add', member: { id: 3, node: 'c', role: 'PRIMARY', priority } }
      ])
    ),
    { code: 'AXONIQ-2306' }
  )
})

t.test('a member that was away when it was removed is told by whomever it asks', async t => {
  const cluster = await TestCluster.start()
  cluster.network.isolate('c')
  await cluster.advance(3000)
  const changed = cluster.a.consensus.proposeMembership(GROUP, [{ kind: 'remove', id: 3 }])
  await cluster.settle()
  await changed
  cluster.network.heal()
  await cluster.until(() => cluster.c.status.role === 'removed')
  t.equal(cluster.leader, cluster.a)
})

t.test('a leader that is to go hands over first', async t => {
  const cluster = await TestCluster.start()
  await cluster.advance(400)
  const refused = outcome(cluster.a.consensus.proposeMembership(GROUP, [{ kind: 'remove', id: 1 }]))
  await cluster.advance(200)
  const error = await refused
  t.ok(error instanceof NotLeaderError)
  const next = cluster.nodes.find(({ name }) => name === (error as NotLeaderError).leader)!
  t.equal(next.status.role, 'leader')
  const changed = next.consensus.proposeMembership(GROUP, [{ kind: 'remove', id: 1 }])
  await cluster.advance(200)
  t.match(await changed, { conf: { voters: [2, 3] } })
  t.equal(cluster.a.status.role, 'removed')
})

t.test('a leader that nobody can relieve stays, and says so', async t => {
  const cluster = await TestCluster.start({ roles: ['PRIMARY', 'PRIMARY'] })
  cluster.network.isolate('b')
  await cluster.until(() => cluster.a.status.peers[0]?.isActive === false)
  const refused = await outcome(
    cluster.a.consensus.proposeMembership(GROUP, [{ kind: 'role', id: 1, role: 'PASSIVE_BACKUP' }])
  )
  t.ok(refused instanceof MembershipError || refused instanceof NotLeaderError)
})

t.test('several primaries change in one joint step that is left by itself', async t => {
  const cluster = await TestCluster.start()
  await cluster.addNode('d', 4)
  await cluster.addNode('e', 5)
  const changed = cluster.a.consensus.proposeMembership(GROUP, [
    { kind: 'add', member: { id: 4, node: 'd', role: 'PRIMARY', priority } },
    { kind: 'add', member: { id: 5, node: 'e', role: 'PRIMARY', priority } },
    { kind: 'remove', id: 2 },
    { kind: 'role', id: 3, role: 'PASSIVE_BACKUP' }
  ])
  await cluster.advance(1500)
  t.match(await changed, { conf: { voters: [1, 4, 5], learners: [3], outgoing: [], autoLeave: false } })
  t.equal(await cluster.propose(cluster.a, 'x'), 'result of x')
  await cluster.advance(400)
  t.same(cluster.nodes[4]!.machine.applied, ['x'])
})

t.test('a member that never answers is given up, and counts for nothing', async t => {
  const cluster = await TestCluster.start({
    roles: ['PRIMARY'],
    options: { timing: { catchUpTimeoutMs: 3000 } }
  })
  const changed = outcome(
    cluster.a.consensus.proposeMembership(GROUP, [
      { kind: 'add', member: { id: 2, node: 'nowhere', role: 'PRIMARY', priority } }
    ])
  )
  await cluster.advance(3500)
  t.match(await changed, { code: 'AXONIQ-10003', message: /nowhere makes no progress/ })
  t.equal(await cluster.propose(cluster.a, 'x'), 'result of x')
})

t.test('the gate: nothing is committed before an active backup has it (X01)', async t => {
  const cluster = await TestCluster.start({ roles: ['PRIMARY', 'PRIMARY', 'ACTIVE_BACKUP'] })
  t.equal(cluster.a.status.gateRequired, 1)
  await cluster.propose(cluster.a, 'with backup')
  cluster.network.isolate('c')
  let answer: unknown
  void cluster.propose(cluster.a, 'without').then(result => {
    answer = result
  })
  await cluster.advance(5000)
  t.equal(answer, undefined)
  t.equal(cluster.leader, cluster.a, 'the leader stays')
  cluster.network.heal()
  await cluster.advance(1000)
  t.equal(answer, 'result of without')
})

t.test('the gate is relaxed by an operator for a while (X02)', async t => {
  const cluster = await TestCluster.start({ roles: ['PRIMARY', 'PRIMARY', 'ACTIVE_BACKUP'] })
  cluster.network.isolate('c')
  const waiting = cluster.propose(cluster.a, 'x')
  await cluster.settle()
  cluster.a.consensus.relaxGate(GROUP, { required: 0, reason: 'maintenance', forMs: 3000 })
  await cluster.settle()
  t.equal(await waiting, 'result of x')
  await cluster.advance(4200)
  t.equal(cluster.a.status.gateRequired, 1, 'it is over')
})

t.test('a dead active backup can be removed', async t => {
  const cluster = await TestCluster.start({ roles: ['PRIMARY', 'PRIMARY', 'ACTIVE_BACKUP'] })
  cluster.network.isolate('c')
  await cluster.until(() => cluster.a.status.peers.some(({ id, isActive }) => id === 3 && !isActive))
  const changed = cluster.a.consensus.proposeMembership(GROUP, [{ kind: 'remove', id: 3 }])
  await cluster.settle()
  t.match(await changed, { conf: { voters: [1, 2], learners: [] } })
  t.equal(cluster.a.status.gateRequired, 0)
})

t.test('a new active backup joins the gate only when it has caught up', async t => {
  const cluster = await TestCluster.start({ roles: ['PRIMARY'] })
  await cluster.propose(cluster.a, 'x')
  await cluster.addNode('b', 2)
  const changed = cluster.a.consensus.proposeMembership(GROUP, [
    { kind: 'add', member: { id: 2, node: 'b', role: 'ACTIVE_BACKUP', priority } }
  ])
  await cluster.advance(1000)
  t.match(await changed, { conf: { voters: [1], learners: [2] }, gate: [2] })
  t.equal(cluster.a.status.gateRequired, 1)
})

t.test('a member that restarts knows who it is and who the others are', async t => {
  const cluster = await TestCluster.start({ roles: ['PRIMARY'] })
  const b = await cluster.addNode('b', 2)
  const changed = cluster.a.consensus.proposeMembership(GROUP, [
    { kind: 'add', member: { id: 2, node: 'b', role: 'PRIMARY', priority } }
  ])
  await cluster.advance(1000)
  await changed
  cluster.crash(b)
  await cluster.startNode(b, 2, {
    self: 2,
    conf: { voters: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false },
    members: []
  })
  await cluster.advance(1000)
  t.match(b.status.membership, { self: 2, conf: { voters: [1, 2] }, members: { length: 2 } })
  await cluster.propose(cluster.leader!, 'both')
})
