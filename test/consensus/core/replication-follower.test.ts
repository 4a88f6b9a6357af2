import t from 'tap'
import { isLocal, isResponse, Message, MessageType } from '../../../src/consensus/core/message.js'
import { APPEND_THREAD, type Entry, type Term } from '../../../src/consensus/core/types.js'
import { describeAppend } from './peers.js'
import { entries, entry, message, nameOf, network, node, proposal, typesOf } from './support/harness.js'

interface AppendRow {
  prev: [index: number, term: Term]
  commit: number
  new?: [from: number, ...terms: Term[]]
}

function appendOf({ prev, commit, new: added }: AppendRow, term: Term): Message {
  const list: Entry[] = added === undefined ? [] : entries(added[0], ...added.slice(1))
  return message('append', { from: 2, term, index: prev[0], logTerm: prev[1], commit, entries: list })
}

t.test(
  'R07 a follower commits no more than the last new entry, never less than before, and never over a conflict',
  async t => {
    const short: (AppendRow & { last: number; committed: number; isRefused?: true })[] = [
      { prev: [2, 3], commit: 3, last: 2, committed: 0, isRefused: true },
      { prev: [3, 3], commit: 3, last: 2, committed: 0, isRefused: true },
      { prev: [1, 1], commit: 1, last: 2, committed: 1 },
      { prev: [0, 0], commit: 1, new: [1, 2], last: 1, committed: 1 },
      { prev: [2, 2], commit: 3, new: [3, 2, 2], last: 4, committed: 3 },
      { prev: [2, 2], commit: 4, new: [3, 2], last: 3, committed: 3 },
      { prev: [1, 1], commit: 4, new: [2, 2], last: 2, committed: 2 },
      { prev: [1, 1], commit: 3, last: 2, committed: 1 },
      { prev: [1, 1], commit: 3, new: [2, 2], last: 2, committed: 2 },
      { prev: [2, 2], commit: 3, last: 2, committed: 2 },
      { prev: [2, 2], commit: 4, last: 2, committed: 2 }
    ]
    for (const row of short) {
      const follower = node({ terms: [1, 2] }).becomeFollower(2, 2)
      const [answer] = follower.answer(appendOf(row, 2))
      t.equal(follower.raft.log.lastIndex, row.last, JSON.stringify(row))
      t.equal(follower.raft.log.committed, row.committed, JSON.stringify(row))
      t.equal(answer!.reject, row.isRefused ?? false, JSON.stringify(row))
    }
    const long: (AppendRow & { found: number | undefined; committed: number })[] = [
      { prev: [3, 2], commit: 3, new: [4, 4], found: undefined, committed: 1 },
      { prev: [4, 3], commit: 3, new: [5, 4], found: undefined, committed: 1 },
      { prev: [3, 3], commit: 3, found: 3, committed: 3 },
      { prev: [3, 3], commit: 4, found: 3, committed: 3 },
      { prev: [3, 3], commit: 2, found: 3, committed: 2 },
      { prev: [3, 3], commit: 0, found: 3, committed: 1 },
      { prev: [0, 0], commit: 3, found: 0, committed: 1 },
      { prev: [3, 3], commit: 3, new: [4, 4], found: 4, committed: 3 },
      { prev: [3, 3], commit: 4, new: [4, 4], found: 4, committed: 4 },
      { prev: [3, 3], commit: 5, new: [4, 4], found: 4, committed: 4 },
      { prev: [3, 3], commit: 5, new: [4, 4, 4], found: 5, committed: 5 },
      { prev: [2, 2], commit: 3, new: [3, 4], found: 3, committed: 3 },
      { prev: [1, 1], commit: 3, new: [2, 4], found: 2, committed: 2 },
      { prev: [1, 1], commit: 3, new: [2, 4, 4], found: 3, committed: 3 }
    ]
    for (const { prev, commit, new: added, found, committed } of long) {
      const { log } = node({ terms: [1, 2, 3], commit: 1 }).raft
      const list = added === undefined ? [] : entries(added[0], ...added.slice(1))
      const words = `prev ${prev}, commit ${commit}, new ${added}`
      t.equal(log.maybeAppend({ index: prev[0], term: prev[1] }, list, commit), found, words)
      t.equal(log.committed, committed, words)
      if (found === undefined) continue
      const stored = log.slice(found - list.length + 1, found + 1, Number.MAX_SAFE_INTEGER)
      if (list.length > 0) t.same(stored, list, words)
    }
    const { log } = node({ terms: [1, 2, 3], commit: 1 }).raft
    t.throws(() => log.maybeAppend({ index: 0, term: 0 }, entries(1, 4), 3), {
      name: 'InvariantError',
      message: /entry 1 conflict with committed entry/
    })
    t.same([log.lastIndex, log.lastTerm], [3, 3], 'and nothing was truncated')
    const rows: [added: string[], commit: number][] = [
      [['a'], 1],
      [['a', 'b'], 2],
      [['b', 'a'], 2],
      [['a', 'b'], 1]
    ]
    for (const [added, commit] of rows) {
      const follower = node().becomeFollower(1, 2)
      const list = added.map((data, i) => entry(i + 1, 1, data))
      follower.answer(message('append', { from: 2, term: 1, commit, entries: list }))
      t.equal(follower.raft.log.committed, commit)
      t.same(follower.appliedData(), added.slice(0, commit))
    }
  }
)

