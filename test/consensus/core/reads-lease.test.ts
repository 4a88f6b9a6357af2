import t from 'tap'
import { Role } from '../../../src/consensus/core/types.js'
import {
  confirmRound,
  leaderOf,
  message,
  type Network,
  type NodeOptions,
  network,
  node,
  type TestNode,
  typesOf
} from './support/harness.js'

const E = 10
const LEASE: NodeOptions = { checkQuorum: true, leaseReads: true }

/** Node 1 leads; the others' shortest timeouts were over, so that they could vote. */
function elected(shared: NodeOptions = {}): Network {
  const net = network([{}, {}, {}], { ...LEASE, ...shared })
  for (const id of [2, 3]) net.at(id).raft.electionElapsed = E
  net.campaign(1)
  return net
}

function leaderOfThree(options: NodeOptions = {}): TestNode {
  return leaderOf(3, { ...LEASE, ...options })
}

/** Sends a round of heartbeats, and returns its number. */
function round(leader: TestNode): number {
  leader.stepLocal(message('beat'))
  return leader.take()[0]!.readSequence
}

function isAnsweredAtOnce(leader: TestNode): boolean {
  const before = leader.reads.length
  leader.raw.readIndex(before)
  leader.settle()
  return leader.reads.length > before
}

t.test('Q06 with a lease the leader answers without a round', async t => {
  const net = elected()
  net.beat(1)
  net.forget()
  net.at(1).raw.readIndex(1)
  net.pump()
  t.same(net.at(1).reads, [{ index: 1, context: 1 }])
  t.same(net.delivered, [])
  net.at(3).raw.readIndex(2)
  net.pump()
  t.same(net.at(3).reads, [{ index: 1, context: 2 }])
  t.same(typesOf(net.delivered), ['readIndex', 'readIndexResponse'])
})

t.test('Q06 with a lease, too, nothing is answered before a commit of the term', async t => {
  const leader = node({ ...LEASE, terms: [1], commit: 1 }).becomeLeader()
  confirmRound(leader, 2, round(leader))
  t.notOk(isAnsweredAtOnce(leader))
})

t.test('Q06 a lease begins with a round that a majority has answered', async t => {
  const leader = node({ ...LEASE, voters: [1, 2, 3, 4, 5] }).becomeLeader()
  for (const from of [2, 3]) leader.answer(message('appendResponse', { from, to: 1, term: 1, index: 1 }))
  t.notOk(isAnsweredAtOnce(leader))
  const sequence = round(leader)
  confirmRound(leader, 2, sequence)
  t.notOk(isAnsweredAtOnce(leader), 'two of five')
  confirmRound(leader, 3, sequence)
  t.ok(isAnsweredAtOnce(leader))
})

t.test('Q06 a lease needs check-quorum', async t => {
  t.throws(() => node({ leaseReads: true, checkQuorum: false }), { name: 'InvariantError' })
})

t.test('Q06 the leader is not forgotten where leases are in use', async t => {
  for (const leaseReads of [true, false]) {
    const member = node({ leaseReads, checkQuorum: true }).becomeFollower(1, 2)
    member.raw.forgetLeader()
    t.equal(member.raft.leader, leaseReads ? 2 : 0)
    t.equal(member.raft.term, 1)
    const sent = member.answer(message('preVote', { from: 3, to: 1, term: 2 }))
    t.equal(sent.length, leaseReads ? 0 : 1, 'who has forgotten its leader consents at once')
  }
  const leader = node({ checkQuorum: true }).becomeLeader()
  leader.raw.forgetLeader()
  t.equal(leader.raft.role, Role.leader)
  t.equal(leader.raft.leader, 1)
})

for (const pace of ['keeps ticking', 'stands still'] as const) {
  t.test(`Q11 a leader that is cut off and ${pace} gives no stale answer by its lease`, async t => {
    const net = elected({ preVote: true })
    net.beat(1)
    net.isolate(1)
    const former = net.at(1)
    for (let ticks = 0; ticks < 5 * E; ticks++) {
      net.tick(pace === 'keeps ticking' ? [1, 2, 3] : [2, 3])
      if (![2, 3].some(id => net.at(id).raft.role === Role.leader)) continue
      if (pace === 'stands still') former.raw.ticksWereLate()
      former.raw.readIndex(ticks)
      former.settle()
    }
    t.ok([2, 3].some(id => net.at(id).raft.log.committed > 1))
    t.same(former.reads, [])
  })
}

