import { BareNodes } from '../../test/cluster/processes/bare-nodes.js'
import { appendRows } from './append-rows.js'
import { bareProposals, idleGroups } from './bare-consensus.js'
import { connectorRows } from './connector-rows.js'
import { coreProposals } from './core-proposals.js'
import { etcdFailover, failover } from './failover.js'
import { count, loopText, median, verdict } from './figures.js'
import { handOver } from './hand-over.js'
import { type JournalFilesResult, journalFiles } from './journal-files.js'

export interface PartContext {
  readonly payloadBytes: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly rounds: number
  readonly failovers: number
  /** Absent: nothing to compare with. */
  readonly etcd: string | undefined
  /** The jar of the bench with the Java client. */
  readonly connector: string | undefined
  readonly print: (line: string) => void
}

/** Measures, prints, and returns what goes into the file. */
export type Part = (context: PartContext) => Promise<unknown>

const SHORT_TIMEOUTS = {
  'axoniq.axonserver.replication.min-election-timeout': '150',
  'axoniq.axonserver.replication.max-election-timeout': '300',
  'axoniq.axonserver.replication.heartbeat-timeout': '50'
}

export const parts: Readonly<Record<string, Part>> = {
  append: async context => {
    const { rows, transactions } = await appendRows(context, context.etcd)
    for (const { inFlight, ours, etcd, ratio, ratioMin } of rows) {
      context.print(`append, ${inFlight} in flight: ${loopText(ours)}`)
      if (etcd === undefined || ratio === undefined) continue
      context.print(`  etcd's put: ${loopText(etcd)}`)
      context.print(`  ${verdict(ratio >= ratioMin, `${ratio.toFixed(2)} times etcd, at least ${ratioMin}`)}`)
    }
    const { eventsPerSecond, eventsPerSecondMin } = transactions
    context.print(`transactions of 100 events, 16 in flight: ${loopText(transactions)}`)
    const promise = `${count(eventsPerSecond)} events/s replicated, at least ${count(eventsPerSecondMin)}`
    context.print(`  ${verdict(eventsPerSecond >= eventsPerSecondMin, promise)}`)
    return { rows, transactions }
  },
  connector: async context => {
    if (context.connector !== undefined) return connectorRows(context.connector, context)
    context.print('append through the Java client: left out, --connector FILE names the jar of its bench')
    return undefined
  },
  core: async ({ seconds, print }) => {
    const results = [1, 500].flatMap(groups => [1, 64].map(batch => coreProposals(groups, batch, seconds)))
    for (const { groups, batch, perSecond, perCpuSecond } of results)
      print(
        `core, three replicas in memory, ${groups} groups, ${batch} at once: ${count(perSecond)}/s, ${count(perCpuSecond)} per second of CPU`
      )
    return results
  },
  bare: async context => {
    const results: unknown[] = []
    for (const groups of [1, 500]) {
      const cluster = await BareNodes.start(groups)
      try {
        for (const inFlight of [1, 64, 256]) {
          const result = await bareProposals(cluster, { ...context, inFlight })
          context.print(
            `propose without event store, ${groups} groups, ${inFlight} in flight: ${loopText(result)}`
          )
          results.push({ groups, inFlight, ...result })
        }
      } finally {
        await cluster.remove()
      }
    }
    return results
  },
  idle: async ({ seconds, print }) => {
    const results: unknown[] = []
    for (const groups of [1, 500]) {
      const result = await idleGroups(groups, seconds * 2)
      print(`idle, ${groups} groups: ${result.percentPerNode.toFixed(2)} % of a core per node`)
      results.push(result)
    }
    return results
  },
  failover: async ({ failovers, payloadBytes, etcd, print }) => {
    const usual = await failover(failovers, payloadBytes)
    print(`kill -9 of the leader to the next acknowledged append: ${rangeText(usual)}`)
    print(`  ${verdict(usual.medianMs < 2500, 'median under 2500 ms')}`)
    const short = await failover(failovers, payloadBytes, SHORT_TIMEOUTS)
    print(`  with election timeouts 150-300 ms, heartbeat 50 ms: ${rangeText(short)}`)
    print(`  ${verdict(short.medianMs < 600, 'median under 600 ms')}`)
    if (etcd === undefined) return { usual, short }
    const theirs = await etcdFailover(etcd, failovers, payloadBytes)
    print(`  etcd: ${rangeText(theirs)}`)
    return { usual, short, etcd: theirs }
  },
  'hand-over': async ({ failovers, payloadBytes, print }) => {
    const result = await handOver(failovers, payloadBytes)
    print(
      `SIGTERM to the leader under load: ${result.gapMs.toFixed(0)} ms without an acknowledgement (at most ${result.gapMaxMs.toFixed(0)}), longest append ${result.longestAppendMs.toFixed(0)} ms`
    )
    print(`  ${verdict(result.gapMs < 100, 'under 100 ms')}`)
    print(
      `  ${verdict(result.failed === 0, `${result.failed} failed appends, ${result.redirected} redirected`)}`
    )
    return result
  },
  journal: async context => {
    const results: unknown[] = []
    for (const inFlight of [1, 64]) {
      const rounds: JournalFilesResult[] = []
      for (let i = 0; i < context.rounds; i++) rounds.push(await journalFiles({ ...context, inFlight }))
      const prepared = median(rounds.map(round => round.prepared.perSecond))
      const appending = median(rounds.map(round => round.appending.perSecond))
      const p50 = (kind: 'prepared' | 'appending') =>
        median(rounds.map(round => round[kind].p50Ms)).toFixed(3)
      context.print(
        `journal, ${inFlight} in flight: prepared files ${count(prepared)}/s, p50 ${p50('prepared')} ms; appending files ${count(appending)}/s, p50 ${p50('appending')} ms; ${(prepared / appending).toFixed(2)} times`
      )
      results.push({ inFlight, prepared, appending, rounds })
    }
    return results
  }
}

function rangeText({ medianMs, minMs, maxMs, rounds }: Awaited<ReturnType<typeof failover>>): string {
  return `median ${medianMs.toFixed(0)} ms (${minMs.toFixed(0)}-${maxMs.toFixed(0)}, ${rounds} rounds)`
}
