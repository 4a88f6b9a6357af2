import { RaftProcesses } from '../../test/cluster/processes/raft-processes.js'
import type { LoopResult } from './closed-loop.js'
import { EtcdCluster } from './etcd-cluster.js'
import { etcdPuts } from './etcd-puts.js'
import { medianOf } from './figures.js'
import { replicatedAppends } from './replicated-appends.js'

/** What is promised: appends per second as a multiple of etcd's puts in the same run. */
const CASES = [
  { inFlight: 1, ratioMin: 1.2 },
  { inFlight: 64, ratioMin: 1.5 },
  { inFlight: 256, ratioMin: 2.5 }
]
const LARGE = { inFlight: 16, eventsPerTransaction: 100, eventsPerSecondMin: 60_000 }

const WARM_UP_SECONDS = 8

export interface Measuring {
  readonly payloadBytes: number
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Each case so often, etcd and ours in turn; medians count. */
  readonly rounds: number
}

export interface AppendRow {
  readonly inFlight: number
  readonly ours: LoopResult
  readonly etcd?: LoopResult
  readonly ratio?: number
  readonly ratioMin: number
}

export interface AppendRows {
  readonly rows: readonly AppendRow[]
  readonly transactions: LoopResult & {
    readonly eventsPerSecond: number
    readonly eventsPerSecondMin: number
  }
}

/** Both groups of three stay up, so that whatever else the machine does meets both. */
export async function appendRows(measuring: Measuring, etcdBinary: string | undefined): Promise<AppendRows> {
  const processes = await RaftProcesses.start()
  const etcd = etcdBinary === undefined ? undefined : await EtcdCluster.start(etcdBinary)
  try {
    await warmUp(processes, etcd, measuring)
    const rows: AppendRow[] = []
    for (const { inFlight, ratioMin } of CASES) {
      const load = { ...measuring, inFlight }
      const ours: LoopResult[] = []
      const theirs: LoopResult[] = []
      for (let round = 0; round < measuring.rounds; round++) {
        if (etcd !== undefined) theirs.push(await etcdPuts(etcd, load))
        ours.push(await replicatedAppends(processes, { ...load, eventsPerTransaction: 1 }))
      }
      rows.push({ inFlight, ratioMin, ...compared(medianOf(ours), medianOf(theirs)) })
    }
    const large: LoopResult[] = []
    for (let round = 0; round < measuring.rounds; round++)
      large.push(await replicatedAppends(processes, { ...measuring, ...LARGE }))
    const transactions = medianOf(large)!
    const eventsPerSecond = transactions.perSecond * LARGE.eventsPerTransaction
    const { eventsPerSecondMin } = LARGE
    return { rows, transactions: { ...transactions, eventsPerSecond, eventsPerSecondMin } }
  } finally {
    await processes.remove()
    await etcd?.stop()
  }
}

/** A server that has just started has its code still to compile. */
async function warmUp(
  processes: RaftProcesses,
  etcd: EtcdCluster | undefined,
  { payloadBytes }: Measuring
): Promise<void> {
  const load = { payloadBytes, inFlight: 64, seconds: WARM_UP_SECONDS, warmUpSeconds: 0 }
  await replicatedAppends(processes, { ...load, eventsPerTransaction: 1 })
  if (etcd !== undefined) await etcdPuts(etcd, load)
}

function compared(ours: LoopResult | undefined, etcd: LoopResult | undefined) {
  if (etcd === undefined) return { ours: ours! }
  return { ours: ours!, etcd, ratio: ours!.perSecond / etcd.perSecond }
}
