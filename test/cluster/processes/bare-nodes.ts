import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository } from '../../support/repository.js'
import type { BareNodeOptions } from './bare-node.js'
import { freePorts } from './free-ports.js'
import { ProbeClient } from './probe-client.js'

const NAMES = ['a', 'b', 'c']
const DEADLINE_MS = 60_000
const PROGRAM = join(repository, 'dist', 'test', 'cluster', 'processes', 'bare-node.js')

export interface BareNode {
  readonly name: string
  readonly child: ChildProcess
  readonly probe: ProbeClient
}

/** What a node runs below, for example strace. */
type Prefix = (name: string, directory: string) => readonly string[]

/** Three processes with many groups and no event store. */
export class BareNodes {
  readonly directory = mkdtempSync(join(tmpdir(), 'myelin-bare-'))
  readonly #children: ChildProcess[] = []
  readonly #killAll = () => {
    for (const child of this.#children) if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL')
  }
  nodes: readonly BareNode[] = []

  private constructor(readonly groups: number) {
    process.on('exit', this.#killAll)
  }

  static async start(groups: number, prefix: Prefix = () => []): Promise<BareNodes> {
    const cluster = new BareNodes(groups)
    try {
      await cluster.#start(prefix)
      return cluster
    } catch (error) {
      await cluster.remove()
      throw error
    }
  }

  get pids(): number[] {
    return this.#children.map(child => child.pid!)
  }

  /** Per group, the node that leads it; waits until all have a leader. */
  async leaders(): Promise<Map<number, BareNode>> {
    const endMs = performance.now() + DEADLINE_MS
    for (;;) {
      const found = new Map<number, BareNode>()
      for (const node of this.nodes)
        for (const group of await node.probe.command<number[]>('leads')) found.set(group, node)
      if (found.size === this.groups) return found
      if (performance.now() > endMs) throw new Error(`${found.size} of ${this.groups} groups have a leader`)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }

  async remove(): Promise<void> {
    for (const { probe } of this.nodes) probe.close()
    const ended = this.#children
      .filter(child => child.exitCode === null && child.signalCode === null)
      .map(child => new Promise(resolve => child.once('exit', resolve)))
    this.#killAll()
    await Promise.all(ended)
    process.off('exit', this.#killAll)
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }

  async #start(prefix: Prefix): Promise<void> {
    const ports = await freePorts(NAMES.length)
    const peers = Object.fromEntries(NAMES.map((name, i) => [name, ports[i]!]))
    this.nodes = await Promise.all(
      NAMES.map(name => {
        const { groups, directory } = this
        return this.#launch({ name, directory, peers, groups }, prefix(name, directory))
      })
    )
  }

  async #launch(options: BareNodeOptions, prefix: readonly string[]): Promise<BareNode> {
    const [file, ...args] = [...prefix, process.execPath, PROGRAM, JSON.stringify(options)]
    const child = spawn(file!, args, {
      env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
      stdio: ['ignore', 'pipe', 'inherit'],
      // What runs below another command ends with it.
      detached: true
    })
    this.#children.push(child)
    const port = await portOf(child)
    return { name: options.name, child, probe: await ProbeClient.connect(port) }
  }
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(() => reject(new Error(`no probe: ${output}`)), DEADLINE_MS)
    child.stdout!.on('data', (piece: Buffer) => {
      output += piece
      const port = /Probe started on port: (\d+)/.exec(output)?.[1]
      if (port === undefined) return
      clearTimeout(timer)
      resolve(Number(port))
    })
    child.once('exit', code => reject(new Error(`ended with ${code}: ${output}`)))
  })
}
