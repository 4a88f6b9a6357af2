import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../test/cluster/processes/free-ports.js'
import { EtcdClient } from './etcd-client.js'

const START_DEADLINE_MS = 30_000
const NAMES = ['one', 'two', 'three']

interface Member {
  readonly clientPort: number
  readonly args: readonly string[]
  child: ChildProcess
}

/** Three etcd processes on the loopback with etcd's own defaults, in a temporary directory. */
export class EtcdCluster {
  readonly #directory = mkdtempSync(join(tmpdir(), 'myelin-bench-etcd-'))
  #members: Member[] = []
  #output = ''
  readonly #killAll = () => {
    for (const { child } of this.#members) child.kill('SIGKILL')
  }

  private constructor(private readonly binary: string) {
    process.on('exit', this.#killAll)
  }

  static async start(binary: string): Promise<EtcdCluster> {
    const cluster = new EtcdCluster(binary)
    await cluster.#start()
    return cluster
  }

  get pids(): number[] {
    return this.#members.filter(isRunning).map(({ child }) => child.pid!)
  }

  get clientPorts(): number[] {
    return this.#members.map(({ clientPort }) => clientPort)
  }

  /** A client of the leader, and the leader. */
  async leader(): Promise<{ client: EtcdClient; member: Member }> {
    const endMs = performance.now() + START_DEADLINE_MS
    while (performance.now() < endMs) {
      for (const member of this.#members.filter(isRunning)) {
        const client = new EtcdClient(member.clientPort)
        const status = await client.status().catch(() => undefined)
        if (status !== undefined && status.member === status.leader) return { client, member }
        client.close()
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error(`etcd has no leader after ${START_DEADLINE_MS} ms:\n${this.#output}`)
  }

  /** After its process has ended; resolves when it answers again. */
  async restart(member: Member): Promise<void> {
    if (isRunning(member)) await new Promise(resolve => member.child.once('exit', resolve))
    member.child = this.#spawn(member.args)
    for (;;) {
      const client = new EtcdClient(member.clientPort)
      const status = await client.status().catch(() => undefined)
      client.close()
      if (status !== undefined && status.leader !== '' && status.leader !== '0') return
      if (!isRunning(member)) throw new Error(`etcd ended:\n${this.#output}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  async stop(): Promise<void> {
    const ended = this.#members
      .filter(isRunning)
      .map(({ child }) => new Promise(resolve => child.once('exit', resolve)))
    this.#killAll()
    await Promise.all(ended)
    process.off('exit', this.#killAll)
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 })
  }

  async #start(): Promise<void> {
    const ports = await freePorts(NAMES.length * 2)
    const url = (port: number) => `http://127.0.0.1:${port}`
    const peers = NAMES.map((name, i) => `${name}=${url(ports[i]!)}`).join(',')
    this.#members = NAMES.map((name, i) => {
      const clientPort = ports[NAMES.length + i]!
      const args = [
        ['--name', name],
        ['--data-dir', join(this.#directory, name)],
        ['--listen-peer-urls', url(ports[i]!)],
        ['--initial-advertise-peer-urls', url(ports[i]!)],
        ['--listen-client-urls', url(clientPort)],
        ['--advertise-client-urls', url(clientPort)],
        ['--initial-cluster', peers],
        ['--logger', 'zap'],
        ['--log-level', 'error']
      ].flat()
      return { clientPort, args, child: this.#spawn(args) }
    })
  }

  #spawn(args: readonly string[]): ChildProcess {
    const child = spawn(this.binary, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const collect = (text: Buffer) => {
      this.#output = (this.#output + text).slice(-10_000)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    return child
  }
}

function isRunning({ child }: Member): boolean {
  return child.exitCode === null && child.signalCode === null
}
