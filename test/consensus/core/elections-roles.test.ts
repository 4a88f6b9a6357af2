import t from 'tap'
import { Role } from '../../../src/consensus/core/types.js'
import { entries, message, node, type TestNode } from './support/harness.js'

type RoleName = keyof typeof Role

/** A node at term 1 in the role; a leader of the group is known to the follower only. */
function inRole(role: RoleName): TestNode {
  const member = node({ voters: [1, 2, 3] })
  if (role === 'follower') return member.becomeFollower(1, 3)
  if (role === 'preCandidate') return member.becomeFollower(1).becomePreCandidate()
  return role === 'candidate' ? member.becomeCandidate() : member.becomeLeader()
}

const ROLES: RoleName[] = ['follower', 'preCandidate', 'candidate', 'leader']

t.test('E01 an append of a higher term makes any role a follower of that term', async t => {
  for (const role of ROLES) {
    const member = inRole(role)
    member.answer(message('append', { from: 2, to: 1, term: 2 }))
    t.equal(member.raft.term, 2, role)
    t.equal(member.raft.role, Role.follower, role)
    t.equal(member.raft.leader, 2, role)
  }
})

t.test('E02 an append of a lower term does not reach the role', async t => {
  for (const role of ROLES) {
    const member = inRole(role)
    member.raft.term = 2
    member.settle()
    member.raft.electionElapsed = 5
    const before = stateOf(member)
    const stale = message('append', { from: 2, to: 1, term: 1, entries: entries(1, 1), commit: 1 })
    t.same(member.answer(stale), [], `${role} says nothing`)
    t.same(stateOf(member), before, `${role} keeps its state`)
  }
})

t.test('E03 a new node is a follower with the term, vote and commit index of its disk', async t => {
  const fresh = node()
  t.equal(fresh.raft.role, Role.follower)
  t.equal(fresh.raft.term, 0)
  const restarted = node({ terms: [1, 2, 2], term: 4, vote: 3, commit: 2 })
  t.equal(restarted.raft.role, Role.follower)
  t.same(restarted.raw.hardState, { term: 4, vote: 3, commit: 2 })
  t.equal(restarted.raft.leader, 0)
})

for (const start of ['follower', 'candidate'] as const) {
  t.test(`E04 a ${start} without a leader campaigns within the longest timeout`, async t => {
    const member = node()
    if (start === 'follower') member.becomeFollower(1)
    else member.becomeCandidate()
    member.tick(2 * member.options.electionTicks - 1)
    const sent = member.take()
    t.equal(member.raft.role, Role.candidate)
    t.equal(member.raft.term, 2)
    t.equal(member.raft.vote, 1)
    t.ok(member.raft.tracker.tallyVotes().granted === 1, 'its own vote counts once it is stored')
    t.same(
      sent.map(({ type, to, term, force }) => ({ type, to, term, force })),
      [2, 3].map(to => ({ type: message('vote').type, to, term: 2, force: false }))
    )
  })
}

const ROUNDS: [voters: number, votes: Record<number, boolean>, expected: RoleName][] = [
  [1, {}, 'leader'],
  [3, { 2: true, 3: true }, 'leader'],
  [3, { 2: true }, 'leader'],
  [5, { 2: true, 3: true, 4: true, 5: true }, 'leader'],
  [5, { 2: true, 3: true, 4: true }, 'leader'],
  [5, { 2: true, 3: true }, 'leader'],
  [3, { 2: false, 3: false }, 'follower'],
  [5, { 2: false, 3: false, 4: false, 5: false }, 'follower'],
  [5, { 2: true, 3: false, 4: false, 5: false }, 'follower'],
  [3, {}, 'candidate'],
  [5, { 2: true }, 'candidate'],
  [5, { 2: false, 3: false }, 'candidate'],
  [5, {}, 'candidate'],
  // Even sizes: half of them is no majority, and half of them denying is the end.
  [2, {}, 'candidate'],
  [2, { 2: false }, 'follower'],
  [4, { 2: true }, 'candidate'],
  [4, { 2: true, 3: true }, 'leader'],
  [4, { 2: false, 3: false }, 'follower']
]

t.test('E05 a round of answers elects by a majority of grants and ends by a majority of denials', async t => {
  for (const [size, votes, expected] of ROUNDS) {
    const member = node({ voters: Array.from({ length: size }, (_, i) => i + 1) })
    member.raw.campaign()
    member.settle()
    for (const [from, isGranted] of Object.entries(votes)) {
      member.answer(message('voteResponse', { from: Number(from), to: 1, term: 1, reject: !isGranted }))
    }
    const row = `${size} voters, ${JSON.stringify(votes)}`
    t.equal(member.raft.role, Role[expected], row)
    t.equal(member.raft.term, 1, row)
  }
})

t.test('E05 an answer counts once, and the first one stands', async t => {
  const member = node({ voters: [1, 2, 3, 4, 5] })
  member.raw.campaign()
  member.settle()
  const grant = { from: 2, to: 1, term: 1 }
  for (let i = 0; i < 3; i++) member.answer(message('voteResponse', grant))
  t.equal(member.raft.role, Role.candidate)
  for (let i = 0; i < 3; i++) member.answer(message('voteResponse', { ...grant, reject: true }))
  member.answer(message('voteResponse', { ...grant, from: 3 }))
  t.equal(member.raft.role, Role.leader)
})

