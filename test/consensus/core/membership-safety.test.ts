import t from 'tap'
import { encodeConfChange } from '../../../src/consensus/core/conf-change.js'
import { EntryKind, type NodeId, Role } from '../../../src/consensus/core/types.js'
import { apply, change } from './conf-changes.js'
import { ack, heartbeatAnswer, only, progressOf, refuse, replicating } from './peers.js'
import { confState, message, network, node } from './support/harness.js'

t.test('C09 a joint configuration needs both halves: to commit, to elect, to keep its leader', async t => {
  const joint = { voters: [1, 2, 3], outgoing: [1, 4, 5] }
  const rows: [supporters: NodeId[], isEnough: boolean][] = [
    [[], false],
    [[2], false],
    [[2, 3], false],
    [[4, 5], false],
    [[2, 4], true],
    [[3, 5], true],
    [[2, 3, 4, 5], true]
  ]
  for (const [supporters, isEnough] of rows) {
    const leader = node(joint).becomeLeader()
    for (const id of supporters) ack(leader, id, 1)
    t.equal(leader.raft.log.committed, isEnough ? 1 : 0, `acknowledged by ${supporters}`)

    const candidate = node(joint)
    candidate.raw.campaign()
    candidate.settle()
    for (const from of supporters) candidate.answer(message('voteResponse', { from, term: 1 }))
    t.equal(candidate.raft.role, isEnough ? Role.leader : Role.candidate, `elected by ${supporters}`)

    const lasting = node({ ...joint, checkQuorum: true }).becomeLeader()
    lasting.stepLocal(message('checkQuorum', { from: 1 }))
    Object.assign(lasting.raft, { role: Role.leader, leader: 1 })
    for (const id of lasting.raft.tracker.ids) progressOf(lasting, id).recentActive = id === 1
    for (const id of supporters) heartbeatAnswer(lasting, id)
    lasting.stepLocal(message('checkQuorum', { from: 1 }))
    t.equal(lasting.raft.role, isEnough ? Role.leader : Role.follower, `heard of by ${supporters}`)
  }
  for (const deniers of [
    [2, 3],
    [4, 5]
  ]) {
    const candidate = node(joint)
    candidate.raw.campaign()
    candidate.settle()
    for (const from of deniers) candidate.answer(message('voteResponse', { from, term: 1, reject: true }))
    t.equal(candidate.raft.role, Role.follower, 'one half that says no is enough')
  }
})

t.test(
  'C10 a removed node that knows it campaigns no more; one that does not is told by whoever it asks',
  async t => {
    const knowing = node({ id: 3 })
    apply(knowing, change(['removeNode', 3]))
    knowing.raw.campaign()
    knowing.tick(100)
    knowing.step(message('timeoutNow', { from: 1 }))
    t.equal(knowing.raft.role, Role.follower)
    t.same(only(knowing.take(), 'vote'), [])

    // Pre-votes of the one that does not know disturb nobody, and its answers show that it is no member.
    const net = network([{}, {}, {}], { checkQuorum: true, preVote: true })
    net.campaign(1)
    net.isolate(3)
    net.at(1).raw.proposeConfChange(change(['removeNode', 3]))
    net.pump()
    net.tick(1, 1)
    net.recover()
    const before = net.at(1).raft.term
    for (let i = 0; i < 5; i++) {
      net.tick(3, 20)
      net.tick([1, 2], 1)
    }
    t.equal(net.at(1).raft.term, before)
    t.equal(net.at(1).raft.role, Role.leader)
    for (const id of [1, 2]) {
      for (const type of [
        'appendResponse',
        'heartbeatResponse',
        'voteResponse',
        'preVoteResponse'
      ] as const) {
        t.equal(net.at(id).step(message(type, { from: 3, term: before })), 'unknownPeer')
      }
    }
  }
)

t.test('C11 a leader that is to go hands over first, and where it can not, nothing has changed', async t => {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.transfer(2, { at: 1 })
  t.equal(net.at(2).raft.role, Role.leader)
  net.at(2).raw.proposeConfChange(change(['removeNode', 1]))
  net.pump()
  for (const id of [2, 3]) t.same(net.at(id).raw.confState, confState([2, 3]))
  net.propose(2, 'a')
  t.same(net.at(3).appliedData(), ['a'])

  const alone = network([{}, 'silent', {}])
  alone.campaign(1)
  alone.isolate(3)
  alone.at(1).raw.transferLeadership(3)
  alone.at(1).propose('refused')
  alone.tick(1, 10)
  const { raft, raw } = alone.at(1)
  t.equal(raft.leadTransferee, 0, 'given up')
  t.equal(raft.role, Role.leader)
  t.same(raw.confState, confState([1, 2, 3]))
  t.equal(alone.at(1).propose('goes on'), undefined)

  // One that does it to itself all the same leads no longer than until it is applied.
  const own = replicating(node({ stepDownOnRemoval: true }).becomeLeader(), 2, 3)
  own.raw.proposeConfChange(change(['removeNode', 1]))
  own.settle()
  t.equal(own.raft.role, Role.leader)
  ack(own, 2, 2)
  t.equal(own.raft.role, Role.follower)
})

