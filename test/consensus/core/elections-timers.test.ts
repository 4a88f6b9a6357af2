import t from 'tap'
import { Role } from '../../../src/consensus/core/types.js'
import { confState, message, node, seeded, snapshotMeta, type TestNode } from './support/harness.js'

/** Ticks until the next campaign begins. */
function ticksToCampaign(member: TestNode): number {
  for (let ticks = 1; ticks <= 1000; ticks++) {
    member.tick()
    if (member.take().length > 0) return ticks
  }
  throw new Error('never campaigns')
}

const SPANS: [electionTicks: number, electionTicksMax: number][] = [
  [10, 19],
  [10, 25],
  [5, 5]
]

for (const start of ['follower', 'candidate'] as const) {
  t.test(`E07 the timeout of a ${start} takes every value of its span, and no other`, async t => {
    for (const [electionTicks, electionTicksMax] of SPANS) {
      const member = node({ electionTicks, electionTicksMax, heartbeatTicks: 1 })
      const seen = new Set<number>()
      for (let round = 0; round < 500; round++) {
        if (start === 'follower') member.becomeFollower(member.raft.term + 1, 2)
        else member.becomeCandidate()
        seen.add(ticksToCampaign(member))
      }
      const expected = Array.from(
        { length: electionTicksMax - electionTicks + 1 },
        (_, i) => electionTicks + i
      )
      t.same(
        [...seen].sort((a, b) => a - b),
        expected
      )
    }
  })

  t.test(`E08 at most 30 % of the elections of five ${start}s begin at two nodes at once`, async t => {
    const rounds = 1000
    const members = [1, 2, 3, 4, 5].map(id => node({ id, voters: [1, 2, 3, 4, 5] }))
    let conflicts = 0
    for (let round = 0; round < rounds; round++) {
      for (const member of members) {
        if (start === 'follower') member.becomeFollower(member.raft.term + 1)
        else member.becomeCandidate()
      }
      const timeouts = members.map(({ raft }) => raft.randomizedElectionTimeout)
      const first = Math.min(...timeouts)
      if (timeouts.filter(ticks => ticks === first).length > 1) conflicts++
    }
    t.ok(conflicts / rounds <= 0.3, `${conflicts} of ${rounds}`)
    t.ok(conflicts > 0, 'the draw is random')
  })
}

t.test('E09 the chance to have timed out grows with the time since the leader was heard', async t => {
  const rows: [elapsed: number, probability: number][] = [
    [5, 0],
    [10, 0.1],
    [13, 0.4],
    [15, 0.6],
    [18, 0.9],
    [20, 1]
  ]
  for (const [elapsed, probability] of rows) {
    const member = node({ random: seeded(elapsed) })
    const rounds = 3000
    let timedOut = 0
    for (let round = 0; round < rounds; round++) {
      member.raft.becomeFollower(1, 0)
      member.raft.term = 1
      member.raft.electionElapsed = elapsed - 1
      member.raft.tick()
      if (member.raft.role === Role.candidate) timedOut++
      member.raft.term = 1
      member.raft.messages = []
      member.raft.afterAppend = []
    }
    t.equal(Math.round((timedOut / rounds) * 10) / 10, probability, `${elapsed} ticks`)
  }
})

t.test('E09 a new timeout is drawn at every change of role', async t => {
  let drawn = 0
  const member = node({ random: () => (drawn++ % 10) / 10 })
  const { raft } = member
  const changes = [
    () => raft.becomeFollower(1, 2),
    () => raft.becomePreCandidate(),
    () => raft.becomeCandidate(),
    () => raft.becomeLeader(),
    () => raft.becomeFollower(raft.term, 0)
  ]
  for (const change of changes) {
    const before = drawn
    change()
    t.ok(drawn > before)
    t.equal(raft.randomizedElectionTimeout, 10 + ((drawn - 1) % 10))
  }
})

const HEARD: [name: string, make: () => ReturnType<typeof message>, resets: boolean][] = [
  ['heartbeat of the leader', () => message('heartbeat', { from: 2, term: 2 }), true],
  ['append of the leader', () => message('append', { from: 2, term: 2 }), true],
  ['refused append of the leader', () => message('append', { from: 2, term: 2, index: 9, logTerm: 2 }), true],
  [
    'snapshot of the leader',
    () => message('snapshot', { from: 2, term: 2, snapshot: snapshotMeta(5, 2, confState([1, 2, 3])) }),
    true
  ],
  ['vote request that is denied', () => message('vote', { from: 3, term: 2, index: 9, logTerm: 2 }), false],
  ['pre-vote that is granted', () => message('preVote', { from: 3, term: 3, index: 9, logTerm: 2 }), false],
  ['pre-vote that is denied', () => message('preVote', { from: 3, term: 3 }), false],
  ['heartbeat of an earlier leader', () => message('heartbeat', { from: 3, term: 1 }), false],
  ['append of an earlier leader', () => message('append', { from: 3, term: 1 }), false],
  ['heartbeat response', () => message('heartbeatResponse', { from: 3, term: 2 }), false],
  ['append response', () => message('appendResponse', { from: 3, term: 2 }), false],
  ['read answer', () => message('readIndexResponse', { from: 2, term: 2 }), false],
  ['transfer request', () => message('transferLeader', { from: 3, term: 2 }), false]
]

t.test('E10 only the leader puts the election off', async t => {
  for (const [name, make, resets] of HEARD) {
    const member = node({ terms: [1, 2], term: 2 }).becomeFollower(2, 2)
    member.raft.electionElapsed = 5
    member.raft.randomizedElectionTimeout = 10
    member.answer(Object.assign(make(), { to: 1 }))
    t.equal(member.raft.electionElapsed, resets ? 0 : 5, name)
    t.equal(ticksUntilElapsed(member), resets ? 10 : 5, name)
  }
})

t.test('E10 a vote that is granted puts the own election off', async t => {
  const member = node({ terms: [1, 2], term: 2 })
  member.raft.electionElapsed = 5
  member.answer(message('vote', { from: 3, to: 1, term: 2, index: 2, logTerm: 2 }))
  t.equal(member.raft.vote, 3)
  t.equal(member.raft.electionElapsed, 0)
})

t.test('E10 a follower that hears its leader every few ticks never campaigns', async t => {
  const member = node().becomeFollower(1, 2)
  for (let round = 0; round < 50; round++) {
    member.tick(9)
    member.answer(message('heartbeat', { from: 2, to: 1, term: 1 }))
    t.equal(member.raft.role, Role.follower)
  }
  t.equal(member.raft.term, 1)
})

/** While a snapshot waits the node does not campaign: only the counter tells. */
function ticksUntilElapsed(member: TestNode): number {
  let ticks = 0
  do {
    member.raft.tick()
    ticks++
  } while (member.raft.role === Role.follower && member.raft.electionElapsed !== 0 && ticks < 100)
  return ticks
}
