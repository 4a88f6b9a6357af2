import t from 'tap'
import { ConfChangeType, encodeConfChange, Transition } from '../../../src/consensus/core/conf-change.js'
import { ProgressState } from '../../../src/consensus/core/progress.js'
import { TraceLevel } from '../../../src/consensus/core/trace.js'
import { type ConfState, EntryKind, type Index, Role } from '../../../src/consensus/core/types.js'
import { ack, describeAppend, heartbeatAnswer, only, progressOf, refuse } from './peers.js'
import {
  confState,
  entries,
  entry,
  message,
  type NodeOptions,
  network,
  node,
  snapshotMeta,
  type TestNode,
  typesOf
} from './support/harness.js'

const { probe, replicate, snapshot: snapshotting } = ProgressState
const SNAPSHOT = snapshotMeta(11, 11, confState([1, 2]))

/** Its log begins at 12, and it has a snapshot at 11 to offer. */
function leaderAbove(snapshot = SNAPSHOT): TestNode {
  const leader = node({ snapshot })
  leader.disk.offered = snapshot
  return leader.becomeLeader()
}

/** Peer 2 is being sent the snapshot. */
function sending(): TestNode {
  const leader = leaderAbove()
  refuse(leader, 2, 11, { index: 0, term: 0 })
  return leader
}

t.test('S01 a peer behind the first index is sent the snapshot', async t => {
  const leader = leaderAbove()
  const sent = refuse(leader, 2, 11, { index: 0, term: 0 })
  t.same(typesOf(sent), ['snapshot'])
  t.match(sent[0], { to: 2, term: 12, snapshot: SNAPSHOT })
  t.match(progressOf(leader, 2), { state: snapshotting, pendingSnapshot: 11, next: 12 })
})

t.test('S02 while the snapshot is under way nothing else is sent but heartbeats', async t => {
  const leader = sending()
  for (let i = 0; i < 3; i++) leader.propose('a')
  t.same(only(leader.take(), 'append', 2), [])
  t.same(heartbeatAnswer(leader, 2), [])
  t.same(refuse(leader, 2, 11, { index: 0, term: 0 }), [], 'a late refusal changes nothing')
  t.match(progressOf(leader, 2), { state: snapshotting, pendingSnapshot: 11, next: 12 })
  leader.stepLocal(message('beat', { from: 1 }))
  t.same(typesOf(leader.take()), ['heartbeat'])
})

t.test(
  'S03 a snapshot that arrived: probing goes on behind it, and waits for the acknowledgement',
  async t => {
    const leader = sending()
    leader.raw.reportSnapshot(2, true)
    t.match(progressOf(leader, 2), { state: probe, pendingSnapshot: 0, next: 12, match: 0, paused: true })
    leader.propose('a')
    t.same(only(leader.take(), 'append', 2), [])
    const [next] = only(ack(leader, 2, 11), 'append', 2)
    t.equal(describeAppend(next!), '11@11 [12@12 13@12]')
    t.match(progressOf(leader, 2), { state: replicate, match: 11 })
  }
)

t.test(
  'S04 a snapshot that failed is forgotten: probing begins at the match, after a pause, and it is sent again',
  async t => {
    const leader = sending()
    leader.raw.reportSnapshot(2, false)
    t.match(progressOf(leader, 2), { state: probe, pendingSnapshot: 0, next: 1, match: 0, paused: true })
    leader.propose('a')
    t.same(leader.take(), [], 'not at once: it would go in circles')
    t.same(typesOf(heartbeatAnswer(leader, 2)), ['snapshot'])
    t.match(progressOf(leader, 2), { state: snapshotting, pendingSnapshot: 11 })
    const other = leaderAbove()
    other.raw.reportSnapshot(2, false)
    t.match(progressOf(other, 2), { state: probe, paused: false }, 'a status that nobody waits for')
  }
)

t.test('S05 a peer that has not been heard of is not sent a snapshot', async t => {
  const leader = leaderAbove()
  Object.assign(progressOf(leader, 2), { next: 1, recentActive: false })
  leader.propose('a')
  t.same(leader.take(), [])
  t.match(progressOf(leader, 2), { state: probe, pendingSnapshot: 0 })
  t.same(typesOf(heartbeatAnswer(leader, 2)), ['snapshot'], 'until it answers')
})

