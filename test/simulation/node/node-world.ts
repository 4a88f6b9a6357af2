import type { ConfState, NodeId } from '../../../src/consensus/core/types.js'
import { EMPTY_CONF_STATE } from '../../../src/consensus/core/types.js'
import type { GroupPosition, GroupRole, Member } from '../../../src/consensus/ports.js'
import type { Logger } from '../../../src/kernel/index.js'
import type { LoggedValue } from '../history/operation.js'
import { Observer } from '../invariants/observer.js'
import type { SimulationConfig } from '../world/config.js'
import { SimulatedNetwork } from '../world/network.js'
import { randomFor } from '../world/randoms.js'
import { TraceHash } from '../world/trace-hash.js'
import { VirtualClock } from '../world/virtual-clock.js'
import { bootEventStore } from './event-store-host.js'
import { checkGate } from './gate-rule.js'
import type { NodeHooks } from './hooks.js'
import type { Host } from './host.js'
import { JournalDisk } from './journal-disk.js'
import { MemoryDisk } from './memory-disk.js'
import { NodeClients } from './node-clients.js'
import { type NodeConfig, STEP_MS } from './node-config.js'
import type { ProcessClock } from './process-clock.js'
import { bootRegisters } from './register-host.js'
import { SimulatedGroup } from './simulated-group.js'
import { SimulatedProcess } from './simulated-process.js'

/** A configuration entry carries the table of members. */
const ENTRY_BYTES_MAX = 4096

export interface NodeWorldOptions {
  readonly logger?: Logger
  readonly hooks?: NodeHooks
}

/** Processes that run the product's driver, their disks, the network between them, clients and observers. */
export class NodeWorld {
  readonly clock = new VirtualClock()
  readonly hash = new TraceHash()
  readonly processes = new Map<NodeId, SimulatedProcess>()
  readonly groups: SimulatedGroup[] = []
  readonly network: SimulatedNetwork
  readonly clients: NodeClients
  readonly counts = { commits: 0, snapshots: 0, crashes: 0, messages: 0 }
  readonly diskRandom
  readonly clockRandom
  readonly snapshotRandom
  readonly electionRandom: () => number
  /** Processes whose cores are not all there yet. */
  readonly starting = new Set<SimulatedProcess>()
  /** The process of the action that runs. */
  touched: SimulatedProcess | undefined
  #failure: unknown
  readonly logger: Logger | undefined
  readonly hooks: NodeHooks
  readonly #stalledDisks = new Map<NodeId, number>()
  readonly #members: Member[]
  readonly #conf: ConfState
  #isCalm = false
  #nextId = 1

