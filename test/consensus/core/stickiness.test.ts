import t from 'tap'
import { Role } from '../../../src/consensus/core/types.js'
import { message, network, node, type TestNode } from './support/harness.js'

const E = 10

t.test('K03 a voter inside the lease ignores a candidate, and votes once the lease is over', async t => {
  const net = network([{}, {}, {}], { checkQuorum: true })
  const b = net.at(2)
  b.raft.randomizedElectionTimeout = E + 1
  b.tick(E)
  net.campaign(1)
  t.equal(net.at(1).raft.role, Role.leader)
  net.campaign(3)
  t.equal(net.at(3).raft.role, Role.candidate)
  t.equal(b.raft.term, 1)
  b.raft.randomizedElectionTimeout = E + 1
  b.tick(E)
  net.campaign(3)
  t.equal(net.at(3).raft.role, Role.leader)
})

t.test('K04 fresh nodes vote at once, and later only when the lease is over', async t => {
  const net = network([{}, {}, {}], { checkQuorum: true })
  net.campaign(1)
  t.equal(net.at(1).raft.role, Role.leader)
  t.equal(net.at(3).raft.role, Role.follower)
  net.campaign(3)
  t.equal(net.at(3).raft.role, Role.candidate, 'inside the lease')
  for (const id of [1, 2]) {
    const member = net.at(id)
    member.raft.randomizedElectionTimeout = E + id
    member.tick(E)
    member.settle()
  }
  net.campaign(3)
  t.equal(net.at(1).raft.role, Role.follower)
  t.equal(net.at(3).raft.role, Role.leader)
})

const inLease = (member: TestNode) => {
  const { term, vote, leader, role, electionElapsed, log } = member.raft
  return { term, vote, leader, role, electionElapsed, committed: log.committed }
}

for (const type of ['vote', 'preVote'] as const) {
  t.test(
    `K12 a ${type} changes nothing at all while a leader was heard within the shortest timeout`,
    async t => {
      for (const [elapsed, heard] of [
        [0, false],
        [5, false],
        [E - 1, false],
        [E, true]
      ] as const) {
        const member = node({ checkQuorum: true, commitInVotes: true, terms: [1] }).becomeFollower(1, 3)
        member.raft.electionElapsed = elapsed
        const before = inLease(member)
        const asked = { from: 2, to: 1, term: 2, index: 9, logTerm: 1, voteCommit: 1, voteCommitTerm: 1 }
        const sent = member.answer(message(type, asked))
        t.equal(sent.length, heard ? 1 : 0, `${elapsed} ticks after the leader was heard`)
        if (!heard) t.same(inLease(member), before)
      }
    }
  )

  t.test(`K12 the lease does not stand against a ${type} that a transfer forces`, async t => {
    const member = node({ checkQuorum: true, terms: [1] }).becomeFollower(1, 3)
    const asked = { from: 2, to: 1, term: 2, index: 9, logTerm: 1, force: true }
    const [answer] = member.answer(message(type, asked))
    t.equal(answer!.reject, false)
  })
}

t.test('K12 there is no lease without check-quorum, nor without a known leader', async t => {
  const rows: [checkQuorum: boolean, leader: number][] = [
    [false, 3],
    [true, 0]
  ]
  for (const [checkQuorum, leader] of rows) {
    const member = node({ checkQuorum }).becomeFollower(1, leader)
    t.equal(member.answer(message('vote', { from: 2, to: 1, term: 2 })).length, 1)
    t.equal(member.raft.term, 2)
  }
})
