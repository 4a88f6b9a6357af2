import t from 'tap'
import { ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import { Role } from '../../../src/consensus/core/types.js'
import {
  confirmRound,
  leaderOf,
  message,
  type Network,
  type NodeOptions,
  nameOf,
  network,
  node
} from './support/harness.js'

function elected(size = 3, shared: NodeOptions = {}): Network {
  const net = network(
    Array.from({ length: size }, () => ({})),
    shared
  )
  net.campaign(1)
  return net
}

t.test('Q01 a read at any node returns the commit index of its time', async t => {
  const net = elected()
  let context = 0
  let committed = 1
  for (const at of [1, 2, 3, 1, 2, 3]) {
    for (let i = 0; i < 10; i++) net.propose(1, 'x')
    committed += 10
    context++
    net.at(at).raw.readIndex(context)
    net.pump()
    t.same(net.at(at).reads.at(-1), { index: committed, context }, `read ${context} at node ${at}`)
  }
  t.equal(
    [1, 2, 3].reduce((sum, id) => sum + net.at(id).reads.length, 0),
    6,
    'each is answered once'
  )
})

t.test('Q01 what is committed after the request does not change its answer', async t => {
  const leader = leaderOf(3)
  leader.raw.readIndex(7)
  leader.settle()
  leader.propose('x')
  leader.settle()
  leader.answer(message('appendResponse', { from: 2, to: 1, term: 1, index: 2 }))
  t.equal(leader.raft.log.committed, 2)
  confirmRound(leader, 2, 1)
  t.same(leader.reads, [{ index: 1, context: 7 }])
})

t.test('Q01 a leader that nobody hears any more does not answer', async t => {
  const net = elected()
  net.isolate(1)
  net.at(1).raw.readIndex(1)
  net.tick(1, 5)
  t.same(net.at(1).reads, [])
  net.recover()
  net.beat(1)
  t.same(net.at(1).reads, [{ index: 1, context: 1 }], 'and does once it is confirmed')
})

t.test('Q01 without a known leader a read is refused at once', async t => {
  const member = node()
  t.equal(member.raw.readIndex(1), 'dropped')
  member.becomeCandidate()
  t.equal(member.raw.readIndex(1), 'dropped')
})

t.test('Q02 a learner reads through the leader, and its confirmation does not count', async t => {
  const net = network([{}, {}], { voters: [1], learners: [2] })
  net.campaign(1)
  net.propose(1, 'x')
  net.at(2).raw.readIndex(5)
  net.pump()
  t.same(net.at(2).reads, [{ index: 2, context: 5 }])
  const leader = leaderOf(3, { learners: [4, 5] })
  leader.raw.readIndex(1)
  leader.settle()
  for (const from of [4, 5]) confirmRound(leader, from, 1)
  t.same(leader.reads, [])
})

t.test('Q02 a single voter answers at once', async t => {
  const leader = node({ voters: [1] }).becomeLeader()
  leader.raw.readIndex(5)
  t.same(leader.take(), [])
  t.same(leader.reads, [{ index: 1, context: 5 }])
})

t.test('Q02 a single voter of a joint configuration asks the old half', async t => {
  const leader = node({ voters: [1], outgoing: [1, 2, 3] }).becomeLeader()
  leader.answer(message('appendResponse', { from: 2, to: 1, term: 1, index: 1 }))
  leader.raw.readIndex(1)
  leader.settle()
  t.same(leader.reads, [])
  confirmRound(leader, 3, 1)
  t.equal(leader.reads.length, 1)
})

t.test('Q03 a new leader lets reads wait for the first commit of its term, then answers all', async t => {
  const old = { terms: [1, 1], commit: 1, applied: 1 }
  const net = network([old, old, old])
  net.ignore('append')
  net.campaign(1)
  t.equal(net.at(1).raft.log.committed, 1)
  net.beat(1)
  net.at(1).raw.readIndex(10)
  net.at(2).raw.readIndex(20)
  net.pump()
  net.beat(1)
  for (const id of [1, 2]) t.same(net.at(id).reads, [], 'the leader does not know what is committed')
  net.recover()
  net.beat(1)
  t.equal(net.at(1).raft.log.committed, 3)
  t.same(net.at(1).reads, [{ index: 3, context: 10 }])
  t.same(net.at(2).reads, [{ index: 3, context: 20 }])
})

t.test('Q07 a read that reaches a former leader goes on to the present one', async t => {
  const net = elected()
  net.campaign(3)
  t.equal(net.at(1).raft.leader, 3)
  net.send(message('readIndex', { from: 2, to: 1, context: 9 }))
  net.send(message('readIndex', { from: 3, to: 1, context: 8 }))
  const forwarded = net.delivered.filter(({ type, to }) => nameOf(type) === 'readIndex' && to === 3)
  t.same(
    forwarded.map(({ from, term, context }) => ({ from, term, context })),
    [
      { from: 2, term: 0, context: 9 },
      { from: 3, term: 0, context: 8 }
    ]
  )
  t.same(net.at(2).reads, [{ index: 2, context: 9 }])
  t.same(net.at(3).reads, [{ index: 2, context: 8 }])
})

t.test('Q08 reads that wait when the leader steps down are never answered by it', async t => {
  const waiting = leaderOf(3)
  waiting.raw.readIndex(1)
  waiting.settle()
  const early = node({ terms: [1], commit: 1 }).becomeLeader()
  early.raw.readIndex(1)
  t.equal(early.raft.earlyReads.length, 1)
  for (const leader of [waiting, early]) {
    const { term } = leader.raft
    leader.answer(message('heartbeat', { from: 2, to: 1, term: term + 1 }))
    t.equal(leader.raft.reads.length, 0)
    t.equal(leader.raft.earlyReads.length, 0)
    leader.becomeLeader()
    for (const from of [2, 3]) {
      leader.answer(message('heartbeatResponse', { from, to: 1, term, readSequence: 1 }))
      leader.answer(
        message('appendResponse', { from, to: 1, term: term + 2, index: leader.raft.log.lastIndex })
      )
      leader.answer(message('heartbeatResponse', { from, to: 1, term: term + 2, readSequence: 0 }))
    }
    t.same(leader.reads, [])
  }
})

t.test('Q08 at most so many reads wait; more are refused at once', async t => {
  const waitingReadsMax = 3
  const established = leaderOf(3, { waitingReadsMax })
  const fresh = node({ waitingReadsMax, terms: [1], commit: 1 }).becomeLeader()
  for (const leader of [established, fresh]) {
    for (let context = 1; context <= waitingReadsMax; context++)
      t.equal(leader.raw.readIndex(context), undefined)
    t.equal(leader.raw.readIndex(9), 'dropped')
    t.equal(leader.raft.reads.length + leader.raft.earlyReads.length, waitingReadsMax)
  }
  established.settle()
  confirmRound(established, 2, 3)
  t.equal(established.raw.readIndex(10), undefined, 'there is room again')
})

t.test('Q09 a configuration that needs fewer answers confirms the reads that wait', async t => {
  const leader = leaderOf(5)
  leader.raw.readIndex(1)
  leader.settle()
  confirmRound(leader, 2, 1)
  let index = 2
  const remove = (gone: number) =>
    leader.raw.applyConfChange(index++, {
      transition: Transition.auto,
      changes: [{ type: ConfChangeType.removeNode, node: gone }],
      context: Buffer.alloc(0)
    })
  remove(5)
  leader.settle()
  t.same(leader.reads, [], 'two of four')
  remove(4)
  leader.settle()
  t.same(leader.reads, [{ index: 1, context: 1 }], 'two of three')
})

t.test('Q09 the confirmation of a removed node does not count', async t => {
  const leader = leaderOf(5)
  leader.raw.readIndex(1)
  leader.settle()
  confirmRound(leader, 5, 1)
  for (const [index, gone] of [
    [2, 5],
    [3, 4]
  ] as const) {
    leader.raw.applyConfChange(index, {
      transition: Transition.auto,
      changes: [{ type: ConfChangeType.removeNode, node: gone }],
      context: Buffer.alloc(0)
    })
  }
  leader.settle()
  t.same(leader.reads, [])
})

t.test('Q10 a single voter that lost its last commit update lets reads wait for its own entry', async t => {
  const leader = node({ voters: [1], terms: [1, 1, 1], commit: 1, applied: 1 })
  leader.holdWrites = true
  leader.raw.campaign()
  leader.take()
  leader.finishWrites()
  leader.take()
  t.equal(leader.raft.role, Role.leader)
  leader.raw.readIndex(1)
  leader.take()
  t.same(leader.reads, [], 'commit index 1 would be stale')
  leader.finishWrites()
  leader.take()
  t.same(leader.reads, [{ index: 4, context: 1 }])
})

t.test('a lost round of confirmation is repeated with the next heartbeat', async t => {
  const net = elected()
  net.ignore('heartbeat')
  net.at(2).raw.readIndex(1)
  net.pump()
  t.same(net.at(2).reads, [])
  net.recover()
  net.tick(1, net.at(1).options.heartbeatTicks)
  t.same(net.at(2).reads, [{ index: 1, context: 1 }])
})
