import t from 'tap'
import { ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import { EntryKind, Role } from '../../../src/consensus/core/types.js'
import {
  confState,
  entries,
  entry,
  message,
  nameOf,
  network,
  node,
  PLAIN,
  snapshotMeta,
  typesOf
} from './support/harness.js'

const PRODUCTION = { preVote: true, checkQuorum: true, stepDownOnRemoval: true, commitInVotes: true }
const NO_CONTEXT = Buffer.alloc(0)

t.test(
  'an old entry on a majority is not committed by counting (LogCabin 44; figure 8 of the Raft paper)',
  async t => {
    const leader = node({ voters: [1, 2, 3, 4, 5], terms: [1, 2], term: 3 }).becomeLeader()
    t.equal(leader.raft.term, 4)
    for (const from of [2, 3]) leader.answer(message('appendResponse', { from, to: 1, term: 4, index: 2 }))
    t.equal(leader.raft.log.committed, 0)
    for (const from of [2, 3]) leader.answer(message('appendResponse', { from, to: 1, term: 4, index: 3 }))
    t.equal(leader.raft.log.committed, 3)
  }
)

t.test(
  'a vote that was given survives a pre-candidacy of the voter in between (canonical/raft 196)',
  async t => {
    const voter = node({ preVote: true })
    const [granted] = voter.answer(message('vote', { from: 2, to: 1, term: 1 }))
    t.equal(granted!.reject, false)
    voter.tick(voter.options.electionTicksMax)
    voter.settle()
    t.equal(voter.raft.role, Role.preCandidate)
    for (const voting of [voter, voter.restart()]) {
      const [second] = voting.answer(message('vote', { from: 3, to: 1, term: 1, index: 9, logTerm: 1 }))
      t.equal(second!.reject, true)
      t.equal(voting.raft.vote, 2)
    }
  }
)

t.test(
  'a transfer does not wait for a pre-vote that inside the leases nobody would grant (canonical/raft 203)',
  async t => {
    const net = network([{}, {}, {}], PRODUCTION)
    net.campaign(1)
    net.beat(1)
    net.ignore('preVote')
    net.transfer(3, { at: 1 })
    t.equal(net.at(3).raft.role, Role.leader)
  }
)

t.test('leadership is not handed to somebody who may not vote (hashicorp/raft 398, consul 7031)', async t => {
  const net = network([{}, {}, {}, {}], { ...PRODUCTION, voters: [1, 2, 3], learners: [4] })
  net.campaign(1)
  net.forget()
  net.transfer(4, { at: 1 })
  net.transfer(4, { at: 4 })
  t.notOk(typesOf(net.delivered).includes('timeoutNow'))
  t.equal(net.at(1).raft.role, Role.leader)
})

t.test('a demoted node that does not know it can not disturb the group (hashicorp/raft 524)', async t => {
  const net = network([{}, {}, {}, {}], PRODUCTION)
  net.campaign(1)
  net.isolate(4)
  const changes = [{ type: ConfChangeType.addLearner, node: 4 }]
  net.at(1).raw.proposeConfChange({ transition: Transition.auto, changes, context: NO_CONTEXT })
  net.pump()
  t.same(net.at(1).raw.confState.learners, [4])
  const demoted = net.at(4)
  demoted.tick(3 * demoted.options.electionTicksMax)
  net.recover()
  net.pump()
  t.equal(net.at(1).raft.role, Role.leader)
  t.equal(net.at(1).raft.term, 1)
  t.equal(demoted.raft.term, 1)
  net.beat(1)
  net.beat(1)
  t.same(demoted.raw.confState.learners, [4])
  demoted.tick(3 * demoted.options.electionTicksMax)
  t.equal(demoted.raft.role, Role.follower)
})

t.test('a denied pre-vote leaves term and vote of both sides alone (hashicorp/raft 605)', async t => {
  const net = network([{ terms: [1, 1] }, { terms: [1, 1] }, { terms: [1] }], PRODUCTION)
  for (let round = 0; round < 5; round++) net.campaign(3)
  for (const id of [1, 2, 3]) {
    t.equal(net.at(id).raft.term, 1)
    t.equal(net.at(id).raft.vote, 0)
    t.equal(net.at(id).disk.hardState.term, 1)
  }
  net.campaign(1)
  t.equal(net.at(1).raft.role, Role.leader)
  t.equal(net.at(1).raft.term, 2)
})

t.test(
  'every read of a group that changes its leader is answered once or not at all (RATIS-2044)',
  async t => {
    const net = network([{}, {}, {}], PRODUCTION)
    net.campaign(1)
    let context = 0
    for (let round = 0; round < 30; round++) {
      const leader = [1, 2, 3].find(id => net.at(id).raft.role === Role.leader)!
      net.propose(leader, 'x')
      for (const id of [1, 2, 3]) {
        const { committed } = net.at(leader).raft.log
        const asked = ++context
        net.at(id).raw.readIndex(asked)
        if (round % 3 === 1) net.at(leader).raw.transferLeadership((leader % 3) + 1)
        net.pump()
        const answers = net.at(id).reads.filter(({ context }) => context === asked)
        t.ok(answers.length <= 1 && answers.every(({ index }) => index >= committed))
        if (round % 3 === 0) t.equal(answers.length, 1)
      }
    }
  }
)

t.test(
  'the configuration of an installed snapshot is not undone by older changes that are applied late (openraft 1808)',
  async t => {
    const add = (id: number) => ({
      transition: Transition.auto,
      changes: [{ type: ConfChangeType.addLearner, node: id }],
      context: NO_CONTEXT
    })
    const member = node().becomeFollower(1, 2)
    const conf = confState([1, 2, 3], { learners: [5] })
    member.answer(message('snapshot', { from: 2, to: 1, term: 1, snapshot: snapshotMeta(10, 1, conf) }))
    t.same(member.raw.applyConfChange(4, add(4)), conf)
    t.same(member.raw.applyConfChange(10, add(4)), conf)
    t.same(member.raw.applyConfChange(11, add(6)).learners, [5, 6])
    const restarted = member.restart()
    t.same(restarted.raw.confState.learners, [5, 6])
    t.equal(restarted.raft.log.applied, 10)
  }
)

t.test(
  'a state machine behind the first index of the log is refused at the start (dragonboat 369)',
  async t => {
    const snapshot = snapshotMeta(5, 1, confState([1, 2, 3]))
    t.throws(() => node({ snapshot, terms: [1, 1], applied: 4 }), { name: 'InvariantError' })
    t.throws(
      () => node({ terms: [1, 1], applied: 3 }),
      { name: 'InvariantError' },
      'and one ahead of the last index'
    )
    t.equal(node({ snapshot, terms: [1, 1], applied: 5 }).raft.log.applied, 5)
  }
)

t.test('what the state contains is committed, whatever commit index was stored', async t => {
  const { log } = node({ terms: [1, 1, 1], commit: 1, applied: 2 }).raft
  t.same([log.committed, log.applied], [2, 2])
})

t.test('a commit index beyond the own log means that entries were lost: the node stops', async t => {
  const member = node({ terms: [1, 1] })
  t.throws(() => member.step(message('heartbeat', { from: 2, to: 1, term: 1, commit: 3 })), {
    name: 'InvariantError'
  })
})

t.test(
  'entries that are compacted while they are read for a peer are replaced by a snapshot (cockroach 131063)',
  async t => {
    const leader = node({ terms: [1, 1, 1, 1] }).becomeLeader()
    for (const from of [3]) leader.answer(message('appendResponse', { from, to: 1, term: 2, index: 5 }))
    leader.disk.cachedFrom = 5
    const refusal = { from: 2, to: 1, term: 2, index: 4, reject: true, hint: 0, logTerm: 0 }
    t.notOk(leader.answer(message('appendResponse', refusal)).some(({ entries }) => entries.length > 0))
    t.ok(leader.disk.loadsAsked > 0)
    leader.disk.compact(3, confState([1, 2, 3]))
    leader.disk.load()
    leader.answer(message('heartbeatResponse', { from: 2, to: 1, term: 2 }))
    leader.raw.entriesLoaded()
    leader.take()
    const progress = leader.raft.tracker.progress.get(2)!
    t.equal(progress.pendingSnapshot, 3)
    t.equal(leader.raft.role, Role.leader)
  }
)

t.test(
  'an acknowledgement leaves only when the entries and their term are on disk (openraft, order of writes)',
  async t => {
    const member = node({ terms: [1] })
    member.holdWrites = true
    const append = message('append', {
      from: 2,
      to: 1,
      term: 2,
      index: 1,
      logTerm: 1,
      entries: entries(2, 2, 2),
      commit: 2
    })
    t.same(member.answer(append), [])
    t.same(member.disk.hardState, { term: 1, vote: 0, commit: 0 })
    member.finishWrites()
    t.same(member.disk.hardState, { term: 2, vote: 0, commit: 2 }, 'one batch has it all')
    t.equal(member.disk.lastIndex(), 3)
    const [sent] = member.take()
    t.same([nameOf(sent!.type), sent!.index, sent!.term], ['appendResponse', 3, 2])
  }
)

t.test('no change of the configuration before a commit in the term of the leader (Axon Server)', async t => {
  const leader = node({ terms: [1, 1], commit: 1, applied: 1 }).becomeLeader()
  const changes = [{ type: ConfChangeType.addVoter, node: 4 }]
  const change = { transition: Transition.auto, changes, context: NO_CONTEXT }
  leader.raw.proposeConfChange(change)
  leader.settle()
  t.equal(leader.raft.log.slice(4, 5, 1)?.[0]?.kind, EntryKind.normal, 'it becomes an empty entry')
  leader.answer(message('appendResponse', { from: 2, to: 1, term: 2, index: 4 }))
  t.equal(leader.raft.log.applied, 4)
  leader.raw.proposeConfChange(change)
  leader.settle()
  t.equal(leader.raft.log.slice(5, 6, 1)?.[0]?.kind, EntryKind.confChange)
})

t.test(
  'committed entries are never overwritten: a node that is asked to stops instead (Axon Server)',
  async t => {
    const member = node({ terms: [1, 1, 1], commit: 2 })
    const append = { from: 2, to: 1, term: 2, index: 1, logTerm: 1 }
    t.throws(
      () =>
        member.step(
          message('append', { ...append, index: 2, logTerm: 1, commit: 9, entries: entries(2, 2) })
        ),
      { name: 'InvariantError' }
    )
    const [answer] = member.answer(message('append', { ...append, entries: entries(2, 2) }))
    t.equal(answer!.index, 2, 'below its commit index it says what it has')
    t.same(member.terms().slice(0, 2), [1, 1])
  }
)

t.test(
  'a leader is none before its first entry is committed: no read, no early confirmation (Axon Server)',
  async t => {
    const leader = node({ terms: [1], commit: 1, applied: 1 }).becomeLeader()
    leader.propose('x')
    leader.raw.readIndex(1)
    leader.settle()
    t.equal(leader.raft.log.committed, 1)
    t.same(leader.appliedData(), [])
    t.same(leader.reads, [])
  }
)

t.test('a node that installed a snapshot goes on with the entries after it (Axon Server)', async t => {
  const member = node().becomeFollower(1, 2)
  const snapshot = snapshotMeta(10, 1, confState([1, 2, 3]))
  const [installed] = member.answer(message('snapshot', { from: 2, to: 1, term: 1, snapshot }))
  t.same([nameOf(installed!.type), installed!.index], ['appendResponse', 10])
  const more = [entry(11, 1, 'a'), entry(12, 1, 'b')]
  const append = { from: 2, to: 1, term: 1, index: 10, logTerm: 1, entries: more, commit: 12 }
  const [answer] = member.answer(message('append', append))
  t.same([nameOf(answer!.type), answer!.index, answer!.reject], ['appendResponse', 12, false])
  t.same(member.appliedData(), ['a', 'b'])
  t.same(member.restart().terms(), [1, 1])
})

t.test('active backups are neither asked in a pre-vote nor counted in it (Axon Server)', async t => {
  const net = network([{}, {}, 'silent', {}, {}], { ...PRODUCTION, voters: [1, 2, 3], learners: [4, 5] })
  net.isolate(2)
  net.campaign(1)
  t.equal(net.at(1).raft.role, Role.preCandidate)
  t.notOk(net.delivered.some(({ to }) => to === 4 || to === 5))
  for (const from of [4, 5]) net.send(message('preVoteResponse', { from, to: 1, term: 1 }))
  t.equal(net.at(1).raft.role, Role.preCandidate)
  net.recover()
  net.campaign(1)
  t.equal(net.at(1).raft.role, Role.leader)
})

t.test(
  'without pre-vote and check-quorum a leader is not told of higher terms: both are on in production',
  async t => {
    const { RAFT_DEFAULTS } = await import('../../../src/consensus/core/options.js')
    const { preVote, checkQuorum, stepDownOnRemoval, commitInVotes, asyncStorageWrites } = RAFT_DEFAULTS
    t.same([preVote, checkQuorum, stepDownOnRemoval, commitInVotes, asyncStorageWrites], Array(5).fill(true))
    t.equal(PLAIN.preVote, false)
  }
)
