import t from 'tap'
import { Role, type Term } from '../../../src/consensus/core/types.js'
import { message, nameOf, node, type TestNode } from './support/harness.js'

type RoleName = keyof typeof Role

/** Asked at the node's own term; its log ends at index 2 of term 2. */
const VOTES: [role: RoleName, index: number, logTerm: Term, vote: number, reject: boolean][] = [
  ['follower', 0, 0, 0, true],
  ['follower', 0, 1, 0, true],
  ['follower', 0, 2, 0, true],
  ['follower', 0, 3, 0, false],
  ['follower', 1, 0, 0, true],
  ['follower', 1, 1, 0, true],
  ['follower', 1, 2, 0, true],
  ['follower', 1, 3, 0, false],
  ['follower', 2, 0, 0, true],
  ['follower', 2, 1, 0, true],
  ['follower', 2, 2, 0, false],
  ['follower', 2, 3, 0, false],
  ['follower', 3, 0, 0, true],
  ['follower', 3, 1, 0, true],
  ['follower', 3, 2, 0, false],
  ['follower', 3, 3, 0, false],
  ['follower', 3, 2, 2, false],
  ['follower', 3, 2, 1, true],
  ['leader', 3, 3, 1, true],
  ['preCandidate', 3, 3, 1, true],
  ['candidate', 3, 3, 1, true]
]

for (const type of ['vote', 'preVote'] as const) {
  t.test(`E12 a ${type} needs an up-to-date log and a free vote`, async t => {
    for (const [role, index, logTerm, vote, reject] of VOTES) {
      const term = Math.max(2, logTerm)
      const member = node({ terms: [2, 2], term, vote })
      member.raft.role = Role[role]
      const [answer] = member.answer(message(type, { from: 2, to: 1, term, index, logTerm }))
      const row = `${role} that voted for ${vote}, (${index}, ${logTerm})`
      t.equal(nameOf(answer!.type), `${type}Response`, row)
      t.equal(answer!.reject, reject, row)
      t.equal(answer!.term, term, row)
    }
  })

  t.test(`E12 a follower that knows a leader in this term denies a ${type} in it`, async t => {
    for (const leader of [0, 3]) {
      const member = node({ terms: [2, 2], term: 2 }).becomeFollower(2, leader)
      const [answer] = member.answer(message(type, { from: 2, to: 1, term: 2, index: 5, logTerm: 2 }))
      t.equal(answer!.reject, leader !== 0, `leader ${leader}`)
      t.equal(member.raft.vote, leader === 0 && type === 'vote' ? 2 : 0)
    }
  })
}

t.test('E12 a vote that is taken is free for the pre-vote of a later term', async t => {
  for (const leader of [0, 3]) {
    const member = node({ terms: [2, 2], term: 2, vote: 3 }).becomeFollower(2, leader)
    const [answer] = member.answer(message('preVote', { from: 2, to: 1, term: 3, index: 2, logTerm: 2 }))
    t.equal(answer!.reject, false)
    t.equal(answer!.term, 3, 'the consent speaks of the term that the candidate would have')
    t.equal(member.raft.term, 2)
    t.equal(member.raft.vote, 3)
    const [denial] = member.answer(message('preVote', { from: 2, to: 1, term: 3, index: 1, logTerm: 2 }))
    t.equal(denial!.reject, true)
    t.equal(denial!.term, 2, 'the denial speaks of the own term')
  }
})

t.test('E12 a leader and a candidate deny in their own term, whatever was stored', async t => {
  const leader = node().becomeLeader()
  const candidate = node().becomeCandidate()
  for (const member of [leader, candidate]) {
    const [answer] = member.answer(message('vote', { from: 2, to: 1, term: 1, index: 9, logTerm: 9 }))
    t.equal(answer!.reject, true)
    t.equal(member.raft.vote, 1)
  }
})

