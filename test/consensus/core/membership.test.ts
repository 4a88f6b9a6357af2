import t from 'tap'
import { ConfChangeError } from '../../../src/consensus/core/changer.js'
import {
  type ConfChange,
  decodeConfChange,
  encodeConfChange,
  LEAVE_JOINT,
  Transition
} from '../../../src/consensus/core/conf-change.js'
import { type ConfState, EntryKind, type NodeId } from '../../../src/consensus/core/types.js'
import { apply, change, changeBy, lastEntry, type Step } from './conf-changes.js'
import { ack, only, replicating } from './peers.js'
import { confState, message, network, node } from './support/harness.js'

t.test('C01 nodes are added, removed, promoted and demoted; the last voter stays', async t => {
  const rows: [
    name: string,
    start: { voters: NodeId[]; learners?: NodeId[] },
    steps: Step[],
    conf: ConfState
  ][] = [
    ['add a voter', { voters: [1] }, [['addVoter', 2]], confState([1, 2])],
    ['add a learner', { voters: [1] }, [['addLearner', 2]], confState([1], { learners: [2] })],
    ['remove a voter', { voters: [1, 2] }, [['removeNode', 2]], confState([1])],
    ['remove a learner', { voters: [1], learners: [2] }, [['removeNode', 2]], confState([1])],
    ['promote', { voters: [1], learners: [2] }, [['addVoter', 2]], confState([1, 2])],
    ['demote', { voters: [1, 2] }, [['addLearner', 2]], confState([1], { learners: [2] })],
    ['add what is there', { voters: [1, 2] }, [['addVoter', 2]], confState([1, 2])],
    ['remove a stranger', { voters: [1, 2] }, [['removeNode', 7]], confState([1, 2])],
    ['update', { voters: [1, 2] }, [['update', 2]], confState([1, 2])],
    ['members come in ascending order', { voters: [5, 1, 3] }, [['addVoter', 2]], confState([1, 2, 3, 5])]
  ]
  for (const [name, start, steps, conf] of rows) {
    const leader = node(start).becomeLeader()
    t.same(apply(leader, change(...steps)), conf, name)
    t.same(leader.raw.confState, conf, name)
    t.same(
      leader.raft.tracker.ids,
      [...conf.voters, ...conf.learners].sort((a, b) => a - b),
      `${name}: whoever is a member has a progress, and nobody else`
    )
  }
  for (const step of [
    ['removeNode', 1],
    ['addLearner', 1]
  ] as Step[]) {
    const single = node({ voters: [1] })
    t.throws(() => apply(single, change(step)), ConfChangeError)
    t.same(single.raw.confState, confState([1]), 'nothing has changed')
  }
})

t.test('C02 a change that is proposed is remembered by its index, and counts once it is applied', async t => {
  const leader = replicating(node().becomeLeader(), 2, 3)
  t.equal(leader.raft.pendingConfIndex, 0)
  leader.raw.proposeConfChange(change(['addVoter', 4]))
  leader.settle()
  t.equal(leader.raft.log.lastIndex, 2)
  t.equal(leader.raft.pendingConfIndex, 2)
  t.equal(lastEntry(leader).kind, EntryKind.confChange)
  t.same(leader.raw.confState, confState([1, 2, 3]))
  ack(leader, 2, 2)
  t.same(leader.raw.confState, confState([1, 2, 3, 4]))
  t.equal(leader.raft.confIndex, 2)
})