t.test('S06 an acknowledgement at or above the snapshot ends it', async t => {
  for (const index of [11, 12]) {
    const leader = sending()
    leader.propose('a')
    leader.settle()
    const sent = only(ack(leader, 2, index), 'append', 2).filter(each => each.entries.length > 0)
    t.equal(sent.length, 1)
    t.equal(sent[0]!.index, index)
    t.match(progressOf(leader, 2), {
      state: replicate,
      pendingSnapshot: 0,
      match: index,
      next: 14,
      inflights: { count: 1 }
    })
  }
})

t.test('S07 an acknowledgement below the snapshot ends it too, when plain entries can follow', async t => {
  const make = () => {
    const conf = confState([1, 2])
    const leader = node({ voters: [1, 2], terms: Array(10).fill(1), commit: 10, applied: 10 })
    leader.disk.compact(5)
    leader.disk.offered = snapshotMeta(9, 1, conf)
    leader.becomeLeader()
    Object.assign(progressOf(leader, 2), { next: 3, recentActive: true })
    leader.propose('a')
    t.same(typesOf(leader.take()), ['snapshot'])
    t.match(progressOf(leader, 2), { state: snapshotting, pendingSnapshot: 9 })
    return leader
  }
  const resuming = make()
  const sent = only(ack(resuming, 2, 7), 'append', 2).filter(each => each.entries.length > 0)
  t.same(sent.map(describeAppend), ['7@1 [8@1 9@1 10@1 11@2 12@2]'])
  t.match(progressOf(resuming, 2), { state: replicate, match: 7, pendingSnapshot: 0 })
  const border = make()
  ack(border, 2, 5)
  t.match(progressOf(border, 2), { state: replicate, match: 5 }, 'the entry behind it is the first one there')
  const waiting = make()
  t.same(only(ack(waiting, 2, 4), 'append', 2), [])
  t.match(progressOf(waiting, 2), { state: snapshotting, match: 4, pendingSnapshot: 9 })
})

function give(member: TestNode, index: Index, term: number, conf: ConfState) {
  return member.answer(
    message('snapshot', { from: 1, term: member.raft.term, snapshot: snapshotMeta(index, term, conf) })
  )
}

t.test(
  'S08 a newer snapshot replaces log and configuration; an older one, and one that the log contains, do not',
  async t => {
    const empty = node({ id: 2, voters: [1, 2], term: 11 }).becomeFollower(12, 1)
    t.match(give(empty, 11, 11, confState([1, 2, 3])), [
      { type: message('appendResponse').type, index: 11, reject: false }
    ])
    t.match(empty.raft.log, { lastIndex: 11, firstIndex: 12, committed: 11, applied: 11, lastTerm: 11 })
    t.same(empty.raw.confState, confState([1, 2, 3]))
    t.match(give(empty, 11, 11, confState([1, 2, 3, 4])), [{ index: 11 }], 'the same once more')
    t.same(empty.raw.confState, confState([1, 2, 3]))

    const longer = node({ id: 2, terms: [1, 1, 1], commit: 1 }).becomeFollower(3, 1)
    t.match(give(longer, 9, 3, confState([1, 2])), [{ index: 9 }])
    t.same(longer.terms(), [])
    t.match(longer.raft.log, { firstIndex: 10, lastIndex: 9, committed: 9 })

    const older = node({ id: 2, terms: [1, 1, 1], commit: 2 }).becomeFollower(1, 1)
    for (const index of [1, 2]) t.match(give(older, index, 1, confState([1, 2, 3, 4])), [{ index: 2 }])
    t.match(older.raft.log, { lastIndex: 3, committed: 2 })
    // Its own entries there are gone, so it can not compare.
    const compacted = node({ id: 2, terms: [1, 1, 1, 1], commit: 4, applied: 4 }).becomeFollower(1, 1)
    compacted.disk.compact(3)
    t.match(give(compacted, 2, 1, confState([1, 2, 3, 4])), [{ index: 4 }])
    t.match(compacted.raft.log, { lastIndex: 4, committed: 4, applied: 4 })
    const contained = node({ id: 2, terms: [1, 1, 1], commit: 1 }).becomeFollower(1, 1)
    t.match(give(contained, 2, 1, confState([1, 2, 3, 4])), [{ index: 2 }])
    t.match(contained.raft.log, { lastIndex: 3, committed: 2, hasPendingSnapshot: false })
    t.same(contained.raw.confState, confState([1, 2, 3]), 'only the commit has moved')
    const differing = node({ id: 2, terms: [1, 1, 1], commit: 1 }).becomeFollower(2, 1)
    give(differing, 2, 2, confState([1, 2]))
    t.match(differing.raft.log, { firstIndex: 3, lastIndex: 2, committed: 2 }, 'another entry stood there')
    const leading = node({ terms: [1] }).becomeLeader()
    leading.stepLocal(message('snapshot', { from: 2, term: 2, snapshot: SNAPSHOT }))
    t.not(leading.raft.log.lastIndex, 11, 'a leader has nothing to take')
  }
)

