import t from 'tap'
import { ProgressState } from '../../../src/consensus/core/progress.js'
import { Role, type Term } from '../../../src/consensus/core/types.js'
import { ack, describeAppend, heartbeatAnswer, only, progressOf, replicating } from './peers.js'
import { entry, message, type NodeOptions, network, node, typesOf } from './support/harness.js'

t.test('R10 the logs of figure 7 of the Raft paper all become the leader’s', async t => {
  const own: Term[] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
  const followers: Record<string, Term[]> = {
    a: own.slice(0, 9),
    b: own.slice(0, 4),
    c: [...own, 6],
    d: [...own, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]
  }
  for (const [name, terms] of Object.entries(followers)) {
    const net = network([{ terms: own, term: 8, commit: own.length }, { terms, term: 7 }, 'silent'])
    net.campaign(1)
    // The longer logs deny their vote.
    if (net.at(1).raft.role !== Role.leader) {
      net.send(message('voteResponse', { from: 3, to: 1, term: 9 }))
    }
    net.propose(1, 'x')
    t.equal(net.at(1).raft.role, Role.leader, `follower ${name}`)
    t.same(net.at(2).terms(), [...own, 9, 9], `follower ${name}`)
    t.equal(net.at(2).raft.log.committed, 12, `follower ${name}`)
  }
})

t.test('R11 a refused append jumps over whole terms on both sides', async t => {
  const rows: {
    leader: Term[]
    follower: Term[]
    /** The follower forgot its log up to here. */
    compacted?: number
    hint: [index: number, term: Term]
    next: [index: number, term: Term]
  }[] = [
    {
      leader: [1, 2, 2, 4, 4, 4, 4],
      follower: [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3],
      hint: [7, 3],
      next: [3, 2]
    },
    {
      leader: [1, 2, 2, 3, 4, 4, 4, 5],
      follower: [1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3],
      hint: [8, 3],
      next: [4, 3]
    },
    { leader: [1, 1, 1, 1], follower: [1, 2, 2, 4], hint: [1, 1], next: [1, 1] },
    { leader: [1, 1, 1, 1, 1, 1], follower: [1, 2, 2, 4], hint: [1, 1], next: [1, 1] },
    { leader: [1, 1, 1, 1], follower: [1, 2, 2, 4, 4, 4], hint: [1, 1], next: [1, 1] },
    { leader: [1, 1, 1, 4, 5], follower: [1, 1, 1, 4, 6, 6], hint: [4, 4], next: [4, 4] },
    { leader: [2, 5, 5, 5, 5], follower: [2, 4, 4, 4], hint: [4, 4], next: [1, 2] },
    { leader: [1, 2], follower: [], hint: [0, 0], next: [0, 0] },
    { leader: [1, 1, 3], follower: [1, 1, 4, 4, 4], compacted: 4, hint: [3, 0], next: [2, 1] }
  ]
  for (const { leader: own, follower: terms, compacted, hint, next } of rows) {
    const leader = node({ terms: own, term: 6 }).becomeLeader()
    const follower = node({ id: 2, terms, term: 6 })
    if (compacted !== undefined) follower.disk.compact(compacted)
    const words = `leader ${own}, follower ${terms}`
    const [probe] = only(heartbeatAnswer(leader, 2), 'append', 2)
    const [refusal] = follower.answer(probe!)
    t.match(refusal, { reject: true, index: own.length, hint: hint[0], logTerm: hint[1] }, words)
    const [again] = only(leader.answer(refusal!), 'append', 2)
    t.match(again, { index: next[0], logTerm: next[1] }, words)
  }
})

t.test(
  'R12 proposals through changes of the leader are the same list everywhere, also on a learner',
  async t => {
    const rows: [name: string, act: (net: ReturnType<typeof network>) => void, data: string[]][] = [
      ['one leader', net => net.propose(1, 'a'), ['a']],
      [
        'another leader',
        net => {
          net.propose(1, 'a')
          net.campaign(2)
          net.propose(2, 'b')
        },
        ['a', 'b']
      ],
      [
        'there and back, with one that was away',
        net => {
          net.isolate(3)
          net.propose(1, 'a')
          net.campaign(2)
          net.propose(2, 'b')
          net.recover()
          net.campaign(1)
          net.propose(1, 'c')
        },
        ['a', 'b', 'c']
      ]
    ]
    const shapes: NodeOptions[] = [{}, { voters: [1, 2, 3], learners: [4] }]
    for (const shape of shapes) {
      for (const [name, act, data] of rows) {
        const net = network(shape.learners === undefined ? [{}, {}, {}] : [{}, {}, {}, {}], shape)
        net.campaign(1)
        act(net)
        const lists = [...net.nodes.values()].map(member => member.appliedData())
        t.same(
          lists,
          [...net.nodes].map(() => data),
          name
        )
        t.same(new Set([...net.nodes.values()].map(({ raft }) => raft.log.committed)).size, 1, name)
      }
    }
  }
)