t.test('C03 a second change while one is pending becomes an empty entry', async t => {
  const leader = replicating(node().becomeLeader(), 2, 3)
  leader.raw.proposeConfChange(change(['addVoter', 4]))
  leader.raw.proposeConfChange(change(['addVoter', 5]))
  t.equal(leader.raft.log.lastIndex, 3)
  t.match(lastEntry(leader), { kind: EntryKind.normal, data: { length: 0 } })
  t.equal(leader.raft.pendingConfIndex, 2)
  // Two in one proposal: only the first one.
  const both = replicating(node().becomeLeader(), 2, 3)
  both.step(
    Object.assign(message('propose', { from: 1 }), {
      entries: [change(['addVoter', 4]), change(['addVoter', 5])].map(each => ({
        index: 0,
        term: 0,
        kind: EntryKind.confChange,
        data: encodeConfChange(each)
      }))
    })
  )
  t.equal(lastEntry(both).kind, EntryKind.normal)
  leader.settle()
  ack(leader, 2, 3)
  t.same(leader.raw.confState, confState([1, 2, 3, 4]))
  leader.raw.proposeConfChange(change(['addVoter', 4]))
  t.equal(lastEntry(leader).kind, EntryKind.confChange, 'once it is applied the next one may come')
  leader.settle()
  for (const id of [2, 3]) ack(leader, id, 4)
  t.same(leader.raw.confState, confState([1, 2, 3, 4]), 'to add it again changes nothing')
})

t.test('C04 a new leader proposes no change before everything it had at its election is applied', async t => {
  const rows = [
    { kind: EntryKind.confChange, name: 'a change of its predecessor' },
    { kind: EntryKind.normal, name: 'anything, for it can not know' }
  ]
  for (const { kind, name } of rows) {
    const data = kind === EntryKind.normal ? Buffer.from('a') : encodeConfChange(change(['addLearner', 4]))
    const leader = node({ stored: [{ index: 1, term: 1, kind, data }], commit: 0 }).becomeLeader()
    t.equal(leader.raft.pendingConfIndex, 1, name)
    leader.raw.proposeConfChange(change(['addLearner', 5]))
    t.equal(lastEntry(leader).kind, EntryKind.normal, name)
    leader.settle()
    leader.holdApplies = true
    ack(leader, 2, 3)
    t.equal(leader.raft.log.committed, 3)
    leader.raw.proposeConfChange(change(['addLearner', 5]))
    t.equal(lastEntry(leader).kind, EntryKind.normal, `${name}: committed is not applied`)
    leader.finishApplies()
    leader.raw.proposeConfChange(change(['addLearner', 5]))
    t.equal(lastEntry(leader).kind, EntryKind.confChange, name)
  }
})

t.test('C05 changes one by one and joint, left by themselves or when told to', async t => {
  const { auto, jointImplicit, jointExplicit } = Transition
  const swap: Step[] = [
    ['addVoter', 2],
    ['addLearner', 1],
    ['addLearner', 3]
  ]
  const swapping = (autoLeave: boolean) =>
    confState([2], { outgoing: [1], learners: [3], learnersNext: [1], autoLeave })
  const swapped = confState([2], { learners: [1, 3] })
  const learner: Step = ['addLearner', 2]
  const rows: [name: string, proposed: ConfChange, entered: ConfState, left?: ConfState][] = [
    ['simple voter', change(['addVoter', 2]), confState([1, 2])],
    ['simple learner', change(learner), confState([1], { learners: [2] })],
    [
      'joint, explicit, learner',
      changeBy(jointExplicit, learner),
      confState([1], { outgoing: [1], learners: [2] }),
      confState([1], { learners: [2] })
    ],
    [
      'joint, implicit, learner',
      changeBy(jointImplicit, learner),
      confState([1], { outgoing: [1], learners: [2], autoLeave: true }),
      confState([1], { learners: [2] })
    ],
    [
      'joint, implicit, voter',
      changeBy(jointImplicit, ['addVoter', 2]),
      confState([1, 2], { outgoing: [1], autoLeave: true }),
      confState([1, 2])
    ],
    ['several steps are joint by themselves', changeBy(auto, ...swap), swapping(true), swapped],
    ['several steps, implicit', changeBy(jointImplicit, ...swap), swapping(true), swapped],
    ['several steps, explicit', changeBy(jointExplicit, ...swap), swapping(false), swapped]
  ]
  for (const [name, proposed, entered, left] of rows) {
    const leader = node({ voters: [1] }).becomeLeader()
    const states: ConfState[] = []
    const { raw } = leader
    const applying = raw.applyConfChange.bind(raw)
    raw.applyConfChange = (index, next) => {
      states.push(applying(index, next))
      return states.at(-1)!
    }
    leader.raw.proposeConfChange(proposed)
    leader.settle()
    t.same(states, entered.autoLeave && states.length === 2 ? [entered, left] : [entered], name)
    if (left === undefined) continue
    if (!entered.autoLeave) {
      leader.raw.proposeConfChange(change(['addLearner', 9]))
      t.equal(
        lastEntry(leader).kind,
        EntryKind.normal,
        `${name}: first the joint configuration has to be left`
      )
      leader.settle()
      ack(leader, 2, leader.raft.log.lastIndex)
      t.equal(states.length, 1, `${name}: stays until told`)
      leader.raw.proposeConfChange(LEAVE_JOINT)
    }
    t.match(decodeConfChange(lastEntry(leader).data), { changes: [] }, name)
    leader.settle()
    ack(leader, 2, leader.raft.log.lastIndex)
    t.same(states, [entered, left], name)
  }
  const simple = node({ voters: [1] }).becomeLeader()
  simple.raw.proposeConfChange(LEAVE_JOINT)
  t.equal(lastEntry(simple).kind, EntryKind.normal, 'there is nothing to leave')
  t.throws(() => apply(simple, LEAVE_JOINT), ConfChangeError)
  const joint = node({ voters: [1, 2], outgoing: [1, 3] })
  t.throws(() => apply(joint, change(['addVoter', 4])), ConfChangeError)
  t.throws(() => apply(joint, changeBy(jointExplicit, ['addVoter', 4])), ConfChangeError)
})

