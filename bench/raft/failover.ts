import { ProbeCall } from '../../test/cluster/processes/probe-protocol.js'
import type { RaftProcess } from '../../test/cluster/processes/raft-process.js'
import { RaftProcesses } from '../../test/cluster/processes/raft-processes.js'
import { EtcdClient } from './etcd-client.js'
import { EtcdCluster } from './etcd-cluster.js'
import { Appender } from './replicated-appends.js'

const RETRY_MS = 20
const ROUND_DEADLINE_MS = 30_000
/** Between two rounds, so that an election finds a group that has settled. */
const REST_MS = 1500

export interface FailoverResult {
  readonly rounds: number
  readonly medianMs: number
  readonly minMs: number
  readonly maxMs: number
}

/** From a kill −9 of the leader to the next append that anybody acknowledges, with one client that asks the others in turn. */
export async function failover(
  rounds: number,
  payloadBytes: number,
  properties: Readonly<Record<string, string>> = {}
): Promise<FailoverResult> {
  const processes = await RaftProcesses.start({ properties })
  try {
    return await measureRounds(rounds, async () => {
      const leader = await processes.leader()
      const others = processes.nodes.filter(node => node !== leader)
      const killedMs = performance.now()
      leader.signal('SIGKILL')
      const body = () => new Appender(Buffer.alloc(payloadBytes), 1).next()
      await firstAcknowledged(others.map(node => () => append(node, body())))
      const elapsedMs = performance.now() - killedMs
      await leader.kill()
      await leader.start()
      await processes.serving()
      return elapsedMs
    })
  } finally {
    await processes.remove()
  }
}

/** The same with etcd, whose members forward a put to the leader. */
export async function etcdFailover(
  binary: string,
  rounds: number,
  payloadBytes: number
): Promise<FailoverResult> {
  const cluster = await EtcdCluster.start(binary)
  const value = Buffer.alloc(payloadBytes)
  try {
    return await measureRounds(rounds, async () => {
      const { client, member } = await cluster.leader()
      client.close()
      const others = cluster.clientPorts.filter(port => port !== member.clientPort)
      const clients = others.map(port => new EtcdClient(port))
      const killedMs = performance.now()
      member.child.kill('SIGKILL')
      await firstAcknowledged(clients.map(one => () => put(one, value)))
      const elapsedMs = performance.now() - killedMs
      for (const one of clients) one.close()
      await cluster.restart(member)
      await cluster.leader()
      return elapsedMs
    })
  } finally {
    await cluster.stop()
  }
}

async function measureRounds(rounds: number, round: () => Promise<number>): Promise<FailoverResult> {
  const times: number[] = []
  for (let i = 0; i < rounds; i++) {
    await pause(REST_MS)
    times.push(await round())
  }
  times.sort((a, b) => a - b)
  const middle = times.length / 2
  const medianMs = (times[Math.ceil(middle) - 1]! + times[Math.floor(middle)]!) / 2
  return { rounds, medianMs, minMs: times[0]!, maxMs: times.at(-1)! }
}

/** Asks all again and again without waiting for answers: some come only when the request has timed out. */
async function firstAcknowledged(attempts: readonly (() => Promise<boolean>)[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const deadline = setTimeout(
      () => settle(() => reject(new Error(`nothing was acknowledged in ${ROUND_DEADLINE_MS} ms`))),
      ROUND_DEADLINE_MS
    )
    const asking = setInterval(askAll, RETRY_MS)
    askAll()

    function askAll(): void {
      for (const attempt of attempts) {
        void attempt().then(isAcknowledged => isAcknowledged && settle(resolve))
      }
    }
    function settle(how: () => void): void {
      clearTimeout(deadline)
      clearInterval(asking)
      how()
    }
  })
}

function append(node: RaftProcess, body: Buffer): Promise<boolean> {
  return new Promise(resolve =>
    node.probe.call(ProbeCall.append, body, error => resolve(error === undefined))
  )
}

function put(client: EtcdClient, value: Buffer): Promise<boolean> {
  return new Promise(resolve =>
    client.put(Buffer.from('failover'), value, error => resolve(error === undefined))
  )
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
