import t from 'tap'
import { Changer, ConfChangeError } from '../../../src/consensus/core/changer.js'
import { ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import { ProgressTracker } from '../../../src/consensus/core/tracker.js'
import { Role } from '../../../src/consensus/core/types.js'
import { confState, leaderOf, node } from './support/harness.js'

const NO_CONTEXT = Buffer.alloc(0)
const add = (id: number) => ({ type: ConfChangeType.addVoter, node: id })
const remove = (id: number) => ({ type: ConfChangeType.removeNode, node: id })

t.test('C01 two voters at once need a joint configuration, and a refusal changes nothing', async t => {
  for (const changes of [
    [add(4), add(5)],
    [remove(2), remove(3)],
    [add(4), remove(3)]
  ]) {
    const { tracker } = node().raft
    t.throws(() => new Changer(tracker, 0).simple(changes), ConfChangeError)
    t.same(tracker.config.toConfState(), confState([1, 2, 3]))
    const joint = new Changer(tracker, 0).enterJoint({ transition: Transition.auto, changes })
    t.same([...joint.config.outgoing], [1, 2, 3])
  }
})

t.test('C01 a configuration without voters becomes no joint one', async t => {
  const limits = { inflightMessagesMax: 1, inflightBytesMax: 1 }
  const changer = new Changer(ProgressTracker.empty(limits), 0)
  t.throws(() => changer.enterJoint({ transition: Transition.auto, changes: [add(1)] }), ConfChangeError)
})

t.test('C01 a leader that is removed and goes on takes no proposals', async t => {
  const leader = leaderOf(3, { stepDownOnRemoval: false })
  leader.raw.applyConfChange(2, { transition: Transition.auto, changes: [remove(1)], context: NO_CONTEXT })
  t.equal(leader.raft.role, Role.leader)
  t.equal(leader.propose('x'), 'dropped')
  t.equal(leader.raft.log.lastIndex, 1)
})
