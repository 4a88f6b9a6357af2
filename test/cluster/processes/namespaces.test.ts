import t from 'tap'
import type { Fault, FaultContext } from './faults.js'
import { Namespaces } from './namespaces.js'
import { RaftProcesses } from './raft-processes.js'
import { torment } from './torment.js'

const NODES = 3
const minutes = process.env.CI_FULL === '1' ? 10 : 1
const seed = Number(process.env.NEMESIS_SEED ?? Date.now() % 1_000_000)

t.setTimeout((minutes + 5) * 60_000)
t.test(
  'three processes keep every promise while packets between their machines vanish',
  { skip: Namespaces.refusal() ?? false },
  async t => {
    t.comment(`seed ${seed}; again with NEMESIS_SEED=${seed}`)
    const network = Namespaces.create(NODES)
    t.teardown(() => network.remove())
    const places = network.names.map((_, i) => ({ host: network.address(i), prefix: network.prefix(i) }))
    const processes = await RaftProcesses.start({ places })
    t.teardown(() => processes.remove())
    const faults = cutsOf(network)
    const options = { minutes, seed, faults, log: (line: string) => t.comment(line) }
    const report = await torment(processes, options).catch(error => {
      t.comment(processes.outputs())
      throw error
    })
    t.comment(JSON.stringify(report, null, 2))
    t.ok(report.longestGapMs < 30_000, `no more than ${report.longestGapMs} ms without an acknowledgement`)
    t.notMatch(
      Object.keys(report.codes).join(),
      /AXONIQ-(0001|9000)/,
      'no client was told of a bug or of damage'
    )
    t.ok(report.operations.ok > minutes * 300, `${report.operations.ok} operations were acknowledged`)
    t.strictSame(Object.keys(report.faults).sort(), Object.keys(faults).sort(), 'each kind of cut happened')
  }
)

function cutsOf(network: Namespaces): Readonly<Record<string, Fault>> {
  const during = async ({ random }: FaultContext, cuts: readonly (readonly [number, number])[]) => {
    for (const [one, other] of cuts) network.cut(one, other)
    await pause(500 + random.below(7000))
    for (const [one, other] of cuts) network.heal(one, other)
  }
  return {
    'the leader alone': async context => {
      const leader = await leaderOf(context)
      await during(
        context,
        [0, 1, 2].filter(node => node !== leader).map(node => [leader, node] as const)
      )
      return String(leader)
    },
    'a follower alone': async context => {
      const follower = ((await leaderOf(context)) + 1) % NODES
      await during(
        context,
        [0, 1, 2].filter(node => node !== follower).map(node => [follower, node] as const)
      )
      return String(follower)
    },
    'the leader reaches one of two': async context => {
      const leader = await leaderOf(context)
      const other = (leader + 1 + context.random.below(2)) % NODES
      await during(context, [[leader, other]])
      return `${leader} | ${other}`
    },
    'everybody alone': async context => {
      await during(context, [
        [0, 1],
        [1, 2],
        [0, 2]
      ])
      return 'all'
    },
    'cable of the leader pulled': async context => {
      const leader = await leaderOf(context)
      network.setLink(leader, 'down')
      await pause(500 + context.random.below(5000))
      network.setLink(leader, 'up')
      return String(leader)
    }
  }
}

async function leaderOf({ processes, random }: FaultContext): Promise<number> {
  const leader = await processes.findLeader()
  return leader === undefined ? random.below(NODES) : processes.nodes.indexOf(leader)
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
