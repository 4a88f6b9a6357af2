import t from 'tap'
import { ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import { EntryKind, Role } from '../../../src/consensus/core/types.js'
import {
  confState,
  entries,
  entry,
  message,
  type Network,
  type NodeOptions,
  network,
  node,
  snapshotMeta,
  type TestNode,
  typesOf
} from './support/harness.js'

const NO_CONTEXT = Buffer.alloc(0)

t.test('E29 the wish to campaign changes nothing at a leader', async t => {
  for (const preVote of [false, true]) {
    const leader = node({ preVote }).becomeLeader()
    leader.raw.campaign()
    t.same(leader.take(), [])
    t.equal(leader.raft.role, Role.leader)
    t.equal(leader.raft.term, 1)
  }
})

const UNFIT: [name: string, options: NodeOptions][] = [
  ['without a configuration', { voters: [] }],
  ['not in the configuration', { voters: [2, 3, 4] }],
  ['a learner', { voters: [2, 3, 4], learners: [1] }]
]

/** Everything that could make it campaign, and answers as if it had. */
function provoke(member: TestNode): string[] {
  const sent = [...member.settle().take()]
  member.raw.campaign()
  member.tick(3 * member.options.electionTicksMax)
  sent.push(...member.take())
  const { term } = member.raft
  sent.push(...member.answer(message('timeoutNow', { from: 2, to: member.id, term })))
  for (const type of ['preVoteResponse', 'voteResponse'] as const) {
    for (const from of [2, 3]) sent.push(...member.answer(message(type, { from, to: member.id, term })))
  }
  return typesOf(sent)
}

t.test('E30 who is no voter in its own configuration never campaigns', async t => {
  for (const preVote of [false, true]) {
    for (const [name, options] of UNFIT) {
      const member = node({ ...options, term: 1, preVote })
      t.equal(member.raft.isPromotable, false, name)
      t.same(provoke(member), [], name)
      t.equal(member.raft.role, Role.follower, name)
      t.equal(member.raft.term, 1, name)
    }
  }
})

t.test('E30 voters of either half of a joint configuration may campaign', async t => {
  const rows: NodeOptions[] = [
    { voters: [1] },
    { voters: [1, 2, 3] },
    { voters: [2, 3], outgoing: [1, 2] },
    { voters: [2, 3], outgoing: [1, 2], learnersNext: [1] }
  ]
  for (const options of rows) {
    const member = node(options)
    t.equal(member.raft.isPromotable, true)
    member.tick(member.options.electionTicksMax)
    member.settle()
    t.not(member.raft.role, Role.follower)
  }
})

t.test(
  'E30 a node that is removed or demoted stops campaigning, and one that is promoted begins',
  async t => {
    for (const type of [ConfChangeType.removeNode, ConfChangeType.addLearner]) {
      const member = node({ voters: [1, 2, 3] })
      member.raw.applyConfChange(1, {
        transition: Transition.auto,
        changes: [{ type, node: 1 }],
        context: NO_CONTEXT
      })
      t.same(provoke(member), [])
      t.equal(member.raft.role, Role.follower)
    }
    const learner = node({ voters: [2, 3], learners: [1] })
    const changes = [{ type: ConfChangeType.addVoter, node: 1 }]
    learner.raw.applyConfChange(1, { transition: Transition.auto, changes, context: NO_CONTEXT })
    learner.tick(learner.options.electionTicksMax)
    t.same(typesOf(learner.take()), ['vote', 'vote'])
  }
)

t.test('E30 learners are not asked for their vote, and it does not count', async t => {
  const member = node({ voters: [1, 2, 3], learners: [4, 5] })
  member.raw.campaign()
  t.same(
    member.take().map(({ to }) => to),
    [2, 3]
  )
  for (const from of [4, 5]) member.answer(message('voteResponse', { from, to: 1, term: 1 }))
  t.equal(member.raft.role, Role.candidate)
})

/** A leader whose followers have committed, but not applied, a change that removes node 3. */
function withUnappliedChange(kind: number): Network {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.beat(1)
  for (const member of net.nodes.values()) member.holdApplies = true
  const changes = [{ type: ConfChangeType.removeNode, node: 3 }]
  net.at(1).raw.proposeConfChange({ transition: Transition.auto, changes, context: NO_CONTEXT }, kind)
  net.pump()
  net.beat(1)
  return net
}

for (const kind of [EntryKind.confChangeV1, EntryKind.confChange]) {
  t.test(
    `E32 a committed change that is not applied keeps a node from campaigning (kind ${kind})`,
    async t => {
      const net = withUnappliedChange(kind)
      const follower = net.at(2)
      t.equal(follower.raft.log.committed, 2)
      t.equal(follower.raft.log.applied, 1)
      net.isolate(2)
      net.tick(2, 3 * follower.options.electionTicksMax)
      t.equal(follower.raft.role, Role.follower, 'by timeout')
      t.equal(follower.raft.term, 1)
      net.recover()
      net.transfer(2, { at: 1 })
      t.equal(net.at(1).raft.role, Role.leader, 'by transfer')
      t.equal(follower.raft.role, Role.follower)
      net.tick(1, net.at(1).options.electionTicks)
      t.equal(net.at(1).raft.leadTransferee, 0, 'the transfer is given up')

      follower.finishApplies()
      net.pump()
      net.transfer(2, { at: 1 })
      t.equal(follower.raft.role, Role.leader, 'after applying')
      t.equal(net.at(1).raft.role, Role.follower)
      const former = net.at(1)
      former.tick(former.options.electionTicksMax)
      t.equal(former.raft.role, Role.follower, 'its own change still waits')
      former.finishApplies()
      former.tick(former.options.electionTicksMax)
      t.equal(former.raft.role, Role.candidate)
    }
  )
}

t.test('E32 a change that is in the log and not committed does not keep a node from campaigning', async t => {
  const stored = [{ index: 1, term: 1, kind: EntryKind.confChange, data: NO_CONTEXT }]
  const uncommitted = node({ stored, commit: 0 })
  uncommitted.raw.campaign()
  t.equal(uncommitted.raft.role, Role.candidate)
  const committed = node({ stored, commit: 1, voters: [1, 2, 3], outgoing: [1, 2, 4] })
  committed.holdApplies = true
  committed.raw.campaign()
  t.equal(committed.raft.role, Role.follower, 'found again at a restart')
})

t.test('E32 a change that was truncated from the log keeps nobody from campaigning', async t => {
  const stored = [entry(1, 1), entry(2, 1, NO_CONTEXT, EntryKind.confChange)]
  const member = node({ stored, commit: 1, applied: 1 }).becomeFollower(2, 2)
  member.holdApplies = true
  const append = { from: 2, to: 1, term: 2, index: 1, logTerm: 1, entries: entries(2, 2), commit: 2 }
  member.answer(message('append', append))
  t.equal(member.raft.log.committed, 2)
  member.raw.campaign()
  t.equal(member.raft.role, Role.candidate)
})

t.test('E33 a snapshot that is not installed yet keeps a node from campaigning', async t => {
  const member = node({ voters: [1, 2, 3] }).becomeFollower(1, 2)
  member.holdWrites = true
  const snapshot = snapshotMeta(10, 1, confState([1, 2, 3]))
  member.answer(message('snapshot', { from: 2, to: 1, term: 1, snapshot }))
  t.equal(member.raft.isPromotable, false)
  member.raw.campaign()
  member.tick(3 * member.options.electionTicksMax)
  member.answer(message('timeoutNow', { from: 2, to: 1, term: 1 }))
  t.equal(member.raft.role, Role.follower)
  t.equal(member.raft.term, 1)
  member.finishWrites()
  member.tick(member.options.electionTicksMax)
  t.equal(member.raft.role, Role.candidate)
})