  constructor(
    readonly config: SimulationConfig,
    readonly nodeConfig: NodeConfig,
    { logger, hooks = {} }: NodeWorldOptions = {}
  ) {
    this.logger = logger
    this.hooks = hooks
    const { seed } = config
    this.diskRandom = randomFor(seed, 'disk')
    this.clockRandom = randomFor(seed, 'clock')
    this.snapshotRandom = randomFor(seed, 'snapshot')
    const elections = randomFor(seed, 'elections')
    this.electionRandom = () => elections.next()
    this.network = new SimulatedNetwork({
      clock: this.clock,
      random: randomFor(seed, 'network'),
      delayMin: 1,
      delayMax: config.delayMax * STEP_MS,
      dropShare: config.dropShare,
      duplicateShare: config.duplicateShare
    })
    this.#members = this.#foundingMembers()
    const { voters } = config
    const ids = this.#members.map(({ id }) => id)
    this.#conf = { ...EMPTY_CONF_STATE, voters: ids.slice(0, voters), learners: ids.slice(voters) }
    for (let id = 1; id <= nodeConfig.groups; id++) this.#foundGroup(id)
    this.clients = new NodeClients(this)
    for (const { id } of this.#members) this.#startProcess(id)
  }

  get failure(): unknown {
    return this.#failure
  }

  fail(error: unknown): void {
    this.#failure ??= error
  }

  /** Runs a check inside the product's own calls: a breach ends the run, not the product. */
  guard(check: () => void): void {
    if (this.#failure !== undefined) return
    try {
      check()
    } catch (error) {
      this.fail(error)
    }
  }

  groupOf(id: number): SimulatedGroup {
    return this.groups[id - 1]!
  }

  processNamed(name: string): SimulatedProcess | undefined {
    return this.processes.get(Number(name.slice(name.indexOf('-') + 1)))
  }

  leaderOf(group: number): SimulatedProcess | undefined {
    let leader: SimulatedProcess | undefined
    let highest = 0
    for (const process of this.processes.values()) {
      const raft = process.raftOf(group)?.raft
      if (raft === undefined || raft.leader !== process.id || raft.term <= highest) continue
      leader = process
      highest = raft.term
    }
    return leader
  }

  /** What the product gets when it starts on an empty disk. */
  firstPosition(id: NodeId): GroupPosition {
    const isFounder = this.#members.some(member => member.id === id)
    const membership = isFounder
      ? { self: id, conf: this.#conf, members: this.#members }
      : { self: id, conf: EMPTY_CONF_STATE, members: [] }
    return { index: 0, term: 0, membership }
  }

  newMember(role: GroupRole, priority: number): Member {
    const id = this.#nextId++
    const { name } = this.#startProcess(id)
    return { id, node: name, role, priority }
  }

  boot(process: SimulatedProcess, clock: ProcessClock): Promise<Host> {
    const disk = process.disk as MemoryDisk | JournalDisk
    const log = disk.attachLog()
    const options = { process, clock, log: this.hooks.log?.(log) ?? log }
    if (this.nodeConfig.storage === 'store') return bootEventStore({ ...options, disk: disk as JournalDisk })
    return bootRegisters({ ...options, device: this.hooks.states?.(disk.states) ?? disk.states })
  }

  crash(process: SimulatedProcess): void {
    if (!process.isUp) return
    this.counts.crashes++
    process.crash()
  }

  crashed(process: SimulatedProcess): void {
    this.clients.crashed(process)
  }

  startFailed(process: SimulatedProcess, life: number, error: unknown): void {
    if (process.life === life && process.isUp) this.fail(error)
  }

  applied(group: SimulatedGroup, values: readonly LoggedValue[]): void {
    this.counts.commits++
    group.checker.logged(values)
  }

  installed(): void {
    this.counts.snapshots++
  }

  stallDisk(id: NodeId, duration: number): void {
    this.#stalledDisks.set(id, this.clock.now + duration)
  }

  diskDelay(id: NodeId): number {
    const longest = this.#isCalm ? STEP_MS / 2 : this.config.diskDelayMax * STEP_MS
    const stalled = Math.max(0, (this.#stalledDisks.get(id) ?? 0) - this.clock.now)
    return 1 + stalled + this.diskRandom.below(longest)
  }

  isDiskFull(): boolean {
    return !this.#isCalm && this.nodeConfig.fullShare > 0 && this.diskRandom.chance(this.nodeConfig.fullShare)
  }

  breaksStream(): boolean {
    return !this.#isCalm && this.config.faults.snapshot && this.snapshotRandom.chance(0.1)
  }

  calm(): void {
    this.#isCalm = true
    this.#stalledDisks.clear()
    this.network.heal()
  }

  /** After every action, when nothing runs any more. */
  settle(): void {
    for (const process of this.starting) if (process.adopt()) this.starting.delete(process)
    const process = this.touched
    this.touched = undefined
    if (process === undefined || !process.isUp) return
    for (const { id } of this.groups) {
      const raft = process.raftOf(id)?.raft
      if (raft === undefined) continue
      if (raft.leader === process.id) this.guard(() => checkGate(process, id))
      this.hash.add(
        this.clock.now,
        process.id * 8 + raft.role,
        raft.term,
        raft.log.committed * 4096 + raft.log.lastIndex
      )
    }
  }

  #foundingMembers(): Member[] {
    const { voters, backups, learners } = this.config
    const random = randomFor(this.config.seed, 'members')
    const roles: GroupRole[] = [
      ...new Array<GroupRole>(voters).fill('PRIMARY'),
      ...new Array<GroupRole>(backups).fill('ACTIVE_BACKUP'),
      ...new Array<GroupRole>(learners).fill('PASSIVE_BACKUP')
    ]
    return roles.map(role => {
      const id = this.#nextId++
      const priority = this.nodeConfig.hasPriorities && role === 'PRIMARY' ? random.below(3) : 0
      return { id, node: `node-${id}`, role, priority }
    })
  }

  /** The driver writes the founding members as the first entries, one each. */
  #foundGroup(id: number): void {
    const observer = new Observer({
      disk: node => this.processes.get(node)?.disk.logOf(id),
      isBackup: () => false,
      entryBytesMax: ENTRY_BYTES_MAX
    })
    observer.known.beginAt(this.#members.length)
    observer.applied.beginAt(this.#members.length, this.#conf)
    this.groups.push(new SimulatedGroup(id, observer))
  }

  #startProcess(id: NodeId): SimulatedProcess {
    const { storage } = this.nodeConfig
    const disk =
      storage === 'memory'
        ? new MemoryDisk()
        : new JournalDisk(this.config.seed * 64 + id, storage === 'journal')
    const process = new SimulatedProcess(id, disk, this)
    disk.process = process
    this.processes.set(id, process)
    process.start()
    return process
  }
}
