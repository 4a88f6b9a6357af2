import t from 'tap'
import { EntryKind, MessageType } from '../../../src/consensus/core/index.js'
import { NotLeaderError, NotStoredError, OutcomeUnknownError } from '../../../src/consensus/index.js'
import { GROUP, outcome, TestCluster } from './test-cluster.js'

t.test('three founders elect a leader, and what is proposed is applied by all', async t => {
  const cluster = await TestCluster.start()
  t.equal(cluster.leader, cluster.a)
  t.equal(await cluster.propose(cluster.a, 'x').then(async result => result), 'result of x')
  await cluster.advance(400)
  for (const node of cluster.nodes) {
    t.same(node.machine.applied, ['x'])
    t.match(node.status, { leader: 'a', commit: 5, applied: 5 })
  }
  t.match(
    cluster.a.status.peers.map(({ node, match, state, applied }) => ({ node, match, state, applied })),
    [
      { node: 'b', match: 5, state: 'replicate', applied: 5 },
      { node: 'c', match: 5, state: 'replicate', applied: 5 }
    ]
  )
})

t.test('without a word from the leader somebody else is elected by time alone', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'before')
  cluster.crash(cluster.a)
  await cluster.until(() => cluster.leader !== undefined)
  const next = cluster.leader!
  t.not(next, cluster.a)
  t.equal(await cluster.propose(next, 'after'), 'result of after')
  await cluster.restart(cluster.a)
  await cluster.until(() => cluster.a.status.leader === next.name)
  await cluster.advance(1000)
  t.same(cluster.a.machine.applied, ['before', 'after'])
})

t.test('a follower refuses proposals and says who leads', async t => {
  const cluster = await TestCluster.start()
  const error = await outcome(cluster.propose(cluster.b, 'x'))
  t.ok(error instanceof NotLeaderError)
  t.match(error, { code: 'AXONIQ-1100', leader: 'a', message: /led by a/ })
  cluster.network.isolate('b')
  await cluster.until(() => cluster.b.status.leader === undefined)
  const late = outcome(cluster.propose(cluster.b, 'x'))
  await cluster.advance(2600)
  t.match(await late, { code: 'AXONIQ-2100', leader: undefined }, 'after wait-for-leader-timeout')
})

t.test('where nobody leads, a proposal waits, and goes its way once somebody does', async t => {
  const cluster = await TestCluster.start()
  cluster.crash(cluster.a)
  cluster.network.cut('b', 'c')
  cluster.network.cut('c', 'b')
  await cluster.until(() => cluster.nodes.slice(1).every(node => node.status.leader === undefined))
  const waiting = cluster.nodes.slice(1).map(node => outcome(cluster.propose(node, `at ${node.name}`)))
  cluster.network.heal()
  await cluster.until(() => cluster.leader !== undefined)
  await cluster.advance(500)
  const leader = cluster.leader!
  const results = await Promise.all(waiting)
  t.ok(results.includes(`result of at ${leader.name}`), 'taken by whoever leads now')
  t.equal(results.filter(each => each instanceof NotLeaderError && each.leader === leader.name).length, 1)
})

t.test('what a cut off leader took is certainly not stored once the others went on', async t => {
  const cluster = await TestCluster.start()
  cluster.network.isolate('a')
  const lost = outcome(cluster.propose(cluster.a, 'lost'))
  await cluster.settle()
  await cluster.until(() => cluster.nodes.slice(1).some(node => node.status.role === 'leader'))
  const next = cluster.nodes.slice(1).find(node => node.status.role === 'leader')!
  await cluster.propose(next, 'kept')
  cluster.network.heal()
  await cluster.until(() => cluster.a.machine.applied.length > 0)
  t.ok((await lost) instanceof NotStoredError)
  t.same(cluster.a.machine.applied, ['kept'])
})

t.test('what nobody confirms in time has an unknown outcome, and may be stored later', async t => {
  const cluster = await TestCluster.start()
  cluster.network.isolate('a')
  const proposal = outcome(cluster.propose(cluster.a, 'perhaps'))
  await cluster.advance(1000)
  cluster.network.cut('b', 'c')
  cluster.network.cut('c', 'b')
  await cluster.advance(9500)
  const error = await proposal
  t.ok(error instanceof OutcomeUnknownError)
  t.match(error, { code: 'AXONIQ-10003', message: /outcome unknown/ })
  t.equal(cluster.a.consensus.queuedBytes, 0)
  cluster.network.heal()
  await cluster.until(() => cluster.nodes.every(({ machine }) => machine.applied.length === 1))
  t.same(cluster.a.machine.applied, ['perhaps'])
})

