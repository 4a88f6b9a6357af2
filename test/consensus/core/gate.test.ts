import t from 'tap'
import { drawElectionTimeout } from '../../../src/consensus/core/ticks.js'
import { type Index, type NodeId, Role, type Term } from '../../../src/consensus/core/types.js'
import { ack, only, progressOf } from './peers.js'
import { message, type NodeOptions, network, node, type TestNode } from './support/harness.js'

/** Nodes 1, 2 and 3 are primaries; the active backups are learners whose confirmation the gate wants. */
function gated(backups: NodeId[], required: number, options: NodeOptions = {}): TestNode {
  const leader = node({ learners: backups, ...options }).becomeLeader()
  leader.raw.setGate({ members: backups, required })
  for (const id of [2, 3, ...backups]) ack(leader, id, leader.raft.log.lastIndex)
  return leader.settle()
}

function proposed(leader: TestNode): Index {
  leader.propose('a')
  leader.settle()
  return leader.raft.log.lastIndex
}

t.test(
  'X01 without its active backup a group commits nothing, but reads on and keeps its leader',
  async t => {
    const leader = gated([4], 1, { checkQuorum: true })
    const index = proposed(leader)
    for (const id of [2, 3]) ack(leader, id, index)
    t.equal(leader.raft.log.committed, index - 1)
    t.same(leader.appliedData(), [])
    leader.raw.readIndex(7)
    const [heartbeat] = only(leader.take(), 'heartbeat', 2)
    leader.answer(message('heartbeatResponse', { from: 2, term: 1, readSequence: heartbeat!.readSequence }))
    t.match(leader.reads, [{ context: 7, index: index - 1 }], 'what is committed is read')
    for (let tick = 0; tick < 50; tick++) {
      leader.tick()
      for (const from of [2, 3]) leader.answer(message('heartbeatResponse', { from, term: 1 }))
    }
    t.equal(leader.raft.role, Role.leader)
    t.equal(leader.raft.log.committed, index - 1)
    const told = ack(leader, 4, index)
    t.equal(leader.raft.log.committed, index)
    t.same(leader.appliedData(), ['a'])
    for (const id of [2, 3]) t.ok(only(told, 'append', id).some(({ commit }) => commit === index))
  }
)

t.test(
  'X02 when the gate is relaxed, what waited is committed at once, and the others hear of it',
  async t => {
    const leader = gated([4], 1)
    const index = proposed(leader)
    for (const id of [2, 3]) ack(leader, id, index)
    t.equal(leader.raft.log.committed, index - 1)
    leader.raw.setGate({ members: [4], required: 0 })
    const told = leader.take()
    t.equal(leader.raft.log.committed, index)
    for (const id of [2, 3]) t.ok(only(told, 'append', id).some(({ commit }) => commit === index))
    const next = proposed(leader)
    ack(leader, 2, next)
    t.equal(leader.raft.log.committed, next)
    leader.raw.setGate({ members: [4], required: 1 })
    t.equal(leader.raft.log.committed, next, 'a commit never goes back')
    const later = proposed(leader)
    ack(leader, 2, later)
    t.equal(leader.raft.log.committed, next, 'the gate is shut again')
    // A new leader that lost its backup before its first entry was committed: reads that waited are answered.
    const fresh = node({ learners: [4] }).becomeLeader()
    fresh.raw.setGate({ members: [4], required: 1 })
    ack(fresh, 2, 1)
    fresh.raw.readIndex(9)
    fresh.settle()
    fresh.raw.setGate({ members: [4], required: 0 })
    const [heartbeat] = only(fresh.take(), 'heartbeat', 2)
    fresh.answer(message('heartbeatResponse', { from: 2, term: 1, readSequence: heartbeat!.readSequence }))
    t.match(fresh.reads, [{ context: 9, index: 1 }])
  }
)

t.test(
  'X03 an entry that only leader and backup have is discarded when another primary leads, also at the backup',
  async t => {
    for (const next of [2, 3]) {
      const net = network([{}, {}, {}, {}], { voters: [1, 2, 3], learners: [4] })
      for (const id of [1, 2, 3]) net.at(id).raw.setGate({ members: [4], required: 1 })
      net.campaign(1)
      net.propose(1, 'everybody has it')
      net.cut(1, 2)
      net.cut(1, 3)
      net.propose(1, 'lost')
      t.equal(net.at(4).raft.log.lastIndex, 3)
      t.equal(net.at(1).raft.log.committed, 2, 'the backup is no part of the majority')
      net.isolate(1)
      net.campaign(next)
      t.equal(net.at(next).raft.role, Role.leader, `${next} is elected`)
      net.propose(next, 'kept')
      for (const id of [2, 3, 4]) {
        t.same(net.at(id).terms(), [1, 1, 2, 2], `node ${id}`)
        t.same(net.at(id).appliedData(), ['everybody has it', 'kept'], `node ${id}`)
      }
      net.recover()
      net.beat(next)
      t.same(net.at(1).appliedData(), ['everybody has it', 'kept'])
    }
  }
)