t.test('C06 when the leader changes within a joint configuration, the next one leaves it', async t => {
  const leader = node({ voters: [1] }).becomeLeader()
  leader.holdApplies = true
  leader.raw.proposeConfChange(changeBy(Transition.jointImplicit, ['addLearner', 2]))
  leader.take()
  leader.raft.becomeFollower(leader.raft.term + 1, 0)
  const last = leader.raft.log.lastIndex
  leader.holdApplies = false
  leader.finishApplies()
  leader.take()
  t.match(leader.raw.confState, { outgoing: [1], autoLeave: true })
  t.equal(leader.raft.log.lastIndex, last, 'a follower proposes nothing')
  leader.raw.campaign()
  leader.settle()
  t.same(leader.raw.confState, confState([1], { learners: [2] }))

  const net = network([{}, {}, {}])
  net.campaign(1)
  // The leader enters, and is cut off before it can leave.
  net.filter = ({ entries }) =>
    !entries.some(({ data, kind }) => kind === EntryKind.confChange && data.length === 0)
  net.at(1).raw.proposeConfChange(changeBy(Transition.jointImplicit, ['addLearner', 4], ['addLearner', 5]))
  net.pump()
  for (let i = 0; i < 2; i++) net.beat(1)
  for (const id of [2, 3]) t.match(net.at(id).raw.confState, { autoLeave: true })
  net.recover()
  net.isolate(1)
  net.campaign(2)
  for (const id of [2, 3]) t.same(net.at(id).raw.confState, confState([1, 2, 3], { learners: [4, 5] }))
})

t.test(
  'C07 entries that waited for a removed voter are committed as soon as the removal is applied',
  async t => {
    const leader = replicating(node({ voters: [1, 2] }).becomeLeader(), 2)
    leader.raw.proposeConfChange(change(['removeNode', 2]))
    leader.propose('hello')
    leader.settle()
    ack(leader, 2, 2)
    t.equal(leader.raft.log.committed, 3)
    t.same(leader.appliedData(), ['hello'])
    // And the others hear of it at once.
    const larger = replicating(node({ voters: [1, 2, 3, 4] }).becomeLeader(), 2, 3, 4)
    larger.raw.proposeConfChange(change(['removeNode', 4]))
    larger.propose('hello')
    larger.settle()
    ack(larger, 3, 3)
    t.equal(larger.raft.log.committed, 1)
    const told = ack(larger, 2, 2)
    t.equal(larger.raft.log.committed, 3)
    t.ok(only(told, 'append', 2).some(({ commit }) => commit === 3))
  }
)