t.test('appends leave before the own write ends; acknowledgements leave after theirs (A9)', async t => {
  const cluster = await TestCluster.start()
  for (const { log } of cluster.nodes) log.hold()
  cluster.network.sent.length = 0
  const proposal = cluster.propose(cluster.a, 'x')
  await cluster.settle()
  const typesOf = (node: string) =>
    cluster.network.sent
      .filter(({ from }) => from === node)
      .flatMap(sent => sent.messages.map(m => m.message.type))
  t.same(typesOf('a'), [MessageType.append, MessageType.append])
  t.same(typesOf('b'), [], 'nothing is acknowledged before it is on disk')
  cluster.b.log.release()
  await cluster.settle()
  t.same(typesOf('b'), [MessageType.appendResponse])
  t.same(cluster.a.machine.applied, [], "the leader's own write counts like others'")
  cluster.c.log.release()
  await cluster.settle()
  t.equal(cluster.a.status.commit, 5, 'a majority without the leader is a majority')
  t.same(cluster.a.machine.applied, [], 'but only what is on the own disk is applied')
  cluster.a.log.release()
  t.equal(await proposal, 'result of x')
})

t.test('a repeated append is acknowledged only after the write that is under way', async t => {
  const cluster = await TestCluster.start()
  cluster.b.log.hold()
  let copy: (() => void) | undefined
  cluster.network.filter = (from, to, message) => {
    if (from === 'a' && to === 'b' && message.message.type === MessageType.append && copy === undefined) {
      copy = () => cluster.network.receiver('b').received('a', [message])
    }
    return true
  }
  const proposal = cluster.propose(cluster.a, 'x')
  await cluster.settle()
  cluster.network.sent.length = 0
  copy!()
  await cluster.settle()
  t.same(
    cluster.network.sent.filter(({ from }) => from === 'b'),
    []
  )
  cluster.b.log.release()
  await cluster.settle()
  t.equal(await proposal, 'result of x')
  t.ok(cluster.network.sent.some(({ from }) => from === 'b'))
})

t.test('each write has the whole hard state; a commit index alone is not written', async t => {
  const cluster = await TestCluster.start()
  for (const { log } of cluster.nodes) log.appends.length = 0
  await cluster.propose(cluster.a, 'x')
  await cluster.propose(cluster.a, 'y')
  await cluster.advance(2000)
  for (const { log, name } of cluster.nodes) {
    t.equal(log.appends.length, 2, name)
    for (const [part] of log.appends) {
      t.ok(part!.entries.length > 0)
      t.match(part!.hardState, { term: 2, commit: Number })
      t.ok(part!.hardState.commit >= part!.entries[0]!.index - 1)
    }
  }
})

t.test('many groups share one write and one call per peer and round', async t => {
  const cluster = await TestCluster.start({ groups: 20 })
  const groups = Array.from({ length: 20 }, (_, i) => i + 1)
  for (const group of groups) cluster.a.consensus.campaign(group)
  await cluster.settle()
  for (const { log } of cluster.nodes) log.appends.length = 0
  cluster.network.sent.length = 0
  await Promise.all(groups.map(group => cluster.propose(cluster.a, `for ${group}`, group)))
  await cluster.settle()
  t.equal(cluster.a.log.appends.length, 1)
  t.equal(cluster.a.log.appends[0]!.length, 20)
  t.equal(cluster.b.log.appends.length, 1)
  const sentToB = () => cluster.network.sent.filter(({ from, to }) => from === 'a' && to === 'b').length
  const sentByB = () => cluster.network.sent.filter(({ from }) => from === 'b').length
  t.same([sentToB(), sentByB()], [1, 1], 'appends, and answers')
  for (let passed = 0; passed < 4; passed++) {
    cluster.clock.advance(1)
    await cluster.settle()
  }
  t.same([sentToB(), sentByB()], [2, 2], 'then all commits, and answers')
})