t.test('S09 whether a node is a learner comes from the snapshot', async t => {
  const rows: [name: string, options: NodeOptions, conf: ConfState, isLearner: boolean][] = [
    ['stays a learner', { id: 3, voters: [1, 2], learners: [3] }, confState([1, 2], { learners: [3] }), true],
    ['learner promoted', { id: 3, voters: [1, 2], learners: [3] }, confState([1, 2, 3]), false],
    ['voter demoted', { id: 3, voters: [1, 2, 3] }, confState([1, 2], { learners: [3] }), true],
    [
      'voter of the outgoing half',
      { id: 3 },
      confState([1, 2], { outgoing: [1, 2, 3], learnersNext: [3] }),
      false
    ]
  ]
  for (const [name, options, conf, isLearner] of rows) {
    const member = node(options).becomeFollower(2, 1)
    give(member, 11, 2, conf)
    t.equal(member.raft.isLearner, isLearner, name)
    t.same(member.raw.confState, conf, name)
    member.raw.campaign()
    t.equal(member.raft.role, isLearner ? Role.follower : Role.candidate, name)
  }
  const net = network([{ terms: [1, 1, 1], commit: 3, applied: 3 }, {}], { voters: [1], learners: [2] })
  net.at(1).disk.compact(3, confState([1], { learners: [2] }))
  net.campaign(1)
  net.beat(1)
  net.beat(1)
  t.equal(net.at(2).raft.log.committed, net.at(1).raft.log.committed)
  t.equal(net.at(2).raft.log.firstIndex, 4)
})

t.test('S10 a slow node is brought up by a snapshot and follows from there', async t => {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.isolate(3)
  for (let i = 0; i < 100; i++) net.propose(1, `${i}`)
  const leader = net.at(1)
  leader.disk.compact(leader.raft.log.applied, leader.raw.confState)
  net.recover()
  // Answers first, so that it counts as alive.
  for (let i = 0; i < 5 && progressOf(leader, 3).match < leader.raft.log.lastIndex; i++) net.beat(1)
  t.equal(net.at(3).raft.log.firstIndex, 102)
  net.propose(1, 'after')
  t.equal(net.at(3).raft.log.committed, leader.raft.log.committed)
  t.same(net.at(3).appliedData(), ['after'])
  const fresh = node({ id: 3, voters: [1, 2, 3] })
  fresh.answer(message('snapshot', { from: 1, term: 2, snapshot: SNAPSHOT_OF_THREE }))
  t.match(fresh.raft, { leader: 1, term: 2 }, 'the message itself tells who leads')
})

const SNAPSHOT_OF_THREE = snapshotMeta(11, 2, confState([1, 2, 3]))

t.test('S11 a snapshot whose configuration lacks the receiver is refused, with a warning', async t => {
  const warnings: string[] = []
  const trace = { level: TraceLevel.warn, write: (_: TraceLevel, text: string) => void warnings.push(text) }
  const follower = node({ id: 3, terms: [1, 1], commit: 1, trace }).becomeFollower(2, 1)
  t.match(give(follower, 11, 2, confState([1, 2])), [{ index: 1, reject: false }])
  t.match(follower.raft.log, { lastIndex: 2, committed: 1, hasPendingSnapshot: false })
  t.same(follower.raw.confState, confState([1, 2, 3]))
  t.match(warnings, [/not in the ConfState/])
  for (const conf of [
    confState([1, 2, 3]),
    confState([1, 2], { learners: [3] }),
    confState([1, 2], { outgoing: [1, 3] })
  ]) {
    const taking = node({ id: 3, terms: [1, 1], commit: 1 }).becomeFollower(2, 1)
    t.match(give(taking, 11, 2, conf), [{ index: 11 }])
  }
})