t.test('E05 in a joint configuration a majority of each half is needed', async t => {
  const rows: [grants: number[], denials: number[], expected: RoleName][] = [
    [[2], [], 'candidate'],
    [[2, 3], [], 'candidate'],
    [[4, 5], [], 'candidate'],
    [[2, 4], [], 'leader'],
    [[2, 3], [4, 5], 'follower']
  ]
  for (const [grants, denials, expected] of rows) {
    const member = node({ voters: [1, 2, 3], outgoing: [1, 4, 5] })
    member.raw.campaign()
    member.settle()
    for (const from of grants) member.answer(message('voteResponse', { from, to: 1, term: 1 }))
    for (const from of denials) member.answer(message('voteResponse', { from, to: 1, term: 1, reject: true }))
    t.equal(member.raft.role, Role[expected], `${grants} grant, ${denials} deny`)
  }
})

t.test('E06 a vote is given once in a term, and again to the same candidate', async t => {
  const rows: [vote: number, from: number, reject: boolean][] = [
    [0, 2, false],
    [0, 3, false],
    [2, 2, false],
    [3, 3, false],
    [2, 3, true],
    [3, 2, true]
  ]
  for (const [vote, from, reject] of rows) {
    const member = node({ term: 1, vote })
    const [answer] = member.answer(message('vote', { from, to: 1, term: 1 }))
    t.equal(answer?.reject, reject, `voted for ${vote}, asked by ${from}`)
    t.equal(answer?.to, from)
    t.equal(member.disk.hardState.vote, reject ? vote : from, 'the vote is stored')
  }
})

t.test('E11 a candidate that hears the leader of its term, or of a higher one, follows it', async t => {
  for (const role of ['candidate', 'preCandidate'] as const) {
    for (const type of ['append', 'heartbeat'] as const) {
      for (const term of [1, 2]) {
        const member = inRole(role)
        member.answer(message(type, { from: 2, to: 1, term }))
        t.equal(member.raft.role, Role.follower, `${role}, ${type} of term ${term}`)
        t.equal(member.raft.term, term)
        t.equal(member.raft.leader, 2)
      }
    }
  }
})

const INVALID = 'invalid'
const TRANSITIONS: [from: RoleName, to: RoleName, termMoves: number | typeof INVALID][] = [
  ['follower', 'follower', 1],
  ['follower', 'preCandidate', 0],
  ['follower', 'candidate', 1],
  ['follower', 'leader', INVALID],
  ['preCandidate', 'follower', 0],
  ['preCandidate', 'preCandidate', 0],
  ['preCandidate', 'candidate', 1],
  ['preCandidate', 'leader', 0],
  ['candidate', 'follower', 0],
  ['candidate', 'preCandidate', 0],
  ['candidate', 'candidate', 1],
  ['candidate', 'leader', 0],
  ['leader', 'follower', 1],
  ['leader', 'preCandidate', INVALID],
  ['leader', 'candidate', INVALID],
  ['leader', 'leader', 0]
]

t.test('E18 roles change only as Raft allows', async t => {
  for (const [from, to, moves] of TRANSITIONS) {
    const { raft } = inRole(from)
    const change = () => {
      if (to === 'follower') raft.becomeFollower(raft.term + Number(moves), 0)
      else if (to === 'preCandidate') raft.becomePreCandidate()
      else if (to === 'candidate') raft.becomeCandidate()
      else raft.becomeLeader()
    }
    if (moves === INVALID) {
      t.throws(change, { name: 'InvariantError' }, `${from} to ${to}`)
      continue
    }
    change()
    t.equal(raft.term, 1 + moves, `${from} to ${to}`)
    t.equal(raft.role, Role[to], `${from} to ${to}`)
    t.equal(raft.leader, to === 'leader' ? 1 : 0)
  }
})

t.test('E18 a node that is no voter can not be made leader', async t => {
  const learner = node({ voters: [2, 3], learners: [1] })
  learner.raft.becomeCandidate()
  t.throws(() => learner.raft.becomeLeader(), { name: 'InvariantError' })
})

t.test(
  'E19 a vote or an append of a higher term steps any role down, and only the append names a leader',
  async t => {
    for (const role of ROLES) {
      for (const type of ['vote', 'append', 'heartbeat', 'voteResponse', 'appendResponse'] as const) {
        const member = inRole(role)
        const lastIndex = member.raft.log.lastIndex
        member.answer(
          message(type, { from: 2, to: 1, term: 3, index: 0, logTerm: 0, reject: type === 'voteResponse' })
        )
        const row = `${role}, ${type}`
        t.equal(member.raft.role, Role.follower, row)
        t.equal(member.raft.term, 3, row)
        t.equal(member.raft.leader, type === 'append' || type === 'heartbeat' ? 2 : 0, row)
        t.equal(member.raft.log.lastIndex, lastIndex, row)
      }
    }
  }
)

function stateOf({ raft }: TestNode): unknown {
  const { role, term, vote, leader, electionElapsed, log } = raft
  return { role, term, vote, leader, electionElapsed, last: log.lastIndex, committed: log.committed }
}
