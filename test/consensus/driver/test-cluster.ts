import { EMPTY_CONF_STATE } from '../../../src/consensus/core/index.js'
import {
  Consensus,
  type ConsensusOptions,
  type GroupPosition,
  type GroupRole,
  type GroupStatus,
  type Member,
  type Membership
} from '../../../src/consensus/index.js'
import { type Clock, ManualClock, silentLogger, type Timer } from '../../../src/kernel/index.js'
import { SeededRandom } from '../../../src/storage/testing.js'
import { HeldLog } from './held-log.js'
import { MemoryNetwork } from './memory-network.js'
import { Recorder } from './recorder.js'

export const GROUP = 1
const NAMES = ['a', 'b', 'c', 'd', 'e']

export interface ClusterOptions {
  readonly roles?: readonly GroupRole[]
  readonly priorities?: readonly number[]
  readonly groups?: number
  readonly options?: Partial<ConsensusOptions>
  readonly machine?: () => Recorder
}

export class TestNode {
  readonly machines = new Map<number, Recorder>()
  readonly events: string[] = []
  consensus!: Consensus
  clock!: NodeClock
  isUp = false

  constructor(
    readonly name: string,
    public log: HeldLog
  ) {}

  get machine(): Recorder {
    return this.machines.get(GROUP)!
  }

  get status(): GroupStatus {
    return this.consensus.status(GROUP)!
  }
}

/** The common clock, as a process sees it that may stand still. */
class NodeClock implements Clock {
  isFrozen = false
  readonly #overdue = new Set<() => void>()

  constructor(private readonly inner: ManualClock) {}

  now(): number {
    return this.inner.now()
  }

  monotonicMs(): number {
    return this.inner.monotonicMs()
  }

  after(delayMs: number, task: () => void): Timer {
    return this.inner.after(delayMs, () => this.#run(task))
  }

  every(intervalMs: number, task: () => void): Timer {
    return this.inner.every(intervalMs, () => this.#run(task))
  }

  /** Each timer once, however often it would have run. */
  runOverdue(): void {
    const tasks = [...this.#overdue]
    this.#overdue.clear()
    for (const task of tasks) task()
  }

  #run(task: () => void): void {
    if (this.isFrozen) this.#overdue.add(task)
    else task()
  }
}

/** Several nodes in one process over a network in memory, with a clock that the test moves. */
export class TestCluster {
  readonly clock = new ManualClock()
  readonly network = new MemoryNetwork()
  readonly nodes: TestNode[] = []
  readonly #random = new SeededRandom(7)

  private constructor(readonly options: ClusterOptions) {}

  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    const cluster = new TestCluster(options)
    const { roles = ['PRIMARY', 'PRIMARY', 'PRIMARY'] } = options
    for (let i = 0; i < roles.length; i++) {
      const node = new TestNode(NAMES[i]!, new HeldLog())
      cluster.nodes.push(node)
      await cluster.startNode(node, i + 1)
    }
    await cluster.elect(0)
    return cluster
  }

  get a(): TestNode {
    return this.nodes[0]!
  }

  get b(): TestNode {
    return this.nodes[1]!
  }

  get c(): TestNode {
    return this.nodes[2]!
  }

  get leader(): TestNode | undefined {
    return this.nodes.filter(node => node.isUp && node.status.role === 'leader').sort(byTerm)[0]
  }

  foundingMembership(self: number): Membership {
    const { roles = ['PRIMARY', 'PRIMARY', 'PRIMARY'], priorities = [] } = this.options
    const members: Member[] = roles.map((role, i) => ({
      id: i + 1,
      node: NAMES[i]!,
      role,
      priority: priorities[i] ?? 0
    }))
    const idsOf = (isVoter: boolean) =>
      members.filter(({ role }) => (role === 'PRIMARY') === isVoter).map(({ id }) => id)
    return { self, conf: { ...EMPTY_CONF_STATE, voters: idsOf(true), learners: idsOf(false) }, members }
  }

  async startNode(node: TestNode, self: number, membership = this.foundingMembership(self)): Promise<void> {
    this.#build(node)
    await node.consensus.open(new Map())
    for (let group = GROUP; group < GROUP + (this.options.groups ?? 1); group++) {
      const machine = this.options.machine?.() ?? new Recorder()
      node.machines.set(group, machine)
      await node.consensus.start(group, machine, { index: 0, term: 0, membership })
    }
  }

  /** A node that waits for a leader. */
  async addNode(name: string, self: number): Promise<TestNode> {
    const node = new TestNode(name, new HeldLog())
    this.nodes.push(node)
    await this.startNode(node, self, { self, conf: EMPTY_CONF_STATE, members: [] })
    return node
  }

  /** The process is gone; its disk stays. */
  crash(node: TestNode): void {
    this.network.remove(node.name)
    node.isUp = false
    node.log = node.log.reopened()
  }

  async restart(node: TestNode): Promise<void> {
    await this.startNode(node, this.nodes.indexOf(node) + 1)
  }

  /** With the state of a checkpoint. */
  async restartAt(
    node: TestNode,
    checkpoint: { readonly position: GroupPosition; readonly state: readonly string[] }
  ): Promise<void> {
    this.#build(node)
    const { position, state } = checkpoint
    await node.consensus.open(new Map([[GROUP, position]]))
    const machine = this.options.machine?.() ?? new Recorder()
    machine.applied.push(...state)
    node.machines.set(GROUP, machine)
    await node.consensus.start(GROUP, machine, position)
  }

  /** The process stands still: neither its timers nor what it deferred runs. */
  freeze(node: TestNode): { thaw: () => void } {
    node.clock.isFrozen = true
    return {
      thaw: () => {
        node.clock.isFrozen = false
        node.clock.runOverdue()
      }
    }
  }

  async elect(at: number): Promise<TestNode> {
    const node = this.nodes[at]!
    await this.settle()
    node.consensus.campaign(GROUP)
    await this.settle()
    return node
  }

  /** Everything that can happen without time has happened. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 6; ) {
      await new Promise(resolve => setImmediate(resolve))
      const isBusy =
        this.network.inFlight > 0 || this.nodes.some(node => node.isUp && !node.consensus.loop.isIdle)
      quiet = isBusy ? 0 : quiet + 1
    }
  }

  /** In steps of half a tick, each of them to its end. */
  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50)
      await this.settle()
    }
  }

  async until(holds: () => boolean, withinMs = 20_000): Promise<void> {
    for (let passed = 0; !holds(); passed += 50) {
      if (passed >= withinMs) throw new Error(`not within ${withinMs} ms`)
      await this.advance(50)
    }
  }

  propose(node: TestNode, text: string, group = GROUP): Promise<unknown> {
    return node.consensus.propose(group, Buffer.from(text))
  }

  close(): void {
    for (const node of this.nodes) this.network.remove(node.name)
  }

  #build(node: TestNode): void {
    node.isUp = true
    node.clock = new NodeClock(this.clock)
    node.consensus = new Consensus({
      node: node.name,
      log: node.log,
      clock: node.clock,
      runtime: { defer: task => setImmediate(task) },
      random: () => this.#random.next(),
      logger: silentLogger,
      transport: this.network.transport(node.name),
      onFatal: error => node.events.push(`fatal: ${String(error)}`),
      events: {
        removed: group => node.events.push(`removed from ${group}`),
        failed: (_group, error) => node.events.push(`failed: ${error.message}`)
      },
      ...this.options.options
    })
  }
}

function byTerm(a: TestNode, b: TestNode): number {
  return b.status.term - a.status.term
}

export const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    value => value,
    (error: unknown) => error
  )
