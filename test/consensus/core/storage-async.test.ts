import t from 'tap'
import type { Ready } from '../../../src/consensus/core/ready.js'
import { EntryKind, type Index, type Term } from '../../../src/consensus/core/types.js'
import { ack, only, progressOf } from './peers.js'
import {
  confState,
  entries,
  entry,
  message,
  node,
  snapshotMeta,
  type TestNode,
  typesOf
} from './support/harness.js'

/** A leader's append of one entry behind index 1. */
function second(term: Term, entryTerm = term) {
  return message('append', { from: term, term, index: 1, logTerm: 1, entries: entries(2, entryTerm) })
}

t.test(
  'L08 a write that was overruled while under way confirms nothing, even when the same entry is back',
  async t => {
    const follower = node({ id: 4, voters: [1, 2, 3, 4, 5], terms: [1] }).becomeFollower(1, 1)
    follower.holdWrites = true
    const { unstable } = follower.raft.log
    for (const append of [second(1), second(2), second(3, 1)]) {
      follower.step(append)
      follower.take()
    }
    t.equal(follower.writes.length, 3, 'entry 2 is written with term 1, 2, and 1 again')
    follower.finishWrites(1)
    t.equal(unstable.offset, 2, 'the second write will replace what the first one has stored')
    follower.finishWrites(1)
    t.equal(unstable.offset, 2)
    follower.finishWrites(1)
    t.equal(unstable.offset, 3)
    t.equal(follower.disk.term(2), 1)
    // Without a change of the term: the first write's index now holds another entry.
    const other = node({ id: 4, voters: [1, 2, 3, 4, 5], terms: [1] }).becomeFollower(3, 3)
    other.raft.log.append(entries(2, 2, 2))
    other.raft.log.unstable.acceptInProgress()
    other.raft.log.append(entries(2, 3))
    other.raft.log.stableTo(3, 2)
    other.raft.log.stableTo(2, 2)
    t.equal(other.raft.log.unstable.offset, 2)
  }
)

t.test('L10 of two writes under way each confirms what was there when it was handed out', async t => {
  const leader = node({ terms: [1] }).becomeLeader()
  ack(leader, 2, 2)
  leader.holdWrites = true
  leader.propose('a')
  leader.take()
  leader.propose('b', 'c')
  leader.take()
  leader.propose('d')
  t.equal(leader.writes.length, 2)
  t.match(progressOf(leader, 1), { match: 2 })
  ack(leader, 2, 6)
  t.equal(leader.raft.log.committed, 2, 'the leader has not stored them, and one peer is no majority')
  const expected: [match: Index, offset: Index][] = [
    [3, 4],
    [5, 6],
    [6, 7]
  ]
  for (const [match, offset] of expected) {
    leader.finishWrites(1)
    t.equal(progressOf(leader, 1).match, match)
    t.equal(leader.raft.log.unstable.offset, offset)
    t.equal(leader.raft.log.committed, match)
    leader.take()
  }
  t.same(leader.appliedData(), ['a', 'b', 'c', 'd'])
})

t.test(
  'L11 vote and entries go in one write: a crash before it leaves neither, and no promise was sent',
  async t => {
    const follower = node({ id: 2 })
    follower.holdWrites = true
    follower.step(message('vote', { from: 1, term: 1 }))
    follower.step(message('append', { from: 1, term: 1, entries: entries(1, 1) }))
    t.same(follower.take(), [], 'nothing that promises something has left')
    t.equal(follower.writes.length, 1)
    t.match(follower.writes[0], { hard: { term: 1, vote: 1 }, entries: [{ index: 1, term: 1 }] })
    const crashed = follower.restart()
    t.same(crashed.raw.hardState, { term: 0, vote: 0, commit: 0 })
    t.equal(crashed.raft.log.lastIndex, 0)
    t.equal(
      only(crashed.answer(message('vote', { from: 3, term: 1 })), 'voteResponse')[0]?.reject,
      false,
      'it is free'
    )

    follower.finishWrites()
    t.same(typesOf(follower.take()), ['voteResponse', 'appendResponse'])
    const written = follower.restart()
    t.same(written.raw.hardState, { term: 1, vote: 1, commit: 0 })
    t.equal(written.raft.log.lastIndex, 1)
    t.equal(
      only(written.answer(message('vote', { from: 3, term: 1, index: 9, logTerm: 1 })), 'voteResponse')[0]
        ?.reject,
      true
    )

    // A candidate's own vote, too, counts only from the disk.
    const alone = node({ voters: [1] })
    alone.holdWrites = true
    alone.raw.campaign()
    alone.take()
    t.not(alone.raft.leader, 1)
    alone.finishWrites()
    alone.take()
    t.equal(alone.raft.leader, 1)
    t.equal(alone.raft.log.committed, 0, 'its empty entry is on its way')
    alone.finishWrites()
    t.equal(alone.raft.log.committed, 1)
  }
)

