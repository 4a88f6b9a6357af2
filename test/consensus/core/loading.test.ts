import t from 'tap'
import { entry, message, nameOf, node, typesOf } from './support/harness.js'

t.test(
  'entries that are not in memory are asked for once, and sent to the peer when they are there',
  async t => {
    const leader = node({ terms: [1, 1, 1, 1] }).becomeLeader()
    leader.disk.cachedFrom = 5
    const refusal = { from: 2, to: 1, term: 2, index: 4, reject: true, hint: 0, logTerm: 0 }
    const before = leader.answer(message('appendResponse', refusal))
    t.same(
      before.map(({ entries }) => entries.length),
      [0]
    )
    t.ok(leader.raft.tracker.progress.get(2)!.loading)
    t.equal(leader.disk.loadsAsked, 1)
    leader.disk.load()
    leader.raw.entriesLoaded()
    const after = leader.take()
    t.same(
      after.map(({ type, to, index, entries }) => [nameOf(type), to, index, entries.length]),
      [['append', 2, 0, 5]]
    )
    t.notOk(leader.raft.tracker.progress.get(2)!.loading)
    leader.raw.entriesLoaded()
    t.same(leader.take(), [], 'nobody waits any more')
  }
)

t.test('loaded entries are nothing to a node that leads no more', async t => {
  const leader = node({ terms: [1, 1] }).becomeLeader()
  leader.disk.cachedFrom = 5
  const refusal = { from: 2, to: 1, term: 2, index: 2, reject: true, hint: 0, logTerm: 0 }
  leader.answer(message('appendResponse', refusal))
  leader.becomeFollower(3, 2)
  leader.disk.load()
  leader.raw.entriesLoaded()
  t.same(typesOf(leader.take()), [])
})

t.test('applying waits for entries that are not in memory, and goes on where it stood', async t => {
  const follower = node({ terms: [1, 1, 1], commit: 3 })
  follower.disk.cachedFrom = 4
  follower.take()
  t.same(follower.applied, [])
  t.equal(follower.disk.loadsAsked, 1)
  t.notOk(follower.raw.hasReady(), 'it does not ask again and again')
  follower.answer(message('heartbeat', { from: 2, to: 1, term: 1, commit: 3 }))
  t.equal(follower.disk.loadsAsked, 1)
  follower.disk.load()
  follower.raw.entriesLoaded()
  follower.take()
  t.same(
    follower.applied.map(({ index }) => index),
    [1, 2, 3]
  )
})

t.test('a read that the limit ends on disk does not go on in memory', async t => {
  const large = 'x'.repeat(1000)
  const member = node({ stored: [entry(1, 1, 'a'), entry(2, 1, large)] }).becomeFollower(1, 2)
  member.holdWrites = true
  const append = { from: 2, to: 1, term: 1, index: 2, logTerm: 1, entries: [entry(3, 1, 'c')] }
  member.answer(message('append', append))
  const rows: [bytesMax: number, indexes: number[]][] = [
    [1, [1]],
    [200, [1]],
    [1020, [1, 2]],
    [2000, [1, 2, 3]]
  ]
  for (const [bytesMax, indexes] of rows) {
    const read = member.raft.log.slice(1, 4, bytesMax)
    t.same(
      read?.map(({ index }) => index),
      indexes,
      `${bytesMax} bytes`
    )
  }
})