t.test('X04 of two required backups one is not enough', async t => {
  const rows: [members: NodeId[], required: number, confirmed: NodeId[], isCommitted: boolean][] = [
    [[4, 5], 2, [4], false],
    [[4, 5], 2, [5], false],
    [[4, 5], 2, [4, 5], true],
    [[4, 5], 1, [5], true],
    [[4, 5], 1, [], false],
    [[4], 2, [4], true],
    [[4], 2, [], false],
    [[], 2, [], true],
    [[4, 5], 0, [], true],
    [[4, 5, 6], 2, [4, 6], true],
    [[4, 5, 6], 2, [6], false]
  ]
  for (const [members, required, confirmed, isCommitted] of rows) {
    const leader = gated(members, required)
    const index = proposed(leader)
    for (const id of [2, ...confirmed]) ack(leader, id, index)
    t.equal(
      leader.raft.log.committed,
      isCommitted ? index : index - 1,
      `${required} of ${members}, confirmed by ${confirmed}`
    )
  }
})

t.test('X05 what the backups have and no majority of the primaries is not committed', async t => {
  const leader = gated([4, 5], 1)
  const index = proposed(leader)
  for (const id of [4, 5]) ack(leader, id, index)
  t.equal(leader.raft.log.committed, index - 1)
  ack(leader, 3, index)
  t.equal(leader.raft.log.committed, index)
  // The test for the own term is made on what the quorum has: a gate that lags in old terms does not block.
  const rows: [quorum: Index, gate: Index, committed: Index][] = [
    [3, 3, 3],
    [3, 2, 2],
    [3, 1, 1],
    [3, 0, 0],
    [2, 3, 0],
    [2, 2, 0]
  ]
  for (const [quorum, gate, committed] of rows) {
    const lagging = node({ learners: [4], terms: [1, 1] as Term[] }).becomeLeader()
    lagging.raw.setGate({ members: [4], required: 1 })
    ack(lagging, 4, gate)
    ack(lagging, 2, quorum)
    t.equal(lagging.raft.log.committed, committed, `quorum at ${quorum}, gate at ${gate}`)
  }
})

t.test('X06 the gate holds across joint configurations and changes between primary and backup', async t => {
  const joint = { voters: [1, 2, 3, 4], outgoing: [1, 2, 3] }
  const rows: [
    name: string,
    options: NodeOptions,
    gate: NodeId[],
    confirmed: NodeId[],
    isCommitted: boolean
  ][] = [
    ['a backup that becomes a primary stays in the gate while joint', joint, [4], [2, 3], false],
    ['and counts in both places', joint, [4], [2, 4], true],
    ['the gate does not replace the outgoing half', { ...joint, voters: [1, 4, 5] }, [4], [4, 5], false],
    ['afterwards it is a primary like others', { voters: [1, 2, 3, 4] }, [], [2, 3], true],
    [
      'a primary that became a backup counts for the gate',
      { voters: [1, 2], learners: [3] },
      [3],
      [2],
      false
    ],
    ['and not for the majority', { voters: [1, 2], learners: [3] }, [3], [3], false],
    ['with both it is committed', { voters: [1, 2], learners: [3] }, [3], [2, 3], true],
    ['a member that is gone is nobody', { voters: [1, 2, 3] }, [9], [2, 3], false]
  ]
  for (const [name, options, gate, confirmed, isCommitted] of rows) {
    const leader = node(options).becomeLeader()
    leader.raw.setGate({ members: gate, required: 1 })
    for (const id of confirmed) ack(leader, id, 1)
    t.equal(leader.raft.log.committed, isCommitted ? 1 : 0, name)
  }
  const follower = node().becomeFollower(1, 2)
  follower.raw.setGate({ members: [4], required: 0 })
  t.equal(follower.raw.hasReady(), false, 'it is a matter of the leader alone')
  follower.answer(message('heartbeat', { from: 2, term: 1 }))
  t.equal(follower.raft.log.committed, 0)
})

t.test('X08 priority is a matter of waiting longer: nobody denies his vote for it', async t => {
  const preferred = { electionTicks: 10, electionTicksMax: 12 }
  const others = { electionTicks: 10, electionTicksMax: 40 }
  for (const own of [preferred, others]) {
    for (const from of [2, 3]) {
      const voter = node({ ...own, terms: [1] })
      const request = message('vote', { from, term: 2, index: 1, logTerm: 1 })
      t.match(only(voter.answer(request), 'voteResponse'), [{ reject: false, to: from }])
      const asked = message('preVote', { from, term: 3, index: 1, logTerm: 1 })
      t.match(only(node({ ...own, terms: [1] }).answer(asked), 'preVoteResponse'), [
        { reject: false, to: from }
      ])
    }
  }
  // The preferred one is dead: one of the others leads in its first attempt.
  const net = network([preferred, others, others], { preVote: true, checkQuorum: true })
  net.isolate(1)
  net.campaign(2)
  t.equal(net.at(2).raft.role, Role.leader)
  t.equal(net.at(2).raft.term, 1)
  t.equal(progressOf(net.at(2), 3).match, 1)
  const draws = (options: NodeOptions) => {
    const member = node(options)
    return Array.from({ length: 300 }, () => drawElectionTimeout(member.raft.options))
  }
  t.ok(Math.max(...draws(preferred)) <= 12)
  t.ok(Math.max(...draws(others)) > 30)
})