t.test('L12 a snapshot and the entries behind it come in one write: install, then append', async t => {
  const follower = node({ id: 2, terms: [1, 1, 1] }).becomeFollower(2, 1)
  follower.holdWrites = true
  const snapshot = snapshotMeta(10, 2, confState([1, 2, 3]))
  follower.step(message('snapshot', { from: 1, term: 2, snapshot }))
  follower.step(
    message('append', { from: 1, term: 2, index: 10, logTerm: 2, commit: 11, entries: entries(11, 2, 2) })
  )
  t.same(follower.take(), [])
  t.equal(follower.writes.length, 1)
  t.match(follower.writes[0], { snapshot, entries: [{ index: 11 }, { index: 12 }], hard: { commit: 11 } })
  t.same(follower.applies, [], 'nothing is applied before the install')
  follower.finishWrites()
  t.match(follower.disk, { hardState: { term: 2, commit: 11 } })
  t.same([follower.disk.firstIndex(), follower.disk.lastIndex()], [11, 12])
  const sent = follower.take()
  t.same(
    only(sent, 'appendResponse').map(({ index }) => index),
    [10, 12]
  )
  t.same(
    follower.applied.map(({ index }) => index),
    [11]
  )
  t.match(follower.raft.log, { applied: 11, hasPendingSnapshot: false, unstable: { offset: 13 } })
})

t.test('L13 what the state machine contains is committed; more than the log has is refused', async t => {
  const rows: [commit: Index, applied: Index, committed: Index][] = [
    [0, 0, 0],
    [1, 2, 2],
    [0, 3, 3],
    [3, 2, 3],
    [2, 2, 2]
  ]
  for (const [commit, applied, committed] of rows) {
    const { log } = node({ terms: [1, 1, 1], commit, applied }).raft
    t.match(log, { committed, applied }, `commit ${commit}, applied ${applied}`)
  }
  for (const wrong of [{ applied: 4 }, { commit: 4 }]) {
    t.throws(() => node({ terms: [1, 1, 1], ...wrong }), { name: 'InvariantError' }, JSON.stringify(wrong))
  }
  const snapshot = snapshotMeta(10, 1, confState([1, 2, 3]))
  t.throws(
    () => node({ snapshot, applied: 5 }),
    { name: 'InvariantError' },
    'the state is older than what the log let go'
  )
})

/** Writes nothing for a commit that moves alone, as a driver may; what it writes has the whole hard state. */
function writeThriftily(member: TestNode, isWhole: boolean): Ready[] {
  const readies: Ready[] = []
  while (member.raw.hasReady()) {
    const ready = member.raw.ready()
    readies.push(ready)
    if (ready.mustSync) {
      member.disk.append(ready.entries)
      const changed = ready.hard ?? member.disk.hardState
      member.disk.hardState = isWhole ? member.raw.hardState : changed
    }
    for (const response of ready.append?.responses ?? [])
      if (response.to === member.id) member.raw.step(response)
  }
  return readies
}

t.test(
  'L15 a commit that moves alone need not be written, when each batch with entries has the whole hard state',
  async t => {
    const change = (index: Index) => entry(index, 1, '', EntryKind.confChange)
    const run = (isWhole: boolean) => {
      const follower = node({ id: 2 })
      const give = (index: Index, commit: Index, isChange: boolean) => {
        const list = isChange ? [change(index + 1)] : []
        const logTerm = index === 0 ? 0 : 1
        follower.step(message('append', { from: 1, term: 1, index, logTerm, commit, entries: list }))
        return writeThriftily(follower, isWhole)
      }
      give(0, 0, true)
      const alone = give(1, 1, false)
      const withEntries = give(1, 1, true)
      return { follower, alone, withEntries }
    }
    const { follower, alone, withEntries } = run(true)
    t.match(alone[0], { mustSync: false, hard: { commit: 1 } })
    t.equal(withEntries[0]?.hard, undefined, 'the batch with entries does not repeat it by itself')
    t.same(follower.disk.hardState, { term: 1, vote: 0, commit: 1 })
    const restarted = follower.restart({ applied: 0 })
    restarted.raw.campaign()
    t.equal(restarted.raft.role, 0, 'it knows that the first change is committed and waits to apply it')

    // The rule bites: without it the node has two changes above its stored commit, and campaigns.
    const forgetful = run(false).follower
    t.equal(forgetful.disk.hardState.commit, 0)
    const unsafe = forgetful.restart({ applied: 0 })
    unsafe.raw.campaign()
    t.not(unsafe.raft.role, 0)
  }
)