t.test('a group that fails on one node neither votes nor acknowledges there; the others go on', async t => {
  const cluster = await TestCluster.start({ groups: 2 })
  cluster.a.consensus.campaign(2)
  await cluster.settle()
  cluster.c.machine.failsAt = 'poison for c'
  t.equal(await cluster.propose(cluster.a, 'poison for c'), 'result of poison for c')
  await cluster.advance(400)
  t.equal(cluster.c.status.role, 'fatal')
  t.match(cluster.c.events, [/failed: .*has stopped at log index/])
  cluster.network.sent.length = 0
  await cluster.propose(cluster.a, 'more')
  t.equal(await cluster.propose(cluster.a, 'other group', 2), 'result of other group')
  await cluster.advance(1000)
  const fromC = cluster.network.sent
    .filter(({ from }) => from === 'c')
    .flatMap(({ messages }) => messages.map(({ group }) => group))
  t.ok(fromC.includes(2))
  t.notOk(fromC.includes(1))
  t.same(cluster.c.machines.get(2)!.applied, ['other group'])
})

t.test('a broken rule of the core stops the group on this node, in words, and keeps its data', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'x')
  await cluster.advance(400)
  const { raft } = cluster.b.consensus.raftOf(GROUP)!
  raft.log.applied = raft.log.committed + 5
  const logged = cluster.b.log.lastIndex(GROUP)
  await cluster.propose(cluster.a, 'y')
  await cluster.advance(400)
  t.equal(cluster.b.status.role, 'fatal')
  t.match(cluster.b.status.failure, /out of range.*Its data is kept as it is/s)
  t.ok(cluster.b.log.lastIndex(GROUP) >= logged)
  t.equal(await cluster.propose(cluster.a, 'z'), 'result of z')
})

t.test('messages from peers beyond the bound are dropped, and sent again by them', async t => {
  const cluster = await TestCluster.start({ options: { limits: { inboxMessagesMax: 5 } } })
  const receiver = cluster.network.receiver('b')
  const flood = Array.from({ length: 20 }, () => ({
    group: GROUP,
    message: Object.assign(Object.create(null), cluster.network.sent[0]!.messages[0]!.message, {
      to: 2,
      from: 1
    })
  }))
  receiver.received('a', flood)
  t.equal(cluster.b.consensus.metrics.droppedMessages, 15)
  await cluster.settle()
  t.equal(await cluster.propose(cluster.a, 'x'), 'result of x')
  await cluster.advance(1000)
  t.same(cluster.b.machine.applied, ['x'])
})

t.test('messages for another membership of this node are not for it', async t => {
  const cluster = await TestCluster.start()
  const before = cluster.b.consensus.metrics.misdirectedMessages
  const { message } = cluster.network.sent[0]!.messages[0]!
  cluster.network.receiver('b').received('a', [
    { group: GROUP, message: Object.assign(Object.create(null), message, { to: 77, from: 1 }) },
    { group: 99, message }
  ])
  t.equal(cluster.b.consensus.metrics.misdirectedMessages, before + 2)
})

t.test('a slow follower gets what it lacks from the log of the leader, read in pieces', async t => {
  const cluster = await TestCluster.start({
    options: { limits: { cacheBytesMax: 5000, loadBytesMax: 1000 } }
  })
  cluster.network.isolate('c')
  for (let i = 0; i < 100; i++) await cluster.propose(cluster.a, `entry ${i} ${'x'.repeat(100)}`)
  t.ok(cluster.a.consensus.cache.bytes <= 6000)
  cluster.network.heal()
  await cluster.until(() => cluster.c.machine.applied.length === 100)
  t.ok(cluster.a.consensus.cache.loads > 5)
  t.equal(cluster.a.status.peers[1]!.match, cluster.a.status.last)
})

t.test('the founding members are the first entries of the log', async t => {
  const cluster = await TestCluster.start()
  const entries = await cluster.b.log.entries(GROUP, 1, 4, 10_000)
  t.same(
    entries.map(({ kind }) => kind),
    [EntryKind.confChange, EntryKind.confChange, EntryKind.confChange, EntryKind.normal]
  )
  t.same(
    entries.map(({ term }) => term),
    [1, 1, 1, 2]
  )
  cluster.crash(cluster.b)
  await cluster.restart(cluster.b)
  t.match(cluster.b.status, { self: 2, membership: { conf: { voters: [1, 2, 3] } } })
})