t.test('E12 a vote leaves only after it is on disk', async t => {
  const member = node()
  member.holdWrites = true
  t.same(member.answer(message('vote', { from: 2, to: 1, term: 1 })), [])
  t.equal(member.disk.hardState.vote, 0)
  member.finishWrites()
  t.same(member.disk.hardState, { term: 1, vote: 2, commit: 0 })
  const [answer] = member.take()
  t.equal(answer!.reject, false)
})

t.test('E12 in production nobody is asked for a vote before the own term and vote are on disk', async t => {
  for (const votesAfterAppend of [true, false]) {
    const member = node({ votesAfterAppend })
    member.holdWrites = true
    member.raw.campaign()
    t.equal(member.take().length, votesAfterAppend ? 0 : 2)
    member.finishWrites()
    t.same(member.disk.hardState, { term: 1, vote: 1, commit: 0 })
    t.equal(member.take().length, votesAfterAppend ? 2 : 0)
  }
  const asking = node({ votesAfterAppend: true, preVote: true })
  asking.holdWrites = true
  asking.raw.campaign()
  t.equal(asking.take().length, 2, 'a pre-vote promises nothing')
})

const COMPARED: [own: Term[], logTerm: Term, index: number, reject: boolean][] = [
  [[1], 1, 1, false],
  [[1], 1, 2, false],
  [[1, 1], 1, 1, true],
  [[1], 2, 1, false],
  [[1], 2, 2, false],
  [[1, 1], 2, 1, false],
  [[2], 1, 1, true],
  [[2], 1, 2, true],
  [[1, 2], 1, 1, true],
  [[1, 2], 1, 5, true]
]

t.test(
  'E13 a vote is denied exactly when the candidate log is behind: last term first, then last index',
  async t => {
    for (const [own, logTerm, index, reject] of COMPARED) {
      const member = node({ terms: own })
      const sent = member.answer(message('vote', { from: 2, to: 1, term: 3, logTerm, index }))
      const row = `own [${own}], candidate (${index}, ${logTerm})`
      t.equal(sent.length, 1, row)
      t.equal(nameOf(sent[0]!.type), 'voteResponse', row)
      t.equal(sent[0]!.reject, reject, row)
      t.equal(sent[0]!.term, 3, row)
    }
  }
)

function atTermOne(role: RoleName): TestNode {
  const member = node()
  if (role === 'follower') return member.becomeFollower(1, 3)
  if (role === 'preCandidate') return member.becomeFollower(1).becomePreCandidate()
  return role === 'candidate' ? member.becomeCandidate() : member.becomeLeader()
}

for (const role of Object.keys(Role) as RoleName[]) {
  t.test(`E17 a ${role} grants a vote of a higher term to a better log, and takes the term`, async t => {
    const member = atTermOne(role)
    const sent = member.answer(message('vote', { from: 2, to: 1, term: 2, logTerm: 2, index: 42 }))
    t.same(
      sent.map(({ type, reject, term, to }) => [nameOf(type), reject, term, to]),
      [['voteResponse', false, 2, 2]]
    )
    t.equal(member.raft.role, Role.follower)
    t.same({ ...member.disk.hardState, commit: 0 }, { term: 2, vote: 2, commit: 0 })
  })

  t.test(`E17 a ${role} consents to a pre-vote of a higher term without any change`, async t => {
    const member = atTermOne(role)
    member.raft.electionElapsed = 4
    const { term, vote, leader } = member.raft
    const sent = member.answer(message('preVote', { from: 2, to: 1, term: 2, logTerm: 2, index: 42 }))
    t.same(
      sent.map(({ type, reject, term, to }) => [nameOf(type), reject, term, to]),
      [['preVoteResponse', false, 2, 2]]
    )
    t.equal(member.raft.role, Role[role])
    t.same([member.raft.term, member.raft.vote, member.raft.leader], [term, vote, leader])
    t.equal(member.raft.electionElapsed, 4)
  })
}

