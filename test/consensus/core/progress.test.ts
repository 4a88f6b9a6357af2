import t from 'tap'
import { InvariantError } from '../../../src/consensus/core/invariant.js'
import { Progress, ProgressState } from '../../../src/consensus/core/progress.js'
import { ack, describeAppend, heartbeatAnswer, only, progressOf, refuse, replicating } from './peers.js'
import { message, node } from './support/harness.js'

const { probe, replicate, snapshot } = ProgressState
const LIMITS = { inflightMessagesMax: 256, inflightBytesMax: 1_000_000 }

function progress(fields: Partial<Progress> = {}, limits = LIMITS): Progress {
  return Object.assign(new Progress(1, false, limits), fields)
}

t.test('P01 the leader’s own match moves only when its own disk has the entries', async t => {
  const leader = node()
  leader.holdWrites = true
  leader.raft.becomeCandidate()
  leader.raft.becomeLeader()
  leader.propose('1', '2', '3', '4', '5')
  leader.take()
  t.match(progressOf(leader, 1), { match: 0, next: 1 })
  leader.finishWrites()
  leader.take()
  t.match(progressOf(leader, 1), { match: 6, next: 7 })
})

t.test(
  'P02 a peer that is probed gets one append per heartbeat answer, however many proposals there are',
  async t => {
    const leader = node().becomeLeader()
    const sentBy = (act: () => void) => {
      act()
      return only(leader.take(), 'append', 2).map(describeAppend)
    }
    t.same(
      sentBy(() => {
        for (const data of ['a', 'b', 'c']) leader.propose(data)
      }),
      ['0@0 [1@1 2@1]']
    )
    for (let round = 0; round < 3; round++) {
      t.ok(progressOf(leader, 2).paused)
      for (let i = 0; i < 10; i++)
        t.same(
          sentBy(() => leader.propose('d')),
          []
        )
      t.same(
        sentBy(() => leader.stepLocal(message('beat', { from: 1 }))),
        []
      )
      t.equal(only(heartbeatAnswer(leader, 2), 'append', 2).length, 1)
      t.ok(progressOf(leader, 2).paused)
    }
  }
)

t.test(
  'P03 a heartbeat answer ends the pause, a heartbeat does not, nor does another peer’s answer',
  async t => {
    const leader = node()
    leader.raw.campaign()
    leader.take()
    leader.answer(message('voteResponse', { from: 2, term: 1 }))
    t.ok(progressOf(leader, 2).paused && progressOf(leader, 3).paused, 'both have the empty entry on its way')
    leader.stepLocal(message('beat', { from: 1 }))
    leader.settle()
    t.ok(progressOf(leader, 2).paused && progressOf(leader, 3).paused)
    const afterAck = ack(leader, 2, 1)
    t.same(only(afterAck, 'append', 3), [])
    leader.propose('a')
    const sent = only(leader.take(), 'append')
    t.same(
      sent.map(({ to }) => to),
      [2]
    )
    t.equal(describeAppend(sent[0]!), '1@1 [2@1]')
    const released = only(ack(leader, 3, 1), 'append', 3)
    t.same(released.map(describeAppend), ['1@1 [2@1]'])
    leader.raft.tracker.progress.get(3)!.becomeProbe()
    progressOf(leader, 3).paused = true
    ack(leader, 2, 2)
    t.ok(progressOf(leader, 3).paused)
    t.equal(only(heartbeatAnswer(leader, 3), 'append', 3).length, 1)
  }
)

