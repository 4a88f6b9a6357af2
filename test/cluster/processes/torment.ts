import { SeededRandom } from '../../../src/storage/testing.js'
import type { LoggedValue } from '../../simulation/history/operation.js'
import { demand } from '../../simulation/world/violation.js'
import { EventCalls } from './event-calls.js'
import { type Fault, heal } from './faults.js'
import { History } from './history.js'
import { HistoryClients } from './history-clients.js'
import type { RaftProcess } from './raft-process.js'
import type { RaftProcesses } from './raft-processes.js'

const REST_MS = 1500
const AGREE_DEADLINE_MS = 60_000
const READ_DEADLINE_MS = 120_000

export interface NemesisOptions {
  readonly minutes: number
  readonly seed: number
  readonly log: (line: string) => void
  readonly faults: Readonly<Record<string, Fault>>
}

export interface NemesisReport {
  /** Per fault: how often. */
  readonly faults: Readonly<Record<string, number>>
  readonly operations: { readonly ok: number; readonly fail: number; readonly unknown: number }
  readonly reads: number
  readonly events: number
  readonly longestGapMs: number
  readonly codes: Readonly<Record<string, number>>
  readonly digests: readonly string[]
  readonly term: number
}

/**
 * Torments a group of processes, one fault after the other, while clients work; then heals everything, demands that all nodes
 * serve and hold the same, and judges the history. Throws where a rule is broken.
 */
export async function torment(processes: RaftProcesses, options: NemesisOptions): Promise<NemesisReport> {
  // Two sources, so that the seed alone gives the order of the faults, whatever the clients do.
  const random = new SeededRandom(options.seed)
  const history = new History()
  const clients = new HistoryClients({
    processes,
    history,
    random: new SeededRandom(options.seed + 1),
    appenders: 8,
    readers: 4,
    pauseMs: 10
  })
  clients.start()
  let counts: Record<string, number>
  try {
    counts = await runFaults({ processes, random }, options)
  } finally {
    await clients.stop()
  }
  await processes.serving(AGREE_DEADLINE_MS)
  const logs = await Promise.all(processes.nodes.map(node => wholeLog(node)))
  const digests = await digestsOf(processes)
  const term = await checkAlive(processes)
  const checker = history.judge(logs[0]!)
  checkEqual(logs, digests)
  return {
    faults: counts,
    operations: history.counts,
    reads: checker.counts.reads,
    events: logs[0]!.length,
    longestGapMs: Math.round(clients.longestGapMs),
    codes: clients.codes,
    digests,
    term
  }
}

async function runFaults(
  context: { readonly processes: RaftProcesses; readonly random: SeededRandom },
  { minutes, log, faults }: NemesisOptions
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const startedMs = performance.now()
  const endMs = startedMs + minutes * 60_000
  let round: string[] = []
  while (performance.now() < endMs) {
    await new Promise(resolve => setTimeout(resolve, REST_MS))
    // Each round has every fault once, in an order of its own.
    if (round.length === 0) round = shuffled(Object.keys(faults), context.random)
    const name = round.pop()!
    const words = await (faults[name] as Fault)(context)
    counts[name] = (counts[name] ?? 0) + 1
    log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(7)} s  ${name}: ${words}`)
  }
  await heal(context)
  return counts
}

function shuffled(names: readonly string[], random: SeededRandom): string[] {
  const rest = [...names]
  return names.map(() => rest.splice(random.below(rest.length), 1)[0]!)
}

async function wholeLog(node: RaftProcess): Promise<LoggedValue[]> {
  const length = (await node.probe.command<number>('lastToken')) + 1
  const calls = new EventCalls(node.grpcAddress)
  try {
    const values = length === 0 ? [] : await calls.stream(0, length, READ_DEADLINE_MS)
    demand(
      values.length === length,
      'history (5)',
      () => `${node.name} gave ${values.length} of ${length} events`
    )
    return values
  } finally {
    calls.close()
  }
}

function digestsOf(processes: RaftProcesses): Promise<string[]> {
  return Promise.all(
    processes.nodes.map(async node => {
      const upTo = (await node.probe.command<number>('lastToken')) + 1
      return `${upTo}:${await node.probe.command<string>('digest', { upTo })}`
    })
  )
}

function checkEqual(logs: readonly (readonly LoggedValue[])[], digests: readonly string[]): void {
  const [first, ...rest] = logs.map(log => JSON.stringify(log))
  for (const other of rest) demand(other === first, 'S10', () => 'the nodes hold different events')
  for (const digest of digests) demand(digest === digests[0], 'S10', () => `digests ${digests.join(', ')}`)
}

/** The newest term. No group gave up. */
async function checkAlive(processes: RaftProcesses): Promise<number> {
  const statuses = await Promise.all(processes.nodes.map(node => node.status()))
  statuses.forEach((status, i) => {
    const { name } = processes.nodes[i]!
    demand(status?.failure === undefined, 'liveness', () => `${name} has given up: ${status?.failure}`)
  })
  return Math.max(...statuses.map(status => status?.term ?? 0))
}
