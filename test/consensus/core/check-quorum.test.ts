import t from 'tap'
import { ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import type { Message } from '../../../src/consensus/core/message.js'
import { Role } from '../../../src/consensus/core/types.js'
import { message, nameOf, network, node, type TestNode } from './support/harness.js'

const E = 10

function ids(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i + 1)
}

/** Answers from these peers after each of `ticks` ticks. */
function answered(leader: TestNode, peers: number[], ticks: number): void {
  for (let i = 0; i < ticks; i++) {
    for (const from of peers)
      leader.answer(message('heartbeatResponse', { from, to: 1, term: leader.raft.term }))
    leader.tick()
    leader.settle()
  }
}

const ACTIVE: [size: number, peers: number[], leads: boolean][] = [
  [1, [], true],
  [2, [2], true],
  [3, [2], true],
  [3, [3], true],
  [4, [2, 3], true],
  [5, [2, 3], true],
  [2, [], false],
  [3, [], false],
  [4, [2], false],
  [5, [2], false]
]

for (const leads of [true, false]) {
  const [id, claim] = leads
    ? ['K01', 'a leader that a majority answers stays leader']
    : ['K02', 'a leader that no majority answers steps down, at the same term and without a leader']
  t.test(`${id} ${claim}`, async t => {
    for (const [size, peers] of ACTIVE.filter(row => row[2] === leads)) {
      const leader = node({ voters: ids(size), checkQuorum: true }).becomeLeader()
      answered(leader, peers, leads ? 3 * E : E + 1)
      const row = `${peers.length} of ${size} answer`
      t.equal(leader.raft.role, leads ? Role.leader : Role.follower, row)
      t.equal(leader.raft.leader, leads ? 1 : 0, row)
      t.equal(leader.raft.term, 1, row)
    }
  })
}

t.test('K01 any answer shows that a peer is there, also a refusal', async t => {
  const answers: Partial<Message>[] = [{ index: 1 }, { index: 0, reject: true }]
  for (const fields of answers) {
    const leader = node({ checkQuorum: true }).becomeLeader()
    for (let i = 0; i < 3 * E; i++) {
      leader.answer(message('appendResponse', { from: 2, to: 1, term: 1, ...fields }))
      leader.tick()
      leader.settle()
    }
    t.equal(leader.raft.role, Role.leader)
  }
})

t.test('K02 what was answered before the last check does not count at the next', async t => {
  const leader = node({ checkQuorum: true }).becomeLeader()
  answered(leader, [2], 1)
  answered(leader, [], E - 1)
  t.equal(leader.raft.role, Role.leader)
  answered(leader, [], E - 1)
  t.equal(leader.raft.role, Role.leader)
  answered(leader, [], 1)
  t.equal(leader.raft.role, Role.follower)
})

t.test('K02 the period of the check is its own option', async t => {
  const leader = node({ checkQuorum: true, checkQuorumTicks: 25 }).becomeLeader()
  answered(leader, [], 24)
  t.equal(leader.raft.role, Role.leader)
  answered(leader, [], 1)
  t.equal(leader.raft.role, Role.follower)
})

t.test('K02 without check-quorum a leader that nobody answers stays', async t => {
  const leader = node().becomeLeader()
  answered(leader, [], 5 * E)
  t.equal(leader.raft.role, Role.leader)
})

for (const type of ['heartbeat', 'append'] as const) {
  t.test(
    `K05 a candidate stuck at a higher term is freed by its answer to the ${type} of the leader`,
    async t => {
      const net = network([{}, {}, {}], { checkQuorum: true })
      const [a, b, c] = [net.at(1), net.at(2), net.at(3)]
      net.campaign(1)
      net.isolate(1)
      b.raft.randomizedElectionTimeout = E + 1
      net.campaign(3)
      t.same([b.raft.role, b.raft.term], [Role.follower, 1])
      t.same([c.raft.role, c.raft.term], [Role.candidate, 2])
      net.campaign(3)
      t.equal(c.raft.term, 3)
      net.recover()
      net.forget()
      net.send(message(type, { from: 1, to: 3, term: a.raft.term }))
      t.same(
        net.delivered.map(({ type, from, term }) => [nameOf(type), from, term]),
        [
          [type, 1, 1],
          ['appendResponse', 3, 3]
        ]
      )
      t.equal(a.raft.role, Role.follower)
      t.equal(a.raft.term, c.raft.term)
      b.tick(E)
      net.campaign(3)
      t.equal(c.raft.role, Role.leader)
    }
  )
}

t.test('K05 the answer to a lower term is given with pre-vote alone, and not without both', async t => {
  const rows: [preVote: boolean, checkQuorum: boolean, answers: number][] = [
    [true, false, 1],
    [false, true, 1],
    [false, false, 0]
  ]
  for (const [preVote, checkQuorum, answers] of rows) {
    const member = node({ preVote, checkQuorum, term: 3 })
    const sent = member.answer(message('heartbeat', { from: 2, to: 1, term: 2 }))
    t.equal(sent.length, answers)
    t.ok(sent.every(({ term, index, reject }) => term === 3 && index === 0 && !reject))
  }
})

