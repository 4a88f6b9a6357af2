import t from 'tap'
import { confirmRound, leaderOf, message, node } from './support/harness.js'

const CONFIRMED: [size: number, minority: number[], majority: number][] = [
  [3, [], 2],
  [4, [2], 3],
  [5, [2], 3],
  [7, [2, 3], 4]
]

t.test('Q04 the answer of a majority frees the queue, that of a minority does not', async t => {
  for (const [size, minority, last] of CONFIRMED) {
    const leader = leaderOf(size)
    leader.raw.readIndex(1)
    leader.raw.readIndex(2)
    leader.settle()
    t.equal(leader.raft.reads.length, 2)
    for (let round = 0; round < 3; round++) for (const from of minority) confirmRound(leader, from, 2)
    t.equal(leader.raft.reads.length, 2, `${size} voters, ${minority} answer`)
    t.same(leader.reads, [])
    confirmRound(leader, last, 2)
    t.equal(leader.raft.reads.length, 0)
    t.same(
      leader.reads.map(({ context }) => context),
      [1, 2]
    )
  }
})

t.test('Q04 an answer confirms the requests up to the one it saw, and no later one', async t => {
  const leader = leaderOf(3)
  for (const context of [1, 2, 3]) leader.raw.readIndex(context)
  const sequences = leader.take().filter(({ to }) => to === 2)
  t.same([...new Set(sequences.map(({ readSequence }) => readSequence))].at(-1), 3)
  confirmRound(leader, 2, 2)
  t.same(
    leader.reads.map(({ context }) => context),
    [1, 2]
  )
  t.equal(leader.raft.reads.length, 1)
})

t.test('Q04 in a joint configuration a majority of each half has to answer', async t => {
  const leader = node({ voters: [1, 2, 3], outgoing: [1, 4, 5] }).becomeLeader()
  for (const from of [2, 3, 4, 5])
    leader.answer(message('appendResponse', { from, to: 1, term: 1, index: 1 }))
  leader.raw.readIndex(1)
  leader.settle()
  for (const from of [2, 3]) confirmRound(leader, from, 1)
  t.same(leader.reads, [])
  confirmRound(leader, 4, 1)
  t.equal(leader.reads.length, 1)
})

t.test('Q05 answers to an earlier request do not confirm a later one with the same context', async t => {
  const leader = leaderOf(3)
  leader.raw.readIndex(7)
  leader.settle()
  confirmRound(leader, 2, 1)
  t.equal(leader.reads.length, 1)
  leader.propose('x')
  leader.settle()
  leader.answer(message('appendResponse', { from: 2, to: 1, term: 1, index: 2 }))
  leader.raw.readIndex(7)
  leader.settle()
  confirmRound(leader, 3, 1)
  confirmRound(leader, 3, 0)
  confirmRound(leader, 2, 1)
  t.equal(leader.reads.length, 1, 'delayed answers')
  confirmRound(leader, 3, 2)
  t.same(leader.reads.at(-1), { index: 2, context: 7 })
})

t.test('Q05 a delayed answer does not take a newer one of the same peer back', async t => {
  const leader = leaderOf(5)
  for (const context of [1, 2]) leader.raw.readIndex(context)
  leader.settle()
  confirmRound(leader, 2, 2)
  confirmRound(leader, 2, 1)
  confirmRound(leader, 3, 2)
  t.equal(leader.reads.length, 2)
})

t.test('Q05 an answer to a heartbeat from before the request does not confirm it', async t => {
  const leader = leaderOf(3)
  leader.stepLocal(message('beat'))
  const [before] = leader.take()
  leader.raw.readIndex(1)
  leader.settle()
  confirmRound(leader, 2, before!.readSequence)
  t.same(leader.reads, [])
})

t.test('Q05 a follower returns the number of the heartbeat that it answers', async t => {
  const follower = node().becomeFollower(1, 2)
  for (const readSequence of [0, 3, 2]) {
    const [sent] = follower.answer(message('heartbeat', { from: 2, to: 1, term: 1, readSequence }))
    t.equal(sent!.readSequence, readSequence)
  }
})
