import t from 'tap'
import { maybeCommit } from '../../../src/consensus/core/replication.js'
import { Role, type Term } from '../../../src/consensus/core/types.js'
import { ack, only, progressOf, replicating } from './peers.js'
import { confState, entry, message, network, node, snapshotMeta } from './support/harness.js'

t.test(
  'R01 heartbeats carry min(match, commit), no position and no entries, and only leaders send them',
  async t => {
    const leader = node({ snapshot: snapshotMeta(1000, 1, confState([1, 2, 3])) }).becomeLeader()
    for (let i = 0; i < 10; i++) leader.propose('x')
    leader.settle()
    ack(leader, 2, 1005)
    ack(leader, 3, 1011)
    leader.stepLocal(message('beat', { from: 1 }))
    t.same(
      leader.take().map(({ to, type, index, logTerm, commit, entries }) => ({
        to,
        type,
        index,
        logTerm,
        commit,
        entries
      })),
      [2, 3].map(to => ({
        to,
        type: message('heartbeat').type,
        index: 0,
        logTerm: 0,
        commit: to === 2 ? 1005 : 1011,
        entries: []
      }))
    )
    for (const silent of [
      node().becomeFollower(1, 2),
      node().becomeCandidate(),
      node().becomePreCandidate()
    ]) {
      silent.stepLocal(message('beat', { from: 1 }))
      t.same(silent.take(), [])
    }
  }
)

t.test(
  'R02 a proposal becomes the next entry, is sent to all at once, and is neither committed nor stable yet',
  async t => {
    const leader = replicating(node().becomeLeader(), 2, 3)
    leader.holdWrites = true
    leader.propose('some data')
    const appends = leader.take()
    t.equal(leader.raft.log.lastIndex, 2)
    t.equal(leader.raft.log.committed, 1)
    t.same(
      appends.map(({ to, index, logTerm, commit }) => [to, index, logTerm, commit]),
      [
        [2, 1, 1, 1],
        [3, 1, 1, 1]
      ]
    )
    for (const { entries } of appends) t.same(entries, [entry(2, 1, 'some data')])
    t.same(leader.raft.log.unstable.entries, [entry(2, 1, 'some data')])
  }
)

t.test('R03 an entry is committed once a majority has it, and the next appends say so', async t => {
  const rows: [size: number, acknowledging: number[], isCommitted: boolean][] = [
    [1, [], true],
    [3, [], false],
    [3, [2], true],
    [3, [2, 3], true],
    [5, [], false],
    [5, [2], false],
    [5, [2, 3], true],
    [5, [2, 3, 4], true],
    [5, [2, 3, 4, 5], true]
  ]
  for (const [size, acknowledging, isCommitted] of rows) {
    const others = Array.from({ length: size - 1 }, (_, i) => i + 2)
    const leader = replicating(node({ voters: [1, ...others] }).becomeLeader(), ...others)
    leader.propose('some data')
    leader.settle()
    const told = acknowledging.flatMap(id => ack(leader, id, 2))
    const words = `${size} voters, acknowledged by ${acknowledging}`
    t.equal(leader.raft.log.committed, isCommitted ? 2 : 1, words)
    t.same(leader.appliedData(), isCommitted ? ['some data'] : [], words)
    if (!isCommitted || size === 1) continue
    t.same(
      others.map(id => only(told, 'append', id).map(({ commit }) => commit)),
      others.map(() => [2]),
      `${words}: told once`
    )
  }
})

t.test('R04 committing an entry of the own term commits everything before it', async t => {
  for (const terms of [[], [2], [1, 2], [1]] as Term[][]) {
    const leader = node({ terms, term: 2 }).becomeLeader()
    leader.propose('some data')
    leader.settle()
    ack(leader, 2, leader.raft.log.lastIndex)
    t.equal(leader.raft.log.committed, terms.length + 2)
    t.same(
      leader.applied.map(({ index, term }) => [index, term]),
      [...terms, 3, 3].map((term, i) => [i + 1, term])
    )
  }
})

t.test('R05 counting copies commits only entries of the own term', async t => {
  for (const [index, committed] of [
    [1, 0],
    [2, 0],
    [3, 3]
  ] as const) {
    const leader = node({ terms: [1, 2] }).becomeLeader()
    ack(leader, 2, index)
    t.equal(leader.raft.log.committed, committed, `acknowledged up to ${index}`)
  }
  const rows: [matches: number[], terms: Term[], term: Term, committed: number][] = [
    [[1], [1], 1, 1],
    [[1], [1], 2, 0],
    [[2], [1, 2], 2, 2],
    [[1], [2], 2, 1],
    [[2, 1, 1], [1, 2], 1, 1],
    [[2, 1, 1], [1, 1], 2, 0],
    [[2, 1, 2], [1, 2], 2, 2],
    [[2, 1, 2], [1, 1], 2, 0],
    [[2, 1, 1, 1], [1, 2], 1, 1],
    [[2, 1, 1, 1], [1, 1], 2, 0],
    [[2, 1, 1, 2], [1, 2], 1, 1],
    [[2, 1, 1, 2], [1, 1], 2, 0],
    [[2, 1, 2, 2], [1, 2], 2, 2],
    [[2, 1, 2, 2], [1, 1], 2, 0]
  ]
  for (const [matches, terms, term, committed] of rows) {
    const counting = node({ voters: matches.map((_, i) => i + 1), terms, term })
    matches.forEach((match, i) => {
      progressOf(counting, i + 1).match = match
    })
    maybeCommit(counting.raft)
    t.equal(counting.raft.log.committed, committed, `matches ${matches}, terms ${terms}, own term ${term}`)
  }
})

t.test(
  'R06 a new leader commits nothing of others until its own empty entry is there, and with it everything',
  async t => {
    const cluster = () => {
      const net = network([{}, {}, {}, {}, {}])
      net.campaign(1)
      for (const id of [3, 4, 5]) net.cut(1, id)
      net.propose(1, 'a')
      net.propose(1, 'b')
      t.equal(net.at(1).raft.log.committed, 1)
      net.recover()
      return net
    }
    const silenced = cluster()
    silenced.ignore('append')
    silenced.campaign(2)
    t.equal(silenced.at(2).raft.role, Role.leader)
    t.equal(silenced.at(2).raft.log.committed, 1)
    silenced.recover()
    silenced.beat(2)
    silenced.propose(2, 'c')
    t.equal(silenced.at(2).raft.log.committed, 5)
    const open = cluster()
    open.campaign(2)
    t.equal(open.at(1).raft.log.committed, 4)
  }
)
