import { randomBytes } from 'node:crypto'
import { closedLoop, type LoopResult } from './closed-loop.js'
import type { EtcdCluster } from './etcd-cluster.js'

const KEYS = 10_000

/** Puts to the leader, each acknowledged after its sync on a majority. */
export async function etcdPuts(
  cluster: EtcdCluster,
  load: {
    readonly inFlight: number
    readonly payloadBytes: number
    readonly seconds: number
    readonly warmUpSeconds: number
  }
): Promise<LoopResult> {
  const { client } = await cluster.leader()
  const value = randomBytes(load.payloadBytes)
  const keys = Array.from({ length: KEYS }, (_, i) => Buffer.from(String(i).padStart(8, '0')))
  let next = 0
  try {
    return await closedLoop(done => client.put(keys[next++ % KEYS]!, value, done), {
      ...load,
      pids: cluster.pids
    })
  } finally {
    client.close()
  }
}
