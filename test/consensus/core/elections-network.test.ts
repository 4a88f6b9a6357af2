import t from 'tap'
import { Role, type Term } from '../../../src/consensus/core/types.js'
import { type Member, message, type Network, network } from './support/harness.js'

type RoleName = keyof typeof Role

function roleOf(net: Network, id: number): string {
  return Object.entries(Role).find(([, role]) => role === net.at(id).raft.role)![0]
}

function rolesAndTerms(net: Network): [string, Term][] {
  return [...net.nodes.keys()].map(id => [roleOf(net, id), net.at(id).raft.term])
}

const up: Member = {}
const down: Member = 'silent'
/** Equal terms, so that whoever has more denies instead of being unheard. */
const withLog = (...terms: Term[]): Member => ({ terms })

const REACHABLE: [name: string, members: Member[], plain: [RoleName, Term], preVote: [RoleName, Term]][] = [
  ['3 of 3', [up, up, up], ['leader', 1], ['leader', 1]],
  ['2 of 3', [up, up, down], ['leader', 1], ['leader', 1]],
  ['1 of 3', [up, down, down], ['candidate', 1], ['preCandidate', 0]],
  ['2 of 4', [up, down, down, up], ['candidate', 1], ['preCandidate', 0]],
  ['3 of 5', [up, down, down, up, up], ['leader', 1], ['leader', 1]],
  ['the shortest log of 5', [up, withLog(1), withLog(1), withLog(1, 1), up], ['follower', 1], ['follower', 1]]
]

for (const preVote of [false, true]) {
  const suffix = preVote ? ', with pre-vote' : ''

  t.test(`E14 who reaches a majority with a log as good as theirs leads${suffix}`, async t => {
    for (const [name, members, plain, asked] of REACHABLE) {
      const net = network(members, { preVote })
      net.campaign(1)
      t.same([roleOf(net, 1), net.at(1).raft.term], preVote ? asked : plain, name)
    }
  })

  t.test(`E15 each node becomes leader when it campaigns, and the others follow${suffix}`, async t => {
    const net = network([up, up, up], { preVote })
    for (const id of [1, 2, 3, 1]) {
      net.campaign(id)
      for (const other of [1, 2, 3]) {
        t.equal(roleOf(net, other), other === id ? 'leader' : 'follower')
        t.equal(net.at(other).raft.leader, id)
      }
    }
    t.equal(net.at(1).raft.term, 4)
  })

  t.test(`E16 a leader overwrites an uncommitted entry that is newer than its own${suffix}`, async t => {
    const net = network([withLog(1), withLog(1), withLog(2), { term: 2, vote: 3 }, { term: 2, vote: 3 }], {
      preVote
    })
    net.campaign(1)
    t.equal(roleOf(net, 1), 'follower', 'nodes 3, 4 and 5 deny')
    t.equal(net.at(1).raft.term, 2)
    net.campaign(1)
    t.equal(roleOf(net, 1), 'leader')
    t.equal(net.at(1).raft.term, 3)
    for (const id of [1, 2, 3, 4, 5]) t.same(net.at(id).terms(), [1, 3], `log of ${id}`)
  })
}

for (const type of ['heartbeat', 'append'] as const) {
  t.test(`E20 an isolated candidate that gets the leader's ${type} follows it in its term`, async t => {
    const net = network([up, up, up])
    net.isolate(3)
    net.campaign(1)
    const lone = net.at(3)
    lone.tick(lone.raft.randomizedElectionTimeout)
    net.pump()
    t.equal(roleOf(net, 3), 'candidate')
    net.recover()
    const { term } = net.at(1).raft
    net.send(message(type, { from: 1, to: 3, term }))
    t.equal(roleOf(net, 3), 'follower')
    t.equal(lone.raft.term, term)
    t.equal(lone.raft.leader, 1)
  })
}

t.test('E23 without pre-vote a candidate with a shorter log disrupts the leader but can not win', async t => {
  const net = network([up, up, up])
  net.cut(1, 3)
  net.campaign(1)
  net.campaign(3)
  t.equal(roleOf(net, 1), 'leader')
  t.equal(roleOf(net, 3), 'candidate', 'node 2 has voted')
  net.recover()
  net.campaign(3)
  t.same(rolesAndTerms(net), [
    ['follower', 2],
    ['follower', 2],
    ['follower', 2]
  ])
  t.same(
    [1, 2, 3].map(id => net.at(id).terms()),
    [[1], [1], []]
  )
})