t.test('S12 a leader offers a peer only a snapshot that contains it', async t => {
  const leader = leaderAbove(snapshotMeta(11, 11, confState([1])))
  leader.raw.applyConfChange(12, {
    transition: Transition.auto,
    changes: [{ type: ConfChangeType.addVoter, node: 2 }],
    context: Buffer.alloc(0)
  })
  leader.settle()
  t.same(typesOf(refuse(leader, 2, progressOf(leader, 2).next - 1, { index: 0, term: 0 })), [])
  t.match(progressOf(leader, 2), { state: probe, pendingSnapshot: 0 })
  t.same(typesOf(heartbeatAnswer(leader, 2)), [], 'it waits for a fresh one')
  for (const conf of [
    confState([1, 2]),
    confState([1], { learners: [2] }),
    confState([1], { outgoing: [1, 2], learnersNext: [2] })
  ]) {
    Object.assign(progressOf(leader, 2), { state: probe, next: 1, paused: false })
    leader.disk.offered = snapshotMeta(12, 12, conf)
    t.same(typesOf(heartbeatAnswer(leader, 2)), ['snapshot'])
  }
})

t.test('S14 a change of the leader during an install, or right after it, does not disturb it', async t => {
  for (const isDuring of [true, false]) {
    const follower = node({ id: 3, terms: [1] }).becomeFollower(2, 1)
    follower.holdWrites = true
    follower.step(message('snapshot', { from: 1, term: 2, snapshot: SNAPSHOT_OF_THREE }))
    follower.take()
    if (!isDuring) follower.finishWrites()
    follower.take()
    follower.step(message('heartbeat', { from: 2, term: 3 }))
    follower.step(
      message('append', { from: 2, term: 3, index: 11, logTerm: 2, commit: 12, entries: entries(12, 3) })
    )
    t.equal(follower.raft.log.hasPendingSnapshot, isDuring)
    follower.take()
    follower.raw.campaign()
    t.equal(follower.raft.role, isDuring ? Role.follower : Role.candidate, 'nobody stands without his state')
    follower.holdWrites = false
    follower.finishWrites()
    follower.take()
    t.match(follower.raft.log, { hasPendingSnapshot: false, applied: 12, lastIndex: 12, committed: 12 })
    t.same(
      follower.applied.map(({ index }) => index),
      [12]
    )
  }
})

t.test(
  'S15 entries that an installed snapshot covers are not applied again, nor changes of the configuration',
  async t => {
    const change = encodeConfChange({
      transition: Transition.auto,
      changes: [{ type: ConfChangeType.removeNode, node: 2 }],
      context: Buffer.alloc(0)
    })
    const stored = [entry(1, 1, 'a'), entry(2, 1, change, EntryKind.confChange), entry(3, 1, 'b')]
    const follower = node({ id: 3, stored }).becomeFollower(1, 1)
    follower.holdApplies = true
    follower.step(message('heartbeat', { from: 1, term: 1, commit: 3 }))
    follower.take()
    t.equal(follower.applies.length, 1, 'three entries are on their way to the state machine')
    const conf = confState([1, 2, 3], { learners: [4] })
    follower.answer(message('snapshot', { from: 1, term: 1, snapshot: snapshotMeta(10, 1, conf) }))
    t.match(follower.raft.log, { applied: 10 })
    follower.finishApplies()
    t.match(follower.raft.log, { applied: 10, applying: 10 })
    t.same(follower.raw.confState, conf, 'the change is of the past')
    follower.applied.length = 0
    follower.holdApplies = false
    follower.answer(
      message('append', { from: 1, term: 1, index: 10, logTerm: 1, commit: 12, entries: entries(11, 1, 1) })
    )
    t.same(
      follower.applied.map(({ index }) => index),
      [11, 12]
    )
  }
)