t.test('C12 of two voters the living one can not remove the dead one', async t => {
  const leader = replicating(node({ voters: [1, 2] }).becomeLeader(), 2)
  leader.raw.proposeConfChange(change(['removeNode', 2]))
  for (let i = 0; i < 100; i++) {
    leader.tick()
    leader.settle()
  }
  t.same(leader.raw.confState, confState([1, 2]))
  t.equal(leader.raft.log.committed, 1)
  const checking = node({ voters: [1, 2], checkQuorum: true }).becomeLeader()
  checking.raw.proposeConfChange(change(['removeNode', 2]))
  for (let i = 0; i < 30; i++) checking.tick()
  checking.settle()
  t.not(checking.raft.role, Role.leader)
  t.same(checking.raw.confState, confState([1, 2]))
})

t.test('C13 a removed id is nobody: it counts for nothing and is sent nothing', async t => {
  const leader = replicating(node({ voters: [1, 2, 3, 4, 5] }).becomeLeader(), 2, 3, 4, 5)
  apply(leader, change(['removeNode', 5]))
  leader.propose('a')
  t.same(only(leader.take(), 'append', 5), [])
  for (const from of [5, 2]) leader.step(message('appendResponse', { from, term: 1, index: 2 }))
  t.equal(leader.raft.log.committed, 1, '5 is no third of four')
  t.equal(leader.step(message('appendResponse', { from: 5, term: 9, index: 2 })), 'unknownPeer')
  t.equal(leader.raft.term, 1, 'its term is not even looked at')
  leader.stepLocal(message('beat', { from: 1 }))
  t.notOk(leader.take().some(({ to }) => to === 5))
  leader.raw.transferLeadership(5)
  t.equal(leader.raft.leadTransferee, 0)
  const candidate = node({ voters: [1, 2, 3, 4, 5] })
  apply(candidate, change(['removeNode', 5]))
  candidate.raw.campaign()
  t.notOk(candidate.take().some(({ to }) => to === 5))
  for (const from of [5, 2]) candidate.step(message('voteResponse', { from, term: 1 }))
  t.equal(candidate.raft.role, Role.candidate)
})

t.test('C14 whoever joins again under a new id begins with nothing, whatever the old id had', async t => {
  const leader = replicating(node({ terms: [1, 1, 1] }).becomeLeader(), 2, 3)
  t.equal(progressOf(leader, 3).match, 4)
  apply(leader, change(['removeNode', 3]))
  apply(leader, change(['addVoter', 4]))
  t.match(progressOf(leader, 4), { match: 0, recentActive: true })
  t.notOk(leader.raft.tracker.progress.has(3))
  leader.propose('a')
  leader.settle()
  t.equal(leader.step(message('appendResponse', { from: 3, term: 2, index: 5 })), 'unknownPeer')
  t.equal(leader.raft.log.committed, 4)
  const [probe] = refuse(leader, 4, progressOf(leader, 4).next - 1, { index: 0, term: 0 })
  t.match(probe, { to: 4, index: 0 })
  ack(leader, 4, 5)
  t.equal(leader.raft.log.committed, 5)
})

/** The leader demoted itself and knows it; the other voter does not, and has one entry less. */
function demoted(commitInVotes: boolean) {
  const net = network([{}, {}], { stepDownOnRemoval: true, commitInVotes })
  net.campaign(1)
  net.filter = ({ to, entries, commit }) =>
    to !== 2 || (commit < 2 && !entries.some(({ index }) => index > 2))
  net.at(1).raw.proposeConfChange(change(['addLearner', 1]))
  net.at(1).propose('not for 2')
  net.pump()
  return net
}

t.test(
  'C15 a demoted leader with the longer log denies its vote, and tells by it what is committed',
  async t => {
    const net = demoted(true)
    t.equal(net.at(1).raft.role, Role.follower)
    t.same(net.at(1).raw.confState, confState([2], { learners: [1] }))
    t.same(net.at(2).raw.confState, confState([1, 2]))
    t.ok(net.at(1).raft.log.lastIndex > net.at(2).raft.log.lastIndex)
    net.recover()
    net.campaign(2)
    t.equal(net.at(2).raft.role, Role.follower, 'it has learned that it has a change to apply')
    t.same(net.at(2).raw.confState, confState([2], { learners: [1] }))
    net.campaign(2)
    t.equal(net.at(2).raft.role, Role.leader)
    net.propose(2, 'goes on')
    t.same(net.at(1).appliedData(), ['goes on'])

    // Whoever learns while campaigning that he does not know who may vote ends it, whatever is granted.
    const data = encodeConfChange(change(['addVoter', 6]))
    const stored = [{ index: 1, term: 1, kind: EntryKind.confChange, data }]
    for (const preVote of [false, true]) {
      const campaigning = node({ voters: [1, 2, 3, 4, 5], stored, commitInVotes: true, preVote })
      campaigning.holdApplies = true
      campaigning.raw.campaign()
      campaigning.settle()
      const term = preVote ? 1 : 2
      const type = preVote ? 'preVoteResponse' : 'voteResponse'
      campaigning.answer(message(type, { from: 2, term, reject: true, voteCommit: 1, voteCommitTerm: 1 }))
      t.equal(campaigning.raft.log.committed, 1)
      for (const from of [3, 4, 5]) campaigning.answer(message(type, { from, term: 2 }))
      t.equal(campaigning.raft.role, Role.follower)
    }

    const without = demoted(false)
    without.recover()
    for (let i = 0; i < 20; i++) without.campaign(2)
    t.not(without.at(2).raft.role, Role.leader, 'this is what it is for')
  }
)
