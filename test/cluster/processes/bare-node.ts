import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { PeerTransport } from '../../../plugins/raft/transport/peer-transport.js'
import { Consensus, type Membership, type StateMachine } from '../../../src/consensus/index.js'
import { silentLogger, systemClock } from '../../../src/kernel/index.js'
import { Journal, NodeFileSystem } from '../../../src/storage/index.js'
import { ProbePort } from './probe-port.js'

/** Argument of this program, as JSON. */
export interface BareNodeOptions {
  readonly name: string
  readonly directory: string
  /** Internal ports, by name, in the order of the member ids. */
  readonly peers: Readonly<Record<string, number>>
  readonly groups: number
}

const MiB = 1024 * 1024
const options = JSON.parse(process.argv[2]!) as BareNodeOptions
const names = Object.keys(options.peers)

/** Consensus, journal and transport of the product below a state machine that only counts: for many groups, and for what they cost. */
const transport = new PeerTransport({
  node: options.name,
  incarnation: randomInt(1, 2 ** 47),
  host: '127.0.0.1',
  port: options.peers[options.name]!,
  addressOf: name => ({ host: '127.0.0.1', port: options.peers[name]! }),
  clock: systemClock,
  log: silentLogger
})
const journal = new Journal({
  fs: new NodeFileSystem(),
  directory: join(options.directory, options.name),
  log: silentLogger,
  fileBytes: 64 * MiB,
  batchBytesMax: 4 * MiB,
  queueBytesMax: 256 * MiB,
  reserveBytes: 16 * MiB,
  onFatal: error => {
    throw error
  }
})
const consensus = new Consensus({
  node: options.name,
  log: journal,
  clock: systemClock,
  runtime: { defer: task => void setImmediate(task) },
  random: Math.random,
  logger: silentLogger,
  transport,
  onFatal: error => {
    throw error
  }
})

await transport.listen()
await consensus.open(new Map())
for (let group = 1; group <= options.groups; group++) {
  await consensus.start(group, countingMachine(group), { index: 0, term: 0, membership: founders() })
}
const port = new ProbePort({
  append: () => Promise.reject(new Error('this node has no event store')),
  propose: (group, data) => consensus.propose(group, data),
  command: async (op, args) => {
    if (op === 'status') return consensus.status(Number(args.group))
    if (op === 'leads') return consensus.groups().filter(group => consensus.status(group)?.role === 'leader')
    if (op === 'metrics') return { ...consensus.metrics }
    if (op === 'journal') return journal.stats
    throw new Error(`no such command: ${op}`)
  }
})
process.stdout.write(`Probe started on port: ${await port.listen('127.0.0.1')}\n`)

/** The log is given up as it grows, as after a checkpoint. */
function countingMachine(group: number): StateMachine {
  let count = 0
  let applied = 0
  return {
    prepare: () => undefined,
    apply: ({ index }) => {
      applied = index
      return ++count
    },
    endRound: () => {
      if (count % 10_000 < 100 && applied > 10_000) consensus.checkpointed(group, consensus.applied(group))
      return undefined
    }
  }
}

function founders(): Membership {
  const members = names.map((node, i) => ({ id: i + 1, node, role: 'PRIMARY' as const, priority: 0 }))
  const voters = members.map(({ id }) => id)
  const conf = { voters, outgoing: [], learners: [], learnersNext: [], autoLeave: false }
  return { self: names.indexOf(options.name) + 1, conf, members }
}