t.test('P04 a probe moves only by the answer to what was asked last', async t => {
  const rows: [match: number, next: number, rejected: number, hint: number, isNews: boolean, next: number][] =
    [
      [0, 1, 5, 5, false, 1],
      [0, 10, 5, 5, false, 10],
      [0, 10, 10, 9, false, 10],
      [0, 10, 9, 9, true, 9],
      [0, 2, 1, 1, true, 1],
      [0, 1, 0, 0, true, 1],
      [0, 10, 9, 2, true, 3],
      [0, 10, 9, 0, true, 1],
      [4, 10, 9, 2, true, 5]
    ]
  for (const [match, next, rejected, hint, isNews, after] of rows) {
    const probed = progress({ state: probe, match, next, paused: true })
    const words = `match ${match}, next ${next}, rejected ${rejected}, hint ${hint}`
    t.equal(probed.maybeDecreaseTo(rejected, hint), isNews, words)
    t.match(probed, { next: after, paused: !isNews, state: probe }, words)
  }

  const make = () => node({ terms: [1, 1] }).becomeLeader()
  const stale = make()
  t.same(refuse(stale, 2, 3, { index: 3, term: 1 }), [], 'not the index that was asked for')
  t.match(progressOf(stale, 2), { match: 0, next: 3, state: probe })
  const valid = make()
  t.same(refuse(valid, 2, 2, { index: 1, term: 1 }).map(describeAppend), ['1@1 [2@1 3@2]'])
  t.match(progressOf(valid, 2), { match: 0, next: 2, state: probe, paused: true })
  t.same(refuse(valid, 2, 2, { index: 1, term: 1 }), [], 'the same refusal once more')
  const accepted = make()
  t.same(only(ack(accepted, 2, 2), 'append', 2).map(describeAppend), ['2@1 [3@2]'])
  t.match(progressOf(accepted, 2), { match: 2, next: 4, state: replicate })
  t.equal(accepted.raft.log.committed, 0, 'an entry of an older term')
  const known = make()
  t.same(
    only(ack(known, 2, 0), 'append', 2).map(describeAppend),
    ['0@0 [1@1 2@1 3@2]'],
    'nothing matches, and that is known'
  )
  t.match(progressOf(known, 2), { match: 0, state: replicate })
})

t.test(
  'P05 in replicate a refusal at or below the match is of the past; another one leads back to the match',
  async t => {
    const rows: [match: number, next: number, rejected: number, isNews: boolean, next: number][] = [
      [5, 10, 5, false, 10],
      [5, 10, 4, false, 10],
      [5, 10, 0, false, 10],
      [5, 10, 6, true, 6],
      [5, 10, 9, true, 6]
    ]
    for (const [match, next, rejected, isNews, after] of rows) {
      const replicated = progress({ state: replicate, match, next })
      t.equal(replicated.maybeDecreaseTo(rejected, rejected), isNews, `rejected ${rejected}`)
      t.equal(replicated.next, after, `rejected ${rejected}`)
    }

    const leader = replicating(node({ terms: [1, 1, 1] }).becomeLeader(), 2, 3)
    leader.propose('a')
    leader.propose('b')
    leader.settle()
    t.match(progressOf(leader, 2), { match: 4, next: 7, state: replicate })
    for (const index of [4, 3, 0]) {
      t.same(refuse(leader, 2, index, { index, term: 1 }), [], `refusal of ${index}`)
      t.match(progressOf(leader, 2), { match: 4, next: 7, state: replicate })
    }
    const [resent] = refuse(leader, 2, 6, { index: 2, term: 1 })
    t.equal(describeAppend(resent!), '4@2 [5@2 6@2]', 'from the match, not from the hint')
    t.match(progressOf(leader, 2), { match: 4, next: 5, state: probe, paused: true })
  }
)

t.test('P06 next moves with what is sent in replicate, and stays while probing', async t => {
  const rows = [
    [replicate, 6],
    [probe, 2]
  ] as const
  for (const [state, next] of rows) {
    const leader = node({ terms: [1, 1, 1] }).becomeLeader()
    Object.assign(progressOf(leader, 2), { state, next: 2, match: 1 })
    leader.propose('a')
    const [sent] = only(leader.take(), 'append', 2)
    t.equal(describeAppend(sent!), '1@1 [2@1 3@1 4@2 5@2]')
    t.equal(progressOf(leader, 2).next, next)
  }
})

