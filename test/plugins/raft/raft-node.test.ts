import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { consensusHealth } from '../../../plugins/raft/health.js'
import { raftMetrics } from '../../../plugins/raft/metrics.js'
import { RaftNode } from '../../../plugins/raft/raft-node.js'
import type { CommittedEntry } from '../../../src/consensus/index.js'
import { type Settings, silentLogger, systemClock } from '../../../src/kernel/index.js'
import { MemoryLogStorage } from '../../../src/storage/index.js'
import { until } from './transports.js'

const PREFIX = 'axoniq.axonserver'
const NUMBERS: Record<string, number> = {
  'internal-port': 0,
  'keep-alive-time': 2500,
  'keep-alive-timeout': 5000,
  'replication.min-election-timeout': 150,
  'replication.max-election-timeout': 300,
  'replication.heartbeat-timeout': 50,
  'replication.initial-election-timeout': 0,
  'replication.min-active-backups': 1,
  'replication.max-replication-round': 10,
  'replication.flow-buffer': 1000
}

interface Setup {
  readonly name?: string
  readonly peers?: readonly string[]
  readonly standalone?: boolean
  readonly numbers?: Readonly<Record<string, number>>
  readonly log?: typeof silentLogger
  readonly logStorage?: MemoryLogStorage
}

function settingsOf({ peers = [], standalone = false, numbers = {} }: Setup): Settings {
  const all: Record<string, number> = { ...NUMBERS, ...numbers }
  const bytes: Record<string, number> = { 'message-bytes-max': 1 << 28, 'peer-queue-bytes-max': 1 << 23 }
  return {
    number: (name: string) => all[name.slice(PREFIX.length + 1)] ?? bytes[name.split('.').at(-1)!] ?? 1 << 22,
    list: () => peers,
    boolean: () => standalone
  } as unknown as Settings
}

function nodeOf(t: Test, setup: Setup): RaftNode {
  const node = new RaftNode({
    node: setup.name ?? 'a',
    settings: settingsOf(setup),
    logStorage: setup.logStorage ?? new MemoryLogStorage(),
    clock: systemClock,
    log: setup.log ?? silentLogger
  })
  t.teardown(() => node.consensus.close())
  return node
}

/** What a disk keeps when its node ends. */
class KeptLog extends MemoryLogStorage {
  override close(): Promise<void> {
    return Promise.resolve()
  }
}

function machine() {
  const applied: string[] = []
  return {
    applied,
    prepare: () => undefined,
    apply: ({ data }: CommittedEntry) => applied.push(data.toString()),
    endRound: () => undefined
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listening(0)))
  const ports = servers.map(server => (server.address() as { port: number }).port)
  for (const server of servers) server.close()
  return ports
}

function listening(port: number) {
  const server = createServer()
  return new Promise<typeof server>(resolve => server.listen(port, () => resolve(server)))
}

t.test(
  'a node without peers orders its entries by itself, without the internal port where it is standalone',
  async t => {
    const blocker = await listening(0)
    t.teardown(() => blocker.close())
    const { port } = blocker.address() as { port: number }
    const node = nodeOf(t, { standalone: true, numbers: { 'internal-port': port } })
    await node.listen()
    const state = machine()
    await node.consensus.open(new Map())
    await node.consensus.start(1, state, { index: 0, term: 0 })
    await node.consensus.propose(1, Buffer.from('entry'))
    t.strictSame(state.applied, ['entry'])
    t.equal(node.transport.port, 0)
    t.match(await consensusHealth(node).check(), {
      status: 'UP',
      details: { 'group.1': { role: 'leader', leader: 'a' } }
    })
  }
)

t.test('a taken internal port is a warning without peers, and an end in words with them', async t => {
  const blocker = await listening(0)
  t.teardown(() => blocker.close())
  const { port } = blocker.address() as { port: number }
  const warnings: string[] = []
  const log = {
    ...silentLogger,
    warn: (...said: unknown[]) => void warnings.push(JSON.stringify(said)),
    child: () => log
  }
  const alone = nodeOf(t, { numbers: { 'internal-port': port }, log })
  await alone.listen()
  t.match(warnings.join(), /Port \d+ for the other nodes is taken/)
  const withPeers = nodeOf(t, { peers: [`a=127.0.0.1:${port}`], numbers: { 'internal-port': port } })
  await t.rejects(
    withPeers.listen(),
    /is taken by another process\. Stop that process, or set .*internal-port/
  )
})

t.test('timeouts that contradict each other are refused in words', t => {
  const refused = (numbers: Record<string, number>, words: RegExp) =>
    t.throws(() => nodeOf(t, { numbers }), words)
  refused({ 'replication.max-election-timeout': 100 }, /max-election-timeout is 100 ms, less than/)
  refused({ 'replication.heartbeat-timeout': 150 }, /heartbeat-timeout is 150 ms; it must be less/)
  t.end()
})

t.test('three nodes form their groups, go on when the leader ends, and take it back', async t => {
  const ports = await freePorts(3)
  const names = ['a', 'b', 'c']
  const peers = names.map((name, i) => `${name}=127.0.0.1:${ports[i]}`)
  const logs = names.map(() => new KeptLog())
  const start = async (i: number) => {
    const numbers = { 'internal-port': ports[i]! }
    const node = nodeOf(t, { name: names[i]!, peers, numbers, logStorage: logs[i]! })
    const state = machine()
    await node.listen()
    await node.consensus.open(new Map())
    await node.consensus.start(1, state, { index: 0, term: 0 })
    return { node, state, name: names[i]! }
  }
  const nodes = await Promise.all([0, 1, 2].map(start))
  const leaderOf = (among: typeof nodes) =>
    among.find(({ node }) => node.consensus.status(1)?.role === 'leader')
  await until('a leader', () => leaderOf(nodes) !== undefined)
  const first = leaderOf(nodes)!
  await first.node.consensus.propose(1, Buffer.from('one'))
  await until('all have applied', () => nodes.every(({ state }) => state.applied.includes('one')))
  const measured = [...raftMetrics(first.node).measurements()]
  t.ok(measured.some(({ name, value }) => name === 'myelin.raft.peer.connected' && value === 1))
  t.equal(measured.filter(({ name }) => name === 'myelin.raft.lag').length, 2)

  await first.node.consensus.close()
  const rest = nodes.filter(node => node !== first)
  await until('another leader', () => leaderOf(rest) !== undefined)
  await leaderOf(rest)!.node.consensus.propose(1, Buffer.from('two'))
  t.match(await consensusHealth(leaderOf(rest)!.node).check(), {
    status: 'WARN',
    details: { [`node.${first.name}`]: 'not connected' }
  })
  const back = await start(names.indexOf(first.name))
  await until('the first has what it missed', () => back.state.applied.includes('two'))
  t.strictSame(back.state.applied, ['one', 'two'])
  await sleep(100)
  t.equal([...rest, back].filter(({ node }) => node.consensus.status(1)?.role === 'leader').length, 1)
})
