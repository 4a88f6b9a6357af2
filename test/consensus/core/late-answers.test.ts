import t from 'tap'
import { ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import { ProgressState } from '../../../src/consensus/core/progress.js'
import { EntryKind } from '../../../src/consensus/core/types.js'
import { confState, message, node, typesOf } from './support/harness.js'

t.test('an acknowledgement of what was known long ago does not end probing', async t => {
  const leader = node({ terms: [1, 1, 1] }).becomeLeader()
  const acknowledge = (index: number) =>
    leader.answer(message('appendResponse', { from: 2, to: 1, term: 2, index }))
  acknowledge(4)
  leader.raw.reportUnreachable(2)
  const progress = leader.raft.tracker.progress.get(2)!
  for (const late of [1, 3]) acknowledge(late)
  t.equal(progress.state, ProgressState.probe)
  t.equal(progress.match, 4)
  acknowledge(4)
  t.equal(progress.state, ProgressState.replicate, 'the newest one does')
})

t.test('an acknowledgement below the first index does not end the wait for a snapshot', async t => {
  const leader = node({ terms: [1, 1, 1, 1, 1], commit: 5, applied: 5 }).becomeLeader()
  leader.disk.compact(5, confState([1, 2, 3]))
  const refusal = { from: 2, to: 1, term: 2, index: 5, reject: true, hint: 0, logTerm: 0 }
  t.same(typesOf(leader.answer(message('appendResponse', refusal))), ['snapshot'])
  const late = message('appendResponse', { from: 2, to: 1, term: 2, index: 3 })
  t.notOk(typesOf(leader.answer(late)).includes('snapshot'), 'it is not sent again')
  t.equal(leader.raft.tracker.progress.get(2)!.pendingSnapshot, 5)
})

t.test('a change that was dropped at the limit of uncommitted bytes is not waited for', async t => {
  const leader = node({ uncommittedBytesMax: 10 }).becomeLeader()
  const acknowledge = () =>
    leader.answer(message('appendResponse', { from: 2, to: 1, term: 1, index: leader.raft.log.lastIndex }))
  acknowledge()
  t.equal(leader.propose('0123456789'), undefined)
  leader.settle()
  const changes = [{ type: ConfChangeType.addLearner, node: 4 }]
  const change = { transition: Transition.auto, changes, context: Buffer.alloc(0) }
  t.equal(leader.raw.proposeConfChange(change), 'dropped')
  acknowledge()
  t.equal(leader.raw.proposeConfChange(change), undefined)
  const { log } = leader.raft
  t.equal(log.slice(log.lastIndex, log.lastIndex + 1, 1)?.[0]?.kind, EntryKind.confChange)
})
