import t from 'tap'
import { EntryKind, Role } from '../../../src/consensus/core/types.js'
import { entry, message, nameOf, node } from './support/harness.js'

const WITH_COMMIT = { commitInVotes: true }
const NOTHING = Buffer.alloc(0)
/** Entries 1 to 3; the third changes the configuration. */
const STORED = [entry(1, 1), entry(2, 1), entry(3, 1, NOTHING, EntryKind.confChange)]

for (const type of ['vote', 'preVote'] as const) {
  t.test(`a ${type} tells what its sender knows to be committed`, async t => {
    for (const commitInVotes of [true, false]) {
      const member = node({ commitInVotes, preVote: type === 'preVote', terms: [1, 2, 2], commit: 2 })
      member.raw.campaign()
      for (const sent of member.take()) {
        t.equal(nameOf(sent.type), type)
        t.same([sent.voteCommit, sent.voteCommitTerm], commitInVotes ? [2, 2] : [0, 0])
      }
    }
  })

  t.test(`the denial of a ${type} tells what its sender knows to be committed, consent does not`, async t => {
    const member = node({ ...WITH_COMMIT, terms: [1, 2, 2], commit: 2 })
    const [denial] = member.answer(message(type, { from: 2, to: 1, term: 3, index: 2, logTerm: 2 }))
    t.same([denial!.reject, denial!.voteCommit, denial!.voteCommitTerm], [true, 2, 2])
    const [consent] = member.answer(message(type, { from: 2, to: 1, term: 4, index: 3, logTerm: 2 }))
    t.same([consent!.reject, consent!.voteCommit], [false, 0])
  })
}

t.test('the denial of a pre-vote of a lower term tells it, too', async t => {
  const member = node({ ...WITH_COMMIT, terms: [1, 2], term: 5, commit: 1 })
  const [denial] = member.answer(message('preVote', { from: 2, to: 1, term: 3 }))
  t.same([denial!.reject, denial!.voteCommit, denial!.voteCommitTerm], [true, 1, 1])
})

const CLAIMS: [name: string, index: number, term: number, committed: number][] = [
  ['an entry that is there', 3, 2, 3],
  ['an entry that is there with another term', 3, 3, 1],
  ['an entry that is not there', 4, 2, 1],
  ['an entry that is known to be committed', 1, 1, 1],
  ['nothing', 0, 0, 1]
]

t.test(
  'a claim is believed for an entry that is in the own log with this term, and for no other',
  async t => {
    for (const [name, voteCommit, voteCommitTerm, committed] of CLAIMS) {
      const claim = { from: 2, to: 1, term: 4, voteCommit, voteCommitTerm }
      const asked = node({ ...WITH_COMMIT, terms: [1, 2, 2], commit: 1 })
      asked.answer(message('vote', claim))
      t.equal(asked.raft.log.committed, committed, `a vote claims ${name}`)
      const denied = node({ ...WITH_COMMIT, terms: [1, 2, 2], term: 3, commit: 1 }).becomeCandidate()
      denied.answer(message('voteResponse', { ...claim, reject: true }))
      t.equal(denied.raft.log.committed, committed, `a denial claims ${name}`)
    }
  }
)

t.test('a leader takes its commit index from nobody', async t => {
  const leader = node(WITH_COMMIT).becomeLeader()
  leader.answer(message('vote', { from: 2, to: 1, term: 1, voteCommit: 1, voteCommitTerm: 1 }))
  t.equal(leader.raft.log.committed, 0)
})

for (const preVote of [true, false]) {
  t.test(`who learns of a committed change by a denial stops campaigning (preVote ${preVote})`, async t => {
    const member = node({ ...WITH_COMMIT, preVote, stored: STORED, commit: 2, voters: [1, 2, 3, 4, 5] })
    member.holdApplies = true
    member.raw.campaign()
    member.take()
    const { role, term } = member.raft
    const answers = preVote ? ('preVoteResponse' as const) : ('voteResponse' as const)
    const answer = { to: 1, term: preVote ? term + 1 : term }
    member.answer(message(answers, { ...answer, from: 2 }))
    t.equal(member.raft.role, role)
    const denial = { ...answer, term, reject: true, voteCommit: 3, voteCommitTerm: 1 }
    member.answer(message(answers, { ...denial, from: 3 }))
    t.equal(member.raft.log.committed, 3)
    t.equal(member.raft.role, Role.follower)
    member.answer(message(answers, { ...answer, from: 4 }))
    t.equal(member.raft.role, Role.follower, 'and whoever consents is late')
    t.equal(member.raft.tracker.tallyVotes().granted, 0)
  })
}

t.test('a claim from a lower term is believed too', async t => {
  for (const type of ['preVoteResponse', 'voteResponse', 'preVote', 'vote'] as const) {
    const ahead = node({ ...WITH_COMMIT, terms: [1, 2, 2], term: 5, commit: 1 })
    ahead.raw.campaign()
    ahead.take()
    ahead.answer(
      message(type, {
        from: 2,
        to: 1,
        term: 4,
        reject: type.endsWith('Response'),
        voteCommit: 3,
        voteCommitTerm: 2
      })
    )
    t.equal(ahead.raft.log.committed, 3, type)
  }
})

t.test('who learns of a committed entry that is no change campaigns on', async t => {
  const member = node({ ...WITH_COMMIT, terms: [1, 1], commit: 1 }).becomeCandidate()
  const denial = { from: 2, to: 1, term: 2, reject: true, voteCommit: 2, voteCommitTerm: 1 }
  member.answer(message('voteResponse', denial))
  t.equal(member.raft.log.committed, 2)
  t.equal(member.raft.role, Role.candidate)
})
