import t from 'tap'
import { EntryKind } from '../../../src/consensus/core/types.js'
import { ack, only, replicating } from './peers.js'
import { node, type TestNode } from './support/harness.js'

function leading(): TestNode {
  const leader = node({ voters: [1, 2, 3], holdsCommits: true }).becomeLeader()
  return replicating(leader, 2, 3)
}

t.test('a commit that is held back is told with the next append', async t => {
  const leader = leading()
  leader.propose('a')
  const last = leader.raft.log.lastIndex
  leader.take()
  t.same(only(ack(leader, 2, last), 'append'), [], 'nobody is told at once')
  t.equal(leader.raft.log.committed, last)
  t.same(only(ack(leader, 3, last), 'append'), [], 'nor whoever answers later')
  leader.propose('b')
  t.same(
    only(leader.take(), 'append').map(({ to, commit }) => [to, commit]),
    [
      [2, last],
      [3, last]
    ]
  )
  t.equal(leader.raw.tellCommit(last), 0, 'and need not be told any more')
  t.same(leader.take(), [])
})

t.test('while more is under way, commits are told at once', async t => {
  const leader = leading()
  leader.propose('a')
  const first = leader.raft.log.lastIndex
  leader.propose('b')
  leader.take()
  t.same(
    only(ack(leader, 2, first), 'append').map(({ to, commit }) => [to, commit]),
    [
      [2, first],
      [3, first]
    ]
  )
  t.same(only(ack(leader, 2, first + 1), 'append'), [])
})

t.test('the commit of several entries is told at once', async t => {
  const leader = leading()
  leader.propose('a')
  leader.propose('b')
  const last = leader.raft.log.lastIndex
  leader.take()
  t.same(
    only(ack(leader, 2, last), 'append').map(({ to, commit }) => [to, commit]),
    [
      [2, last],
      [3, last]
    ]
  )
})

t.test('where no append comes, whoever does not know it is told when that is asked for', async t => {
  const leader = leading()
  leader.propose('a')
  const last = leader.raft.log.lastIndex
  leader.take()
  ack(leader, 2, last)
  t.equal(leader.raw.tellCommit(last - 1), 0, 'an older one is known')
  t.equal(leader.raw.tellCommit(last), 2)
  t.same(
    only(leader.take(), 'append').map(({ to, commit, entries }) => [to, commit, entries.length]),
    [
      [2, last, 0],
      [3, last, 0]
    ]
  )
  t.equal(leader.raw.tellCommit(last), 0)
})

t.test('the commit of a change of the configuration is not held back', async t => {
  const leader = leading()
  leader.holdApplies = true
  leader.raw.proposeConfChange(
    { transition: 0, changes: [{ type: 1, node: 3 }], context: Buffer.alloc(0) },
    EntryKind.confChange
  )
  const last = leader.raft.log.lastIndex
  leader.take()
  t.same(
    only(ack(leader, 2, last), 'append').map(({ commit }) => commit),
    [last, last]
  )
})

t.test('only a leader tells', async t => {
  const follower = node({ voters: [1, 2, 3], holdsCommits: true })
  t.equal(follower.raw.tellCommit(1), 0)
})