t.test(
  'R08 below the commit a follower answers with its commit; where nothing matches it says where to look',
  async t => {
    const rows: [prev: [index: number, term: Term], answer: Partial<Message>][] = [
      [[0, 0], { reject: false, index: 1 }],
      [[1, 1], { reject: false, index: 1 }],
      [[2, 2], { reject: false, index: 2 }],
      [[2, 1], { reject: true, index: 2, hint: 1, logTerm: 1 }],
      [[3, 3], { reject: true, index: 3, hint: 2, logTerm: 2 }]
    ]
    for (const [[index, logTerm], wanted] of rows) {
      const follower = node({ terms: [1, 2], commit: 1 }).becomeFollower(2, 2)
      const [answer] = follower.answer(message('append', { from: 2, term: 2, index, logTerm }))
      t.match(answer, { term: 2, to: 2, ...wanted }, `prev ${index}@${logTerm}`)
    }
    // A prefix that is decided is not even looked at: the leader's entries may be gone here.
    const far = node({ terms: [1, 1, 1, 1], commit: 4, applied: 3 }).becomeFollower(1, 2)
    far.disk.compact(3)
    const [answer] = far.answer(
      message('append', { from: 2, term: 1, index: 1, logTerm: 1, entries: entries(2, 1, 1) })
    )
    t.match(answer, { reject: false, index: 4 })
  }
)

t.test(
  'R09 conflicts truncate, what matches is kept, and what is there already truncates nothing',
  async t => {
    const rows: [prev: [number, Term], added: Entry[], terms: Term[], unstable: Entry[]][] = [
      [[2, 2], entries(3, 3), [1, 2, 3], entries(3, 3)],
      [[1, 1], entries(2, 3, 4), [1, 3, 4], entries(2, 3, 4)],
      [[0, 0], entries(1, 1), [1, 2], []],
      [[0, 0], entries(1, 3), [3], entries(1, 3)]
    ]
    for (const [[index, logTerm], added, terms, unstable] of rows) {
      const follower = node({ terms: [1, 2] }).becomeFollower(4, 2)
      follower.holdWrites = true
      follower.answer(message('append', { from: 2, term: 4, index, logTerm, entries: added }))
      const words = describeAppend(message('append', { index, logTerm, entries: added }))
      t.same(follower.terms(), terms, words)
      t.same(follower.raft.log.unstable.entries, unstable, words)
      follower.finishWrites()
      t.same(
        follower.disk.all().map(({ term }) => term),
        terms,
        words
      )
    }
    // A delayed copy of an older, shorter append.
    const ahead = node({ terms: [1, 1, 1] }).becomeFollower(1, 2)
    const [answer] = ahead.answer(
      message('append', { from: 2, term: 1, index: 0, entries: entries(1, 1, 1) })
    )
    t.same(ahead.terms(), [1, 1, 1])
    t.match(answer, { reject: false, index: 2 })
  }
)

t.test('R14 an append of a leader of the past is ignored', async t => {
  const net = network([{}, {}, {}])
  net.campaign(1)
  net.campaign(2)
  net.campaign(1)
  net.send(message('append', { from: 2, to: 1, term: 2, index: 2, logTerm: 2, entries: entries(3, 2) }))
  net.propose(1, 'some data')
  for (const member of net.nodes.values()) {
    t.same(member.terms(), [1, 2, 3, 3])
    t.equal(member.raft.log.committed, 4)
  }
})

t.test(
  'R18 a proposal that goes nowhere is refused at once, and forwarded only where that is on',
  async t => {
    const following = () => node({ proposalForwarding: false }).becomeFollower(1, 2)
    t.equal(following().propose('a'), 'dropped', 'forwarding is off')
    t.equal(following().step(proposal(3, 'a')), 'dropped')
    t.equal(node({ proposalForwarding: false }).becomeFollower(1).propose('a'), 'dropped', 'no leader')
    t.equal(node().becomeFollower(1).propose('a'), 'dropped', 'no leader')
    t.equal(node().becomeCandidate().propose('a'), 'dropped')
    t.equal(node().becomePreCandidate().propose('a'), 'dropped')
    const refusing = following()
    refusing.propose('a')
    t.same(refusing.take(), [])
    t.equal(refusing.raft.log.lastIndex, 0)
    const forwarding = node().becomeFollower(1, 2)
    t.equal(forwarding.propose('a'), undefined)
    const sent = forwarding.take()
    t.same(typesOf(sent), ['propose'])
    t.match(sent[0], { to: 2, term: 0 })
    t.same(sent[0]!.entries[0]!.data.toString(), 'a')
  }
)

t.test('R19 local messages and answers of strangers are refused when they come from the network', async t => {
  const types = Object.values(MessageType)
  for (const role of ['follower', 'candidate', 'leader']) {
    for (const type of types) {
      const member = node({ terms: [1] })
      if (role === 'candidate') member.becomeCandidate()
      if (role === 'leader') member.becomeLeader()
      const before = JSON.stringify([member.raw.hardState, member.raw.softState, member.terms()])
      const isRefusal = isLocal(type) || isResponse(type)
      if (!isRefusal) continue
      const stranger = Object.assign(new Message(type), { from: 7, term: member.raft.term + 5, index: 9 })
      const words = `${nameOf(type)} at a ${role}`
      t.equal(member.raw.step(stranger), isLocal(type) ? 'localMessage' : 'unknownPeer', words)
      t.equal(JSON.stringify([member.raw.hardState, member.raw.softState, member.terms()]), before, words)
      t.equal(member.raw.hasReady(), false, words)
    }
  }
  t.same(types.filter(isLocal).map(nameOf), [
    'hup',
    'beat',
    'unreachable',
    'snapshotStatus',
    'checkQuorum',
    'storageAppend',
    'storageAppendResponse',
    'storageApply',
    'storageApplyResponse',
    'forgetLeader'
  ])
  const member = node()
  t.equal(
    member.raw.step(Object.assign(new Message(MessageType.storageAppendResponse), { from: APPEND_THREAD })),
    undefined
  )
  t.equal(member.raw.step(message('heartbeatResponse', { from: 2 })), undefined, 'a member is heard')
})
