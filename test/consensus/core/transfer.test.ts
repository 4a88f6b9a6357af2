import t from 'tap'
import { ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import { Role } from '../../../src/consensus/core/types.js'
import {
  confState,
  leaderOf,
  message,
  type Network,
  nameOf,
  network,
  node,
  typesOf
} from './support/harness.js'

const E = 10
const NO_CONTEXT = Buffer.alloc(0)

function leads(net: Network, id: number): boolean {
  return (
    net.at(id).raft.role === Role.leader && [...net.nodes.values()].every(({ raft }) => raft.leader === id)
  )
}

t.test('T01 leadership goes to an up-to-date follower in one round, and back', async t => {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.forget()
  net.transfer(2, { at: 1 })
  t.ok(leads(net, 2))
  t.same(typesOf(net.delivered.slice(0, 2)), ['timeoutNow', 'vote'])
  net.propose(2, 'x')
  net.transfer(1, { at: 2 })
  t.ok(leads(net, 1))
  t.same(net.at(3).appliedData(), ['x'])
})

t.test('T02 a follower forwards the request to the leader', async t => {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.transfer(2, { at: 2 })
  t.ok(leads(net, 2))
  net.transfer(1, { at: 3 })
  t.ok(leads(net, 1), 'also for somebody else')
})

t.test('T02 without a known leader the request goes nowhere', async t => {
  const member = node()
  member.raw.transferLeadership(2)
  t.same(member.take(), [])
})

t.test('T03 a transfer works inside the leases of the followers', async t => {
  const net = network([{}, {}, {}, {}, {}], { checkQuorum: true })
  net.campaign(1)
  net.beat(1)
  net.transfer(2, { at: 1 })
  t.ok(leads(net, 2))
  t.equal(net.at(2).raft.term, 2)
})

t.test('T04 a transfer asks for real votes at once, marked as forced, also with pre-vote', async t => {
  const net = network([{}, {}, {}, {}, {}], { checkQuorum: true, preVote: true })
  net.campaign(1)
  net.beat(1)
  net.forget()
  net.transfer(2, { at: 1 })
  t.ok(leads(net, 2))
  const asked = net.delivered.filter(({ type }) => /ote$/.test(nameOf(type)))
  t.equal(asked.length, 4)
  for (const { type, force, term } of asked) t.same([nameOf(type), force, term], ['vote', true, 2])
})

t.test('T04 only a transfer forces votes', async t => {
  for (const preVote of [false, true]) {
    const net = network([{}, {}, {}], { preVote })
    net.campaign(1)
    t.ok(net.delivered.every(({ force }) => !force))
  }
})

t.test('T05 a slow follower gets the entries first, and leads only when it has all of them', async t => {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.isolate(3)
  net.propose(1, 'a')
  net.propose(1, 'b')
  net.recover()
  net.beat(1)
  net.forget()
  net.transfer(3, { at: 1 })
  t.ok(leads(net, 3))
  t.same(net.at(3).logData(), ['', 'a', 'b', ''])
})

t.test('T05 the call to campaign waits for the acknowledgement of the last entry', async t => {
  const leader = leaderOf(3)
  leader.propose('a')
  leader.propose('b')
  leader.settle()
  leader.raw.transferLeadership(2)
  t.notOk(typesOf(leader.take()).includes('timeoutNow'), 'not before it has everything')
  const acknowledge = (from: number, index: number) =>
    typesOf(leader.answer(message('appendResponse', { from, to: 1, term: 1, index })))
  t.notOk(acknowledge(2, 2).includes('timeoutNow'), 'not for a part')
  t.notOk(acknowledge(3, 3).includes('timeoutNow'), 'not for what somebody else has')
  const last = acknowledge(2, 3)
  t.equal(last.filter(type => type === 'timeoutNow').length, 1, 'as soon as it has everything')
})

t.test('T05 a target that is being probed is sent what it lacks at once', async t => {
  const leader = leaderOf(3)
  leader.propose('x')
  leader.settle()
  leader.raw.reportUnreachable(2)
  leader.raw.transferLeadership(2)
  const sent = leader.take()
  t.same(typesOf(sent), ['append'])
  t.equal(sent[0]!.to, 2)
  t.equal(sent[0]!.entries.length, 1)
})

t.test('T06 a follower that needs a snapshot gets it and then leads', async t => {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.isolate(3)
  net.propose(1, 'a')
  net.propose(1, 'b')
  const leader = net.at(1)
  leader.disk.compact(leader.raft.log.applied, confState([1, 2, 3]))
  net.recover()
  let held: ReturnType<typeof message> | undefined
  net.filter = sent => {
    const isAnswer =
      nameOf(sent.type) === 'appendResponse' && sent.from === 3 && !sent.reject && sent.index > 1
    if (isAnswer) held = sent
    return !isAnswer
  }
  net.beat(1)
  net.transfer(3, { at: 1 })
  t.equal(leader.raft.leadTransferee, 3, 'it waits for the snapshot')
  t.equal(net.at(3).raft.log.committed, 3)
  net.filter = undefined
  net.send(held!)
  t.ok(leads(net, 3))
})

t.test('T07 a transfer to itself or to nobody is nothing', async t => {
  for (const target of [1, 4]) {
    const leader = leaderOf(3)
    leader.settle()
    leader.raw.transferLeadership(target)
    t.same(leader.take(), [])
    t.equal(leader.raft.leadTransferee, 0)
    t.equal(leader.propose('x'), undefined)
  }
})

t.test('T07 a transfer to somebody who has not answered since the last check is refused', async t => {
  const leader = leaderOf(3, { checkQuorum: true })
  leader.tick(E)
  leader.answer(message('heartbeatResponse', { from: 2, to: 1, term: 1 }))
  leader.settle()
  leader.raw.transferLeadership(3)
  t.same(leader.take(), [])
  t.equal(leader.raft.leadTransferee, 0)
  leader.raw.transferLeadership(2)
  t.same(typesOf(leader.take()), ['timeoutNow'])
})

t.test('T08 a transfer is given up after one election timeout, and proposals are taken again', async t => {
  const leader = leaderOf(3)
  leader.raw.transferLeadership(3)
  leader.tick(E - 1)
  t.equal(leader.raft.leadTransferee, 3)
  leader.tick()
  t.equal(leader.raft.leadTransferee, 0)
  t.equal(leader.raft.role, Role.leader)
  t.equal(leader.propose('x'), undefined)
})

t.test('T08 the time begins with the request, whenever the last check was', async t => {
  const leader = leaderOf(3)
  leader.tick(E - 3)
  leader.raw.transferLeadership(3)
  leader.tick(E - 1)
  t.equal(leader.raft.leadTransferee, 3)
  leader.tick()
  t.equal(leader.raft.leadTransferee, 0)
})

t.test('T08 asking again does not extend the time, nor call the target again', async t => {
  const leader = leaderOf(3)
  leader.raw.transferLeadership(3)
  leader.tick(5)
  leader.settle()
  leader.raw.transferLeadership(3)
  t.same(leader.take(), [])
  leader.tick(E - 5)
  t.equal(leader.raft.leadTransferee, 0)
})

t.test('T09 proposals are refused while a transfer runs', async t => {
  const leader = leaderOf(3)
  const last = leader.raft.log.lastIndex
  leader.raw.transferLeadership(3)
  t.equal(leader.propose('x'), 'dropped')
  const changes = [{ type: ConfChangeType.addLearner, node: 4 }]
  const change = { transition: Transition.auto, changes, context: NO_CONTEXT }
  t.equal(leader.raw.proposeConfChange(change), 'dropped')
  t.equal(leader.raft.log.lastIndex, last)
})

t.test('T10 a pending transfer ends when the leader steps down', async t => {
  const leader = leaderOf(3)
  leader.raw.transferLeadership(3)
  leader.answer(message('vote', { from: 2, to: 1, term: 2, index: 1, logTerm: 1 }))
  t.equal(leader.raft.role, Role.follower)
  t.equal(leader.raft.leadTransferee, 0)
})

t.test('T11 a transfer to somebody who is removed or demoted is given up', async t => {
  const rows: [type: number, transition: number, node: number, ends: boolean][] = [
    [ConfChangeType.removeNode, Transition.auto, 3, true],
    [ConfChangeType.addLearner, Transition.auto, 3, true],
    [ConfChangeType.removeNode, Transition.auto, 2, false],
    // In the joint configuration it still is a voter, of the outgoing half.
    [ConfChangeType.addLearner, Transition.jointExplicit, 3, false]
  ]
  for (const [type, transition, target, ends] of rows) {
    const leader = leaderOf(3)
    leader.raw.transferLeadership(3)
    leader.raw.applyConfChange(2, { transition, changes: [{ type, node: target }], context: NO_CONTEXT })
    t.equal(leader.raft.leadTransferee, ends ? 0 : 3, `type ${type} for ${target}`)
  }
})

t.test('T11 a transfer to a demoted voter ends when the joint configuration is left', async t => {
  const leader = leaderOf(3)
  const demote = [{ type: ConfChangeType.addLearner, node: 3 }]
  const change = { transition: Transition.jointExplicit, changes: demote, context: NO_CONTEXT }
  leader.raw.applyConfChange(2, change)
  leader.raw.transferLeadership(3)
  leader.raw.applyConfChange(3, { transition: Transition.auto, changes: [], context: NO_CONTEXT })
  t.equal(leader.raft.leadTransferee, 0)
})

t.test('T12 leadership does not go to a learner, nor to a member of the gate', async t => {
  const options = { voters: [1, 2, 3], learners: [4] }
  const leader = leaderOf(3, options)
  leader.raw.setGate({ members: [4], required: 1 })
  leader.answer(message('appendResponse', { from: 4, to: 1, term: 1, index: 1 }))
  leader.raw.transferLeadership(4)
  t.same(leader.take(), [])
  t.equal(leader.raft.leadTransferee, 0)
  t.equal(leader.propose('x'), undefined)
})

t.test('T12 a request for a learner does not end a transfer that runs', async t => {
  const leader = leaderOf(3, { voters: [1, 2, 3], learners: [4] })
  leader.raw.transferLeadership(3)
  leader.raw.transferLeadership(4)
  t.equal(leader.raft.leadTransferee, 3)
})

t.test('T13 a request for another target replaces the one that runs', async t => {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.isolate(3)
  net.transfer(3, { at: 1 })
  t.equal(net.at(1).raft.leadTransferee, 3)
  net.at(1).tick(5)
  net.transfer(2, { at: 1 })
  t.equal(net.at(2).raft.role, Role.leader)
  t.equal(net.at(1).raft.leader, 2)
})

t.test('T13 a request for the leader itself ends the transfer that runs', async t => {
  const leader = leaderOf(3)
  leader.raw.transferLeadership(3)
  leader.raw.transferLeadership(1)
  t.equal(leader.raft.leadTransferee, 0)
  t.equal(leader.raft.role, Role.leader)
  t.equal(leader.propose('x'), undefined)
})

t.test('T13 the time of the new target begins with its request', async t => {
  const leader = leaderOf(3)
  leader.raw.transferLeadership(3)
  leader.tick(6)
  leader.raw.transferLeadership(2)
  leader.tick(E - 1)
  t.equal(leader.raft.leadTransferee, 2)
  leader.tick()
  t.equal(leader.raft.leadTransferee, 0)
})
