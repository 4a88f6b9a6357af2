import { join } from 'node:path'
import { ownProperties } from '../../../src/kernel/config/properties/own.js'
import { repository } from '../../support/repository.js'
import { freePorts } from './free-ports.js'
import { RaftProcess } from './raft-process.js'
import { TcpProxy } from './tcp-proxy.js'

const NAMES = ['a', 'b', 'c']
const LEADER_DEADLINE_MS = 30_000
const PROBE = join(repository, 'dist', 'test', 'cluster', 'processes', 'probe-plugin.js')

export interface RaftProcessesOptions {
  readonly properties?: Readonly<Record<string, string>>
  /** A TCP proxy for each direction of each pair. */
  readonly proxies?: boolean
  /** Per node: its address, and the command that it runs below. */
  readonly places?: readonly { readonly host: string; readonly prefix: readonly string[] }[]
}

/** Three whole servers that form every replication group together, on the loopback unless they have places of their own. */
export class RaftProcesses {
  readonly nodes: readonly RaftProcess[]
  readonly #links = new Map<string, TcpProxy>()

  private constructor(nodes: readonly RaftProcess[], links: ReadonlyMap<string, TcpProxy>) {
    this.nodes = nodes
    this.#links = new Map(links)
  }

  static async start(options: RaftProcessesOptions = {}): Promise<RaftProcesses> {
    const ports = await freePorts(NAMES.length)
    const links = options.proxies === true ? await linkAll(ports) : new Map<string, TcpProxy>()
    const nodes = NAMES.map((name, i) => {
      const { host = '127.0.0.1', prefix = [] } = options.places?.[i] ?? {}
      const peers = NAMES.map((peer, j) => {
        const proxy = links.get(`${name}-${peer}`)
        return `${peer}=${options.places?.[j]?.host ?? '127.0.0.1'}:${proxy?.port ?? ports[j]}`
      })
      const properties = {
        'axoniq.axonserver.name': name,
        'axoniq.axonserver.hostname': host,
        'axoniq.axonserver.internal-port': String(ports[i]),
        'myelin.raft.development-peers': peers.join(','),
        'myelin.plugins': `${defaultOf('myelin.plugins')}, ${PROBE}`,
        'probe.host': host,
        ...options.properties
      }
      return new RaftProcess({ name, host, prefix, properties })
    })
    const processes = new RaftProcesses(nodes, links)
    try {
      await Promise.all(nodes.map(node => node.start()))
      await processes.serving()
    } catch (error) {
      await processes.remove()
      throw error
    }
    return processes
  }

  node(name: string): RaftProcess {
    return this.nodes.find(node => node.name === name)!
  }

  get pids(): number[] {
    return this.nodes.filter(node => node.isRunning).map(node => node.pid)
  }

  /** How `from` reaches `to`. */
  link(from: RaftProcess, to: RaftProcess): TcpProxy {
    return this.#links.get(`${from.name}-${to.name}`)!
  }

  get links(): readonly TcpProxy[] {
    return [...this.#links.values()]
  }

  /** The node that says of itself that it leads, in the newest term. */
  async findLeader(): Promise<RaftProcess | undefined> {
    let found: { readonly node: RaftProcess; readonly term: number } | undefined
    for (const node of this.nodes.filter(one => one.isResponsive)) {
      const status = await node.status().catch(() => undefined)
      if (status?.role.toLowerCase() !== 'leader' || status.term < (found?.term ?? 0)) continue
      found = { node, term: status.term }
    }
    return found?.node
  }

  async leader(deadlineMs = LEADER_DEADLINE_MS): Promise<RaftProcess> {
    const endMs = performance.now() + deadlineMs
    for (;;) {
      const found = await this.findLeader()
      if (found !== undefined) return found
      if (performance.now() > endMs) throw new Error(`no leader within ${deadlineMs} ms\n${this.outputs()}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  /** Waits until every node has the context and reads from it show all that is committed. */
  async serving(deadlineMs = LEADER_DEADLINE_MS): Promise<void> {
    const endMs = performance.now() + deadlineMs
    for (const node of this.nodes) {
      for (;;) {
        const failure = await node.probe.command('lastToken').then(
          () => undefined,
          (error: unknown) => error
        )
        if (failure === undefined) break
        if (performance.now() > endMs)
          throw new Error(`${node.name} does not serve: ${failure}\n${this.outputs()}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }
  }

  outputs(): string {
    return this.nodes.map(({ name, output }) => `--- ${name}\n${output.slice(-4000)}`).join('\n')
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map(node => node.kill()))
    await Promise.all([...this.#links.values()].map(proxy => proxy.close()))
    for (const node of this.nodes) node.remove()
  }
}

async function linkAll(ports: readonly number[]): Promise<Map<string, TcpProxy>> {
  const links = new Map<string, TcpProxy>()
  for (const from of NAMES) {
    for (const [i, to] of NAMES.entries()) {
      if (from === to) continue
      const proxy = await TcpProxy.listen()
      proxy.leadTo(ports[i]!)
      links.set(`${from}-${to}`, proxy)
    }
  }
  return links
}

function defaultOf(name: string): string {
  return ownProperties.find(property => property.name === name)!.default!
}