for (const preVote of [false, true]) {
  t.test(
    `E21 an own vote that is stored after the election was lost does not count (preVote ${preVote})`,
    async t => {
      const member = node({ preVote, terms: [1] })
      member.holdWrites = true
      member.raw.campaign()
      member.take()
      t.equal(member.raft.role, preVote ? Role.preCandidate : Role.candidate)
      member.answer(message('heartbeat', { from: 2, to: 1, term: member.raft.term }))
      t.equal(member.raft.role, Role.follower)
      member.finishWrites()
      member.take()
      t.equal(member.raft.role, Role.follower)
      t.equal(member.raft.leader, 2)
      t.equal(member.raft.tracker.tallyVotes().granted, 0)
    }
  )
}

t.test('E22 a late vote for the own pre-candidacy does not count for the candidacy', async t => {
  const member = node({ preVote: true })
  member.holdWrites = true
  member.raw.campaign()
  member.take()
  for (const from of [2, 3]) member.answer(message('preVoteResponse', { from, to: 1, term: 1 }))
  t.equal(member.raft.role, Role.candidate, 'two others make the majority')
  t.equal(member.raft.tracker.tallyVotes().granted, 0)
  member.finishWrites(1)
  t.equal(member.raft.tracker.tallyVotes().granted, 0, 'the pre-vote arrives')
  member.answer(message('voteResponse', { from: 2, to: 1, term: 1 }))
  t.equal(member.raft.role, Role.candidate)
  member.finishWrites()
  t.equal(member.raft.role, Role.leader, 'the real own vote completes the majority')
})

t.test('E22 answers to a pre-vote do not count for the vote, nor the other way round', async t => {
  const candidate = node({ voters: [1, 2, 3] }).becomeCandidate()
  for (const from of [2, 3]) candidate.answer(message('preVoteResponse', { from, to: 1, term: 1 }))
  t.equal(candidate.raft.role, Role.candidate)
  const asking = node({ voters: [1, 2, 3], preVote: true, terms: [1] }).becomePreCandidate()
  for (const from of [2, 3]) asking.answer(message('voteResponse', { from, to: 1, term: 1 }))
  t.equal(asking.raft.role, Role.preCandidate)
})

t.test('E26 a pre-vote of a lower term gets an explicit denial with the higher term', async t => {
  const member = node({ terms: [1], term: 4, preVote: true, checkQuorum: true })
  const sent = member.answer(message('preVote', { from: 2, to: 1, term: 3, logTerm: 1, index: 9 }))
  t.same(
    sent.map(({ type, reject, term, to }) => [nameOf(type), reject, term, to]),
    [['preVoteResponse', true, 4, 2]]
  )
  t.equal(member.raft.term, 4)
  const asking = node({ terms: [1], term: 2, preVote: true }).becomePreCandidate()
  asking.answer(message('preVoteResponse', { from: 2, to: 1, term: 4, reject: true }))
  t.equal(asking.raft.role, Role.follower, 'who asked learns the higher term by it')
  t.equal(asking.raft.term, 4)
})

t.test('E26 a vote of a lower term is dropped', async t => {
  const member = node({ terms: [1], term: 4, preVote: true, checkQuorum: true })
  t.same(member.answer(message('vote', { from: 2, to: 1, term: 3, logTerm: 1, index: 9 })), [])
  t.equal(member.raft.term, 4)
})

t.test('E31 a learner votes by the rule of the log: it may have been promoted without knowing', async t => {
  const rows: [index: number, logTerm: Term, reject: boolean][] = [
    [2, 2, false],
    [1, 2, true]
  ]
  for (const [index, logTerm, reject] of rows) {
    const member = node({ id: 2, voters: [1], learners: [2], terms: [1, 2] })
    const [answer] = member.answer(message('vote', { from: 1, to: 2, term: 3, index, logTerm }))
    t.equal(nameOf(answer!.type), 'voteResponse')
    t.equal(answer!.reject, reject)
  }
})