t.test(
  'Q11 the lease ends before anybody can be elected, counted from the sending of what was answered',
  async t => {
    for (const delay of [0, 5]) {
      const leader = leaderOfThree({ heartbeatTicks: 9 })
      const sequence = round(leader)
      leader.tick(delay)
      confirmRound(leader, 2, sequence)
      let ticks = delay
      for (; ticks < 100 && isAnsweredAtOnce(leader); ticks++) {
        leader.tick()
        leader.take()
      }
      t.equal(ticks, E - 2, `answered ${delay} ticks later`)
    }
  }
)

t.test('Q11 however many rounds there are, at most one is kept for each tick of the timeout', async t => {
  const leader = leaderOfThree({ checkQuorumTicks: 10 * E })
  for (let ticks = 0; ticks < 3 * E; ticks++) {
    for (let rounds = 0; rounds < 50; rounds++) round(leader)
    leader.tick()
  }
  t.ok(leader.raft.lease.roundsKept <= E, `${leader.raft.lease.roundsKept}`)
})

t.test('Q11 an answer that comes after the lease would have ended begins none', async t => {
  const leader = leaderOfThree({ heartbeatTicks: 9 })
  const sequence = round(leader)
  leader.tick(E - 2)
  confirmRound(leader, 2, sequence)
  t.notOk(isAnsweredAtOnce(leader))
})

t.test('Q11 ticks that came late end the lease until a new round is answered', async t => {
  const leader = leaderOfThree()
  const before = round(leader)
  confirmRound(leader, 2, before)
  t.ok(isAnsweredAtOnce(leader))
  leader.raw.ticksWereLate()
  confirmRound(leader, 3, before)
  t.notOk(isAnsweredAtOnce(leader))
  confirmRound(leader, 2, round(leader))
  t.ok(isAnsweredAtOnce(leader))
})

t.test(
  'Q11 with leases, who was just started or has lost its leader votes only after the shortest timeout',
  async t => {
    for (const leaseReads of [true, false]) {
      const started = node({ checkQuorum: true, leaseReads, term: 1 })
      const overtaken = node({ checkQuorum: true, leaseReads }).becomeFollower(1, 2)
      overtaken.answer(message('voteResponse', { from: 3, to: 1, term: 2, reject: true }))
      t.equal(overtaken.raft.leader, 0)
      for (const member of [started, overtaken]) {
        const asked = { from: 3, to: 1, term: 3 }
        t.equal(member.answer(message('preVote', asked)).length, leaseReads ? 0 : 1)
        member.raft.randomizedElectionTimeout = E + 1
        member.tick(E)
        t.equal(member.answer(message('preVote', asked)).length, 1)
      }
    }
  }
)

t.test('Q11 who has never had a leader owes no lease to anybody', async t => {
  const fresh = node(LEASE)
  t.equal(fresh.answer(message('preVote', { from: 3, to: 1, term: 1 })).length, 1)
})

t.test('Q12 a transfer makes the lease void at once, for the rest of the term', async t => {
  const leader = leaderOfThree()
  confirmRound(leader, 2, round(leader))
  t.ok(isAnsweredAtOnce(leader))
  leader.raw.transferLeadership(3)
  t.notOk(isAnsweredAtOnce(leader))
  for (let ticks = 0; ticks < E; ticks++) {
    leader.tick()
    confirmRound(leader, 2, leader.take()[0]!.readSequence)
  }
  t.equal(leader.raft.leadTransferee, 0)
  t.ok(leader.reads.length > 1, 'reads go on by rounds')
  t.notOk(isAnsweredAtOnce(leader), 'the call to campaign may still be on its way')
  leader.becomeFollower(2)
  leader.becomeLeader()
  leader.answer(message('appendResponse', { from: 2, to: 1, term: 3, index: leader.raft.log.lastIndex }))
  confirmRound(leader, 2, round(leader))
  t.ok(isAnsweredAtOnce(leader), 'another term, another lease')
})
