import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../test/cluster/processes/free-ports.js'
import { EtcdClient } from './etcd-client.js'

const START_DEADLINE_MS = 30_000
const NAMES = ['one', 'two', 'three']

/** Three etcd processes on the loopback with etcd's own defaults, in a temporary directory. */
export class EtcdCluster {
  readonly #directory = mkdtempSync(join(tmpdir(), 'myelin-bench-etcd-'))
  #members: { readonly clientPort: number; readonly child: ChildProcess }[] = []
  #output = ''
  readonly #killAll = () => {
    for (const { child } of this.#members) child.kill('SIGKILL')
  }

  static async start(binary: string): Promise<EtcdCluster> {
    const cluster = new EtcdCluster()
    await cluster.#start(binary)
    return cluster
  }

  get pids(): number[] {
    return this.#members.filter(({ child }) => child.exitCode === null).map(({ child }) => child.pid!)
  }

  /** A client of the leader, and the leader's process. */
  async leader(deadlineMs = START_DEADLINE_MS): Promise<{ client: EtcdClient; child: ChildProcess }> {
    const endMs = performance.now() + deadlineMs
    while (performance.now() < endMs) {
      for (const { clientPort, child } of this.#members) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const client = new EtcdClient(clientPort)
        const status = await client.status().catch(() => undefined)
        if (status !== undefined && status.member === status.leader) return { client, child }
        client.close()
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error(`etcd has no leader after ${deadlineMs} ms:\n${this.#output}`)
  }

  async stop(): Promise<void> {
    const ended = this.#members
      .filter(({ child }) => child.exitCode === null && child.signalCode === null)
      .map(({ child }) => new Promise(resolve => child.once('exit', resolve)))
    this.#killAll()
    await Promise.all(ended)
    process.off('exit', this.#killAll)
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 })
  }

  async #start(binary: string): Promise<void> {
    process.on('exit', this.#killAll)
    const ports = await freePorts(NAMES.length * 2)
    const url = (port: number) => `http://127.0.0.1:${port}`
    const peers = NAMES.map((name, i) => `${name}=${url(ports[i]!)}`).join(',')
    this.#members = NAMES.map((name, i) => {
      const clientPort = ports[NAMES.length + i]!
      const child = spawn(
        binary,
        [
          ['--name', name],
          ['--data-dir', join(this.#directory, name)],
          ['--listen-peer-urls', url(ports[i]!)],
          ['--initial-advertise-peer-urls', url(ports[i]!)],
          ['--listen-client-urls', url(clientPort)],
          ['--advertise-client-urls', url(clientPort)],
          ['--initial-cluster', peers],
          ['--logger', 'zap'],
          ['--log-level', 'error']
        ].flat(),
        { stdio: ['ignore', 'pipe', 'pipe'] }
      )
      const collect = (text: Buffer) => {
        this.#output = (this.#output + text).slice(-10_000)
      }
      child.stdout.on('data', collect)
      child.stderr.on('data', collect)
      return { clientPort, child }
    })
  }
}
