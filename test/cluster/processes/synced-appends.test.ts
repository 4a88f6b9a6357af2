import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { missingProgram } from '../../support/client-checks.js'
import { type BareNode, BareNodes } from './bare-nodes.js'
import { ProbeCall } from './probe-protocol.js'

const GROUPS = 20
const ONE_BY_ONE = 40
const AT_ONCE = 400

t.setTimeout(180_000)
t.test(
  'an append is acknowledged after a synced write on a majority, and groups share the writes',
  { skip: missingProgram('strace') ?? false },
  async t => {
    const cluster = await BareNodes.start(GROUPS, (name, directory) => [
      ...['strace', '-f', '-qq', '-e', 'trace=fdatasync,fsync'],
      ...['-o', join(directory, `${name}.syncs`)]
    ])
    t.teardown(() => cluster.remove())
    const leaders = await cluster.leaders()
    const syncs = () => cluster.nodes.map(({ name }) => countSyncs(join(cluster.directory, `${name}.syncs`)))
    await append(leaders.get(1)!, 1)

    for (let i = 0; i < ONE_BY_ONE; i++) {
      const group = 1 + (i % GROUPS)
      const before = await settled(syncs)
      await append(leaders.get(group)!, group)
      const synced = syncs().filter((count, node) => count > before[node]!).length
      if (synced < 2) return t.fail(`append ${i} was acknowledged with a sync on ${synced} of 3 nodes`)
    }
    t.pass(`each of ${ONE_BY_ONE} appends was on the disk of a majority`)

    const before = syncs()
    const groups = Array.from({ length: AT_ONCE }, (_, i) => 1 + (i % GROUPS))
    await Promise.all(groups.map(group => append(leaders.get(group)!, group)))
    syncs().forEach((count, node) => {
      const shared = count - before[node]!
      t.ok(
        shared < AT_ONCE / 4,
        `${shared} syncs on ${cluster.nodes[node]!.name} for ${AT_ONCE} appends of ${GROUPS} groups`
      )
    })
  }
)

/** Calls that have come back; one that another thread interrupts is reported in two lines. */
function countSyncs(file: string): number {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter(line => /(fdatasync|fsync).*= 0$/.test(line)).length
}

/** What the slowest node still syncs of the last append does not count for the next. */
async function settled(syncs: () => number[]): Promise<number[]> {
  for (let before = syncs(); ; ) {
    await new Promise(resolve => setTimeout(resolve, 20))
    const now = syncs()
    if (now.every((count, node) => count === before[node])) return now
    before = now
  }
}

function append(leader: BareNode, group: number): Promise<void> {
  const body = Buffer.alloc(104)
  body.writeUInt32BE(group, 0)
  return new Promise((resolve, reject) =>
    leader.probe.call(ProbeCall.propose, body, error => (error === undefined ? resolve() : reject(error)))
  )
}