t.test('P09 the states of a peer, where each begins to send, and when it is paused', async t => {
  const probing: [from: Partial<Progress>, next: number][] = [
    [{ state: replicate, match: 1, next: 5 }, 2],
    [{ state: snapshot, match: 1, next: 11, pendingSnapshot: 10 }, 11],
    [{ state: snapshot, match: 1, next: 1, pendingSnapshot: 0 }, 2],
    [{ state: snapshot, match: 20, next: 11, pendingSnapshot: 10 }, 21]
  ]
  for (const [from, next] of probing) {
    const each = progress({ ...from, paused: true, sentCommit: 30 })
    each.becomeProbe()
    t.match(each, {
      state: probe,
      match: from.match,
      next,
      pendingSnapshot: 0,
      paused: false,
      sentCommit: next - 1
    })
  }
  const each = progress({ match: 1, next: 5, paused: true })
  each.becomeReplicate()
  t.match(each, { state: replicate, match: 1, next: 2, paused: false })
  each.sentEntries(3, 30)
  each.becomeSnapshot(10)
  t.match(each, {
    state: snapshot,
    match: 1,
    next: 11,
    pendingSnapshot: 10,
    isPaused: true,
    inflights: { count: 0 }
  })
  t.throws(() => each.sentEntries(1, 1), InvariantError, 'nothing is sent but the snapshot')

  const pauses: [Partial<Progress>, boolean][] = [
    [{ state: probe, paused: false }, false],
    [{ state: probe, paused: true }, true],
    [{ state: replicate, paused: false }, false],
    [{ state: replicate, paused: true }, true],
    [{ state: snapshot, paused: false }, true],
    [{ state: snapshot, paused: true }, true]
  ]
  for (const [fields, isPaused] of pauses)
    t.equal(progress(fields).isPaused, isPaused, JSON.stringify(fields))

  const updates: [index: number, match: number, next: number, isNews: boolean][] = [
    [2, 3, 5, false],
    [3, 3, 5, false],
    [4, 4, 5, true],
    [5, 5, 6, true],
    [9, 9, 10, true]
  ]
  for (const [index, match, next, isNews] of updates) {
    const updated = progress({ match: 3, next: 5, paused: true })
    t.equal(updated.maybeUpdate(index), isNews)
    t.match(updated, { match, next, paused: !isNews }, `acknowledged ${index}`)
  }
  const ignoring = progress({ state: snapshot, match: 1, next: 11, pendingSnapshot: 10 })
  t.notOk(ignoring.maybeDecreaseTo(10, 3), 'refusals say nothing while the snapshot is under way')
  t.match(ignoring, { next: 11, pendingSnapshot: 10 })

  const full = progress(
    { state: replicate, match: 1, next: 2, isLearner: true },
    { ...LIMITS, inflightMessagesMax: 1 }
  )
  full.sentEntries(1, 10)
  t.equal(`${full}`, 'StateReplicate match=1 next=3 learner paused inactive inflight=1[full]')
  full.becomeSnapshot(7)
  full.recentActive = true
  t.equal(`${full}`, 'StateSnapshot match=1 next=8 learner paused pendingSnap=7')
})

t.test('P10 what was on its way to a peer that can not be reached is taken for lost', async t => {
  const leader = replicating(node({ terms: [1, 1, 1] }).becomeLeader(), 2, 3)
  for (const data of ['a', 'b', 'c']) leader.propose(data)
  leader.settle()
  t.match(progressOf(leader, 2), { match: 4, next: 8, state: replicate, inflights: { count: 3 } })
  leader.raw.reportUnreachable(2)
  t.match(progressOf(leader, 2), { match: 4, next: 5, state: probe, inflights: { count: 0 } })
  t.match(progressOf(leader, 3), { state: replicate, next: 8 }, 'the others go on')
  const [resent] = only(heartbeatAnswer(leader, 2), 'append', 2)
  t.equal(describeAppend(resent!), '4@2 [5@2 6@2 7@2]')
  for (const state of [probe, snapshot]) {
    const other = node({ terms: [1, 1, 1] }).becomeLeader()
    Object.assign(progressOf(other, 2), { state, next: 3, pendingSnapshot: 2 })
    other.raw.reportUnreachable(2)
    t.match(progressOf(other, 2), { state, next: 3 }, 'where nothing was sent ahead, nothing changes')
  }
})