t.test('E24 with pre-vote the same candidate leaves the leader alone', async t => {
  const net = network([up, up, up], { preVote: true })
  net.cut(1, 3)
  net.campaign(1)
  net.campaign(3)
  t.equal(roleOf(net, 1), 'leader')
  net.recover()
  net.campaign(3)
  t.same(rolesAndTerms(net), [
    ['leader', 1],
    ['follower', 1],
    ['follower', 1]
  ])
  t.same(
    [1, 2].map(id => net.at(id).terms()),
    [[1], [1]]
  )
})

t.test('E25 an isolated loser follows the winner when it comes back', async t => {
  const net = network([up, up, up])
  net.isolate(1)
  net.campaign(1)
  net.campaign(3)
  net.recover()
  net.beat(3)
  net.propose(3, 'x')
  net.beat(3)
  t.equal(roleOf(net, 1), 'follower')
  t.equal(net.at(1).raft.term, 1)
  for (const id of [1, 2, 3]) t.same(net.at(id).logData(), ['', 'x'])
})

for (const preVote of [false, true]) {
  t.test(`E25 a single node elects itself from term 0 (preVote ${preVote})`, async t => {
    const net = network([up], { preVote })
    net.campaign(1)
    t.same(rolesAndTerms(net), [['leader', 1]])
    t.equal(net.at(1).raft.log.committed, 1)
  })
}

/** Node 3 is at term 4 with less log than the others, and has pre-vote only from now on. */
function migration(): Network {
  const net = network([{ preVote: true }, { preVote: true }, up])
  for (const id of [1, 2, 3]) net.at(id).becomeFollower(1)
  net.campaign(1)
  net.isolate(3)
  net.propose(1, 'x')
  net.campaign(3)
  net.campaign(3)
  Object.assign(net.at(3).options, { preVote: true })
  net.recover()
  return net
}

t.test('E26 a cluster that changes to pre-vote can elect past a stuck node of a higher term', async t => {
  const net = migration()
  t.same(rolesAndTerms(net), [
    ['leader', 2],
    ['follower', 2],
    ['candidate', 4]
  ])
  net.isolate(1)
  for (let round = 0; round < 2; round++) {
    net.campaign(3)
    net.campaign(2)
  }
  t.equal(roleOf(net, 2), 'leader')
  t.equal(roleOf(net, 3), 'follower')
  t.ok(net.at(2).raft.term > 4)
})

t.test('E26 a stuck pre-candidate of a higher term is freed by its answer to the leader', async t => {
  const net = migration()
  for (let round = 0; round < 2; round++) {
    net.campaign(3)
    t.same([roleOf(net, 1), roleOf(net, 2), roleOf(net, 3)], ['leader', 'follower', 'preCandidate'])
  }
  net.send(message('heartbeat', { from: 1, to: 3, term: net.at(1).raft.term }))
  t.equal(roleOf(net, 1), 'follower', 'the leader steps down to the higher term')
  t.equal(net.at(1).raft.term, net.at(3).raft.term)
  net.campaign(1)
  t.equal(roleOf(net, 1), 'leader')
  for (const id of [2, 3]) t.equal(net.at(id).raft.leader, 1)
})

t.test('E27 a node that stayed behind at a lower term can still help to elect', async t => {
  const net = network([up, up, up], { preVote: true })
  for (const id of [1, 2, 3]) net.at(id).becomeFollower(1)
  net.isolate(3)
  net.campaign(1)
  net.campaign(3)
  net.campaign(2)
  t.same(rolesAndTerms(net), [
    ['follower', 3],
    ['leader', 3],
    ['preCandidate', 1]
  ])
  net.recover()
  net.isolate(2)
  net.campaign(3)
  net.campaign(1)
  t.ok(roleOf(net, 1) === 'leader' || roleOf(net, 3) === 'leader', `${rolesAndTerms(net)}`)
})

t.test(
  'E28 a split vote between two candidates that passed the pre-vote ends with the next timeout',
  async t => {
    const net = network([up, up, up], { preVote: true })
    for (const id of [1, 2, 3]) net.at(id).becomeFollower(1)
    net.campaign(1)
    net.isolate(1)
    for (const id of [2, 3]) net.at(id).raw.campaign()
    net.pump()
    t.same(rolesAndTerms(net), [
      ['leader', 2],
      ['candidate', 3],
      ['candidate', 3]
    ])
    net.campaign(2)
    t.same(rolesAndTerms(net), [
      ['leader', 2],
      ['leader', 4],
      ['follower', 4]
    ])
  }
)
