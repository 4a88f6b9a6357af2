import type { SeededRandom } from '../../../src/storage/testing.js'
import type { RaftProcess } from './raft-process.js'
import type { RaftProcesses } from './raft-processes.js'
import { CLEAR } from './tcp-proxy.js'

export interface FaultContext {
  readonly processes: RaftProcesses
  readonly random: SeededRandom
}

/** Does something bad for a while and undoes it; the words say what it was. */
export type Fault = (context: FaultContext) => Promise<string>

const HELD = { delayMs: 0, held: true }

export const faults: Readonly<Record<string, Fault>> = {
  'kill the leader': async context => {
    const leader = await target(context)
    await leader.kill()
    await pause(between(context.random, 200, 3000))
    await leader.start()
    return leader.name
  },
  'kill a follower': async context => {
    const follower = await anyFollower(context)
    await follower.kill()
    await pause(between(context.random, 200, 3000))
    await follower.start()
    return follower.name
  },
  'kill all at once': async ({ processes, random }) => {
    await Promise.all(processes.nodes.map(node => node.kill()))
    await pause(between(random, 0, 500))
    await Promise.all(processes.nodes.map(node => node.start()))
    return 'a, b, c'
  },
  'pause the leader': async context => pauseNode(context, await target(context)),
  'pause a follower': async context => pauseNode(context, await anyFollower(context)),
  'isolate the leader': async context => {
    const leader = await target(context)
    await during(
      context,
      others(context, leader).flatMap(node => both(context, leader, node)),
      link => link.apply(HELD)
    )
    return leader.name
  },
  'cut one pair': async context => {
    const [one, other] = pair(context)
    await during(context, both(context, one, other), link => link.apply(HELD))
    return `${one.name}-${other.name}`
  },
  'silence the leader in one direction': async context => {
    const leader = await target(context)
    const links = others(context, leader).map(node => context.processes.link(leader, node))
    await during(context, links, link => link.apply(HELD, CLEAR))
    return leader.name
  },
  'one node may not dial another': async context => {
    const [one, other] = pair(context)
    await during(context, [context.processes.link(one, other)], link => {
      link.refuse(true)
      link.reset()
    })
    return `${one.name} to ${other.name}`
  },
  'reset all connections': async ({ processes }) => {
    for (const link of processes.links) link.reset()
    return 'once'
  },
  'slow links': async context => {
    const delayMs = between(context.random, 5, 150)
    await during(context, context.processes.links, link =>
      link.apply({ delayMs, held: false }, { delayMs: delayMs / 4, held: false })
    )
    return `${delayMs} ms`
  },
  'stop the leader gracefully': async context => {
    const leader = await target(context)
    const code = await leader.stop()
    await leader.start()
    return `${leader.name}, exit code ${code}`
  },
  'hand the leadership over': async context => {
    const leader = await target(context)
    const answer = await leader.probe.command<string>('transfer').catch((error: Error) => error.message)
    return `${leader.name} to ${answer}`
  }
}

/** Lets everything run and pass again. */
export async function heal({ processes }: FaultContext): Promise<void> {
  for (const link of processes.links) {
    link.refuse(false)
    link.apply(CLEAR)
  }
  await Promise.all(processes.nodes.filter(node => !node.isRunning).map(node => node.start()))
}

async function pauseNode({ random }: FaultContext, node: RaftProcess): Promise<string> {
  const ms = between(random, 200, 8000)
  node.pause()
  await pause(ms)
  node.resume()
  return `${node.name} for ${ms} ms`
}

async function during(
  context: FaultContext,
  links: ReturnType<RaftProcesses['link']>[] | RaftProcesses['links'],
  harm: (link: ReturnType<RaftProcesses['link']>) => void
): Promise<void> {
  for (const link of links) harm(link)
  await pause(between(context.random, 500, 6000))
  await heal(context)
}

/** The leader, or any node where nobody leads. */
async function target({ processes, random }: FaultContext): Promise<RaftProcess> {
  return (await processes.findLeader()) ?? processes.nodes[random.below(processes.nodes.length)]!
}

async function anyFollower(context: FaultContext): Promise<RaftProcess> {
  const rest = others(context, await target(context))
  return rest[context.random.below(rest.length)]!
}

function others({ processes }: FaultContext, node: RaftProcess): RaftProcess[] {
  return processes.nodes.filter(other => other !== node)
}

function pair(context: FaultContext): [RaftProcess, RaftProcess] {
  const one = context.processes.nodes[context.random.below(context.processes.nodes.length)]!
  const rest = others(context, one)
  return [one, rest[context.random.below(rest.length)]!]
}

function both({ processes }: FaultContext, one: RaftProcess, other: RaftProcess) {
  return [processes.link(one, other), processes.link(other, one)]
}

function between(random: SeededRandom, low: number, high: number): number {
  return low + random.below(high - low + 1)
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
