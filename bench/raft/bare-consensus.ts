import { randomBytes } from 'node:crypto'
import { BareNodes } from '../../test/cluster/processes/bare-nodes.js'
import { ProbeCall } from '../../test/cluster/processes/probe-protocol.js'
import { closedLoop, type LoopResult } from './closed-loop.js'
import { cpuAtRest } from './process-cpu.js'

/** Proposals below a state machine that only counts, spread over all groups; each goes to the group's leader. */
export async function bareProposals(
  cluster: BareNodes,
  load: {
    readonly inFlight: number
    readonly payloadBytes: number
    readonly seconds: number
    readonly warmUpSeconds: number
  }
): Promise<LoopResult> {
  const leaders = [...(await cluster.leaders())]
  const bodies = leaders.map(([group]) => {
    const body = Buffer.concat([Buffer.alloc(4), randomBytes(load.payloadBytes)])
    body.writeUInt32BE(group, 0)
    return body
  })
  let next = 0
  return closedLoop(
    done => {
      const at = next++ % leaders.length
      leaders[at]![1].probe.call(ProbeCall.propose, bodies[at]!, done)
    },
    { ...load, pids: cluster.pids }
  )
}

export interface IdleResult {
  readonly groups: number
  /** CPU of all three processes, in milliseconds a second. */
  readonly cpuMsPerSecond: number
  /** One core is 100 %; of one node. */
  readonly percentPerNode: number
}

/** What groups cost that nobody writes to: ticks and heartbeats. */
export async function idleGroups(groups: number, seconds: number): Promise<IdleResult> {
  const cluster = await BareNodes.start(groups)
  try {
    await cluster.leaders()
    // What elections have left behind is over.
    await new Promise(resolve => setTimeout(resolve, 5000))
    const cpuMsPerSecond = await cpuAtRest(cluster.pids, seconds)
    return { groups, cpuMsPerSecond, percentPerNode: cpuMsPerSecond / 10 / cluster.nodes.length }
  } finally {
    await cluster.remove()
  }
}