t.test('R13 a proposal commits where a majority is there, and hurts nobody where it is not', async t => {
  const rows: [members: ('silent' | undefined)[], isCommitted: boolean][] = [
    [[undefined], true],
    [[undefined, undefined, undefined], true],
    [[undefined, undefined, 'silent'], true],
    [[undefined, 'silent', 'silent'], false],
    [[undefined, undefined, 'silent', 'silent'], false],
    [[undefined, undefined, undefined, 'silent', 'silent'], true]
  ]
  for (const [members, isCommitted] of rows) {
    const net = network(members)
    net.campaign(1)
    const words = members.map(each => each ?? 'up').join(' ')
    t.equal(net.at(1).propose('a'), isCommitted ? undefined : 'dropped', words)
    net.pump()
    for (const { raft } of net.nodes.values()) t.equal(raft.log.committed, isCommitted ? 2 : 0, words)
  }
  for (const third of [undefined, 'silent'] as const) {
    const net = network([{}, {}, third])
    net.campaign(1)
    net.propose(2, 'by proxy')
    for (const member of net.nodes.values()) t.same(member.appliedData(), ['by proxy'])
  }
})

t.test(
  'R15 an append that comes too early is refused, and the late refusal moves nothing below the match',
  async t => {
    const leader = replicating(node().becomeLeader(), 2, 3)
    const follower = node({ id: 2, terms: [1] }).becomeFollower(1, 1)
    leader.propose('first')
    const [first] = only(leader.take(), 'append', 2)
    leader.propose('second')
    const [second] = only(leader.take(), 'append', 2)
    const [refusal] = follower.answer(second!)
    t.match(refusal, { reject: true, index: 2 })
    const [resent] = only(leader.answer(refusal!), 'append', 2)
    t.equal(describeAppend(resent!), '1@1 [2@1 3@1]', 'from the match on')
    t.equal(progressOf(leader, 2).state, ProgressState.probe)
    t.same(leader.answer(refusal!), [], 'the same refusal once more')
    t.equal(progressOf(leader, 2).next, 2)
    const [acknowledgement] = follower.answer(first!)
    leader.answer(acknowledgement!)
    t.same(leader.answer(refusal!), [], 'and after the first one was acknowledged')
    t.ok(progressOf(leader, 2).match === 2 && progressOf(leader, 2).next > 2)
    for (const each of follower.answer(resent!)) leader.answer(each)
    t.equal(progressOf(leader, 2).match, 3)
    t.equal(leader.raft.log.committed, 3)
  }
)

t.test('R17 the own acknowledgement of an earlier term counts for nothing', async t => {
  const leader = replicating(node().becomeLeader(), 2, 3)
  leader.holdWrites = true
  leader.propose('overruled')
  leader.take()
  // Another leader has replaced the entry before the write was finished.
  leader.step(message('append', { from: 2, term: 2, index: 1, logTerm: 1, entries: [entry(2, 2)] }))
  leader.take()
  leader.finishWrites(1)
  t.equal(leader.raft.log.committed, 1)
  t.equal(leader.raft.log.unstable.offset, 2, 'nor is what stands there now taken for stored')
  // It leads again, and nothing of this term is on its disk.
  leader.raft.becomeCandidate()
  leader.raft.becomeLeader()
  const late = message('appendResponse', { from: 1, term: 1, index: 3 })
  leader.raft.step(late)
  t.equal(progressOf(leader, 1).match, 2)
  t.equal(leader.raft.term, 3)
})

t.test(
  'R16 a peer that lags is sent an append with each heartbeat answer, until it has acknowledged',
  async t => {
    const leader = node({ terms: [1, 1, 1], commit: 3 }).becomeLeader()
    t.same(typesOf(heartbeatAnswer(leader, 2)), ['append'])
    const [again] = heartbeatAnswer(leader, 2)
    t.equal(describeAppend(again!), '3@1 [4@2]', 'the same entries: the first one may be lost')
    ack(leader, 2, 4)
    t.same(heartbeatAnswer(leader, 2), [])
    const rows: [commit: number, committed: number][] = [
      [3, 3],
      [1, 2]
    ]
    for (const [commit, committed] of rows) {
      const follower = node({ terms: [1, 2, 3], commit: 2, id: 2 }).becomeFollower(3, 1)
      const [answer] = follower.answer(message('heartbeat', { from: 1, term: 3, commit }))
      t.equal(follower.raft.log.committed, committed, 'never lower than it was')
      t.match(typesOf([answer!]), ['heartbeatResponse'])
    }
  }
)