t.test('K06 a follower that is not in its own configuration still follows and votes', async t => {
  const net = network([{ voters: [1, 2] }, { voters: [1] }], { checkQuorum: true })
  const b = net.at(2)
  b.raft.randomizedElectionTimeout = E + 1
  t.equal(b.raft.isPromotable, false)
  b.tick(E)
  net.campaign(1)
  t.equal(net.at(1).raft.role, Role.leader)
  t.equal(b.raft.role, Role.follower)
  t.equal(b.raft.leader, 1)
})

t.test('K07 without pre-vote a late heartbeat to a candidate deposes the leader', async t => {
  const net = network([{}, {}, {}], { checkQuorum: true })
  for (const id of [1, 2, 3]) net.at(id).becomeFollower(1)
  net.campaign(1)
  const late = net.at(3)
  late.raft.randomizedElectionTimeout = E + 2
  late.tick(E + 2)
  t.equal(late.raft.role, Role.candidate)
  t.same(
    [1, 2, 3].map(id => net.at(id).raft.term),
    [2, 2, 3]
  )
  late.settle()
  net.send(message('heartbeat', { from: 1, to: 3, term: 2 }))
  t.same(
    [1, 2, 3].map(id => net.at(id).raft.role),
    [Role.follower, Role.follower, Role.candidate]
  )
  t.same(
    [1, 2, 3].map(id => net.at(id).raft.term),
    [3, 2, 3]
  )
})

t.test('K08 with pre-vote a late heartbeat leaves the leader where it is', async t => {
  const net = network([{}, {}, {}], { checkQuorum: true, preVote: true })
  for (const id of [1, 2, 3]) net.at(id).becomeFollower(1)
  net.campaign(1)
  net.isolate(3)
  net.propose(1, 'a')
  net.propose(1, 'b')
  net.recover()
  const late = net.at(3)
  late.tick(late.raft.randomizedElectionTimeout)
  t.equal(late.raft.role, Role.preCandidate)
  late.settle()
  net.send(message('heartbeat', { from: 1, to: 3, term: 2 }))
  t.same(
    [1, 2, 3].map(id => net.at(id).raft.role),
    [Role.leader, Role.follower, Role.follower]
  )
  t.same(
    [1, 2, 3].map(id => net.at(id).raft.term),
    [2, 2, 2]
  )
})

t.test(
  'K09 with the leader gone a pre-vote inside the lease is not heard, and the next one elects',
  async t => {
    const net = network([{}, {}, {}], { checkQuorum: true, preVote: true })
    for (const id of [1, 2, 3]) net.at(id).becomeFollower(1)
    net.campaign(1)
    net.isolate(1)
    net.forget()
    net.campaign(3)
    t.equal(net.at(2).raft.role, Role.follower)
    t.equal(net.at(2).raft.leader, 1)
    t.equal(net.at(3).raft.role, Role.preCandidate)
    t.same(
      net.delivered.map(({ type }) => nameOf(type)),
      ['preVote'],
      'node 2 does not even answer'
    )
    net.campaign(2)
    t.ok(net.at(2).raft.role === Role.leader && net.at(3).raft.role === Role.follower)
  }
)

t.test(
  'K10 a voter that is added just before the check does not depose the leader before the next',
  async t => {
    const leader = node({ voters: [1], checkQuorum: true }).becomeLeader()
    leader.tick(E - 1)
    leader.raw.applyConfChange(2, {
      transition: Transition.auto,
      changes: [{ type: ConfChangeType.addVoter, node: 2 }],
      context: Buffer.alloc(0)
    })
    leader.tick()
    t.equal(leader.raft.role, Role.leader)
    leader.tick(E - 1)
    t.equal(leader.raft.role, Role.leader)
    leader.tick()
    t.equal(leader.raft.role, Role.follower)
  }
)

t.test('K11 the answers of learners do not keep a leader', async t => {
  const options = { voters: [1, 2, 3], learners: [4, 5], checkQuorum: true }
  const lonely = node(options).becomeLeader()
  lonely.raw.setGate({ members: [4, 5], required: 1 })
  answered(lonely, [4, 5], 2 * E)
  t.equal(lonely.raft.role, Role.follower)
  const heard = node(options).becomeLeader()
  answered(heard, [2], 2 * E)
  t.equal(heard.raft.role, Role.leader)
})

t.test('K11 in a joint configuration a majority of each half has to answer', async t => {
  const rows: [peers: number[], leads: boolean][] = [
    [[2, 3], false],
    [[4, 5], false],
    [[2, 4], true]
  ]
  for (const [peers, leads] of rows) {
    const leader = node({ voters: [1, 2, 3], outgoing: [1, 4, 5], checkQuorum: true }).becomeLeader()
    answered(leader, peers, 2 * E)
    t.equal(leader.raft.role === Role.leader, leads, `${peers} answer`)
  }
})

t.test('K13 a leader that only a minority hears is replaced within three election timeouts', async t => {
  const net = network([{}, {}, {}, {}, {}], { checkQuorum: true, preVote: true })
  net.campaign(1)
  t.equal(net.at(1).raft.role, Role.leader)
  for (const id of [3, 4, 5]) net.cut(1, id)
  net.tick([1, 2, 3, 4, 5], 3 * net.at(1).options.electionTicksMax)
  const leaders = [2, 3, 4, 5].filter(id => net.at(id).raft.role === Role.leader)
  t.equal(leaders.length, 1)
  t.not(net.at(1).raft.role, Role.leader)
  net.propose(leaders[0]!, 'x')
  for (const id of [2, 3, 4, 5]) t.same(net.at(id).appliedData(), ['x'])
})
