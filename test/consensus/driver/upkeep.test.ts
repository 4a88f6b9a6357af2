import t from 'tap'
import { DigestChain } from '../../../src/consensus/driver/digest.js'
import { Recorder } from './recorder.js'
import { GROUP, outcome, TestCluster } from './test-cluster.js'

function withRules(rulesMax: number): Recorder {
  const recorder = new Recorder()
  recorder.rulesMax = rulesMax
  return recorder
}

t.test('rules of apply change by an entry, once every member knows them', async t => {
  const versions = [2, 2, 1]
  let built = 0
  const cluster = await TestCluster.start({ machine: () => withRules(versions[built++] ?? 2) })
  await cluster.advance(3000)
  for (const { machine } of cluster.nodes) t.same(machine.usedRules, [1])
  cluster.crash(cluster.c)
  await cluster.restart(cluster.c)
  await cluster.advance(4000)
  for (const node of cluster.nodes) {
    t.equal(node.machine.usedRules.at(-1), 2, node.name)
    t.equal(node.status.membership.rules, 2)
  }
  t.equal(await cluster.propose(cluster.leader!, 'x'), 'result of x')
})

t.test('a version that does not know the rules in force stops its group in words', async t => {
  let rulesMax = 2
  const cluster = await TestCluster.start({ machine: () => withRules(rulesMax) })
  await cluster.advance(3000)
  const position = cluster.c.consensus.applied(GROUP)
  t.equal(position.membership!.rules, 2)
  rulesMax = 1
  cluster.crash(cluster.c)
  await t.rejects(
    cluster.restartAt(cluster.c, { position, state: [] }),
    /uses rules 2.*knows 1: update this node/
  )
  cluster.crash(cluster.c)
  await cluster.restart(cluster.c)
  await cluster.advance(1000)
  t.match(cluster.c.status, { role: 'fatal', failure: /uses rules 2.*knows 1: update this node/ })
  t.equal(await cluster.propose(cluster.a, 'x'), 'result of x')
})

t.test('equal logs have equal digests, different ones differ', t => {
  const entry = (index: number, text: string) => ({ index, term: 1, kind: 0, data: Buffer.from(text) })
  const chains = [new DigestChain(0), new DigestChain(0), new DigestChain(0)] as const
  for (let i = 1; i <= 20_000; i++) {
    chains[0].add(entry(i, `${i}`), undefined)
    chains[1].add(entry(i, `${i}`), undefined)
    chains[2].add(entry(i, i === 15_000 ? 'bad' : `${i}`), undefined)
  }
  t.match(chains[0].newest, { index: 20_000 })
  t.same(chains[0].newest, chains[1].newest)
  t.equal(chains[1].expect(20_000, chains[0].newest!.digest), true)
  t.equal(chains[2].expect(20_000, chains[0].newest!.digest), false)
  const behind = new DigestChain(0)
  t.equal(behind.expect(10_000, 1234), true, 'not there yet')
  let isWell = true
  for (let i = 1; i <= 10_000; i++) isWell = behind.add(entry(i, `${i}`), undefined)
  t.equal(isWell, false, 'compared when it gets there')
  t.equal(behind.mismatches, 1)
  t.end()
})

t.test('a member that holds something else than its leader stops', async t => {
  const cluster = await TestCluster.start()
  const { b } = cluster
  // Reads the founding entries from its log again, which is no difference.
  cluster.crash(cluster.c)
  await cluster.restart(cluster.c)
  await cluster.advance(700)
  // As if an entry had been read wrongly from its disk.
  b.machine.stateDigest = () => 1
  for (const node of [cluster.a, cluster.c]) node.machine.stateDigest = () => 2
  for (let i = 0; i < 100; i++) {
    await Promise.all(Array.from({ length: 101 }, (_, j) => cluster.propose(cluster.a, `${i}.${j}`)))
  }
  await cluster.advance(700)
  t.equal(b.status.role, 'fatal')
  t.match(b.status.failure, /up to log index 10000 differs from what the leader holds/)
  t.equal(b.consensus.metrics.digestMismatches, 1)
  t.equal(cluster.c.status.role, 'follower')
  t.equal(await cluster.propose(cluster.a, 'x'), 'result of x')
})

t.test('a disk that stands still: leaderships go to others, later the process ends', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'x')
  await cluster.advance(700)
  cluster.a.log.hold()
  const proposal = outcome(cluster.propose(cluster.a, 'slow'))
  await cluster.advance(1900)
  t.equal(cluster.leader, cluster.a, 'not at once')
  await cluster.until(() => cluster.leader !== cluster.a, 3000)
  await cluster.advance(15_000)
  t.same(cluster.a.events, [])
  await cluster.advance(5000)
  t.match(cluster.a.events, [/fatal: Error: a write to the log has not ended for \d+ ms/])
  await proposal
})

t.test('the process of the leader is known to be gone: nobody waits for its silence', async t => {
  const cluster = await TestCluster.start()
  cluster.crash(cluster.a)
  for (const name of ['b', 'c']) cluster.network.receiver(name).ended('a')
  await cluster.settle()
  t.equal(cluster.b.status.leader, undefined)
  cluster.b.consensus.campaign(GROUP)
  await cluster.settle()
  t.equal(cluster.leader, cluster.b)
})

t.test('what was lost on the way is sent again once the transport says so', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'first')
  cluster.network.cut('a', 'b')
  await cluster.propose(cluster.a, 'second')
  cluster.network.heal()
  cluster.network.receiver('a').unreachable('b', GROUP)
  t.equal(cluster.a.status.peers[0]!.state, 'probe')
  await cluster.propose(cluster.a, 'third')
  await cluster.settle()
  t.same(cluster.b.machine.applied.slice(0, 2), ['first', 'second'])
})

t.test('a member that lost its journal, or the end of it, does not start', async t => {
  const cluster = await TestCluster.start()
  await cluster.propose(cluster.a, 'x')
  await cluster.advance(400)
  const position = cluster.b.consensus.applied(GROUP)
  const fresh = await TestCluster.start({ roles: ['PRIMARY'] })
  await t.rejects(fresh.a.consensus.start(7, new Recorder(), position), {
    name: 'StorageDamagedError',
    message: /the journal was lost.*join it again|the journal was lost.*join again/
  })
  await fresh.a.log.append([{ group: 8, entries: [], hardState: { term: 5, vote: 1, commit: 9 } }])
  const { membership } = position
  await fresh.a.log.append([
    {
      group: 8,
      entries: [{ index: 1, term: 5, kind: 0, data: Buffer.alloc(1) }],
      hardState: { term: 5, vote: 1, commit: 9 }
    }
  ])
  await t.rejects(
    fresh.a.consensus.start(8, new Recorder(), { index: 0, term: 0, membership: membership! }),
    {
      name: 'StorageDamagedError',
      message: /ends at 1, before 9, which was committed/
    }
  )
})
