import type { Message } from '../../../src/consensus/core/message.js'
import type { TraceSink } from '../../../src/consensus/core/trace.js'
import type { ConfState, Entry, NodeId } from '../../../src/consensus/core/types.js'
import { HistoryChecker } from '../history/checker.js'
import type { LoggedValue } from '../history/operation.js'
import { EMPTY_REGISTER } from '../history/register.js'
import { checkMessage } from '../invariants/message-rules.js'
import { Observer } from '../invariants/observer.js'
import type { SimulationConfig } from '../world/config.js'
import { SimulatedNetwork } from '../world/network.js'
import { randomFor } from '../world/randoms.js'
import { TraceHash } from '../world/trace-hash.js'
import { VirtualClock } from '../world/virtual-clock.js'
import { CoreClients } from './core-clients.js'
import { type Checkpoint, CoreDisk, EMPTY_CHECKPOINT } from './core-disk.js'
import { CoreNode } from './core-node.js'

/** The clock's units in one tick of a healthy node. */
export const TICK = 16
const PADDING_BYTES_MAX = 200

/** A cluster of one group in memory: nodes, their disks, the network, the clients and the observer. */
export class CoreWorld {
  readonly clock = new VirtualClock()
  readonly hash = new TraceHash()
  readonly nodes = new Map<NodeId, CoreNode>()
  readonly observer: Observer
  readonly network: SimulatedNetwork
  readonly checker = new HistoryChecker()
  readonly clients: CoreClients
  readonly counts = { commits: 0, confChanges: 0, snapshots: 0, crashes: 0, messages: 0 }
  readonly diskRandom
  readonly clockRandom
  readonly electionRandom: () => number
  readonly #snapshotRandom
  readonly #stalledDisks = new Map<NodeId, number>()
  readonly #backups = new Set<NodeId>()
  #isCalm = false
  #nextId = 1

  constructor(
    readonly config: SimulationConfig,
    readonly traceSink?: TraceSink
  ) {
    const { seed } = config
    this.diskRandom = randomFor(seed, 'disk')
    this.clockRandom = randomFor(seed, 'clock')
    this.#snapshotRandom = randomFor(seed, 'snapshot')
    const elections = randomFor(seed, 'elections')
    this.electionRandom = () => elections.next()
    this.observer = new Observer({
      disk: id => this.nodes.get(id)?.disk,
      isBackup: id => this.isBackup(id),
      entryBytesMax: PADDING_BYTES_MAX + 64
    })
    this.network = new SimulatedNetwork({
      clock: this.clock,
      random: randomFor(seed, 'network'),
      delayMin: 2,
      delayMax: config.delayMax * TICK,
      dropShare: config.dropShare,
      duplicateShare: config.duplicateShare
    })
    this.clients = new CoreClients(this, PADDING_BYTES_MAX)
    this.#found()
  }

  get hasColdLog(): boolean {
    return this.config.faults.coldLog
  }

  /** The faults of the disks and of the snapshots end. */
  calm(): void {
    this.#isCalm = true
    this.#stalledDisks.clear()
    this.network.heal()
  }

  isBackup(id: NodeId): boolean {
    return this.#backups.has(id)
  }

  /** A node that waits for the group's leader. */
  addNode(isBackup: boolean): CoreNode {
    const id = this.#nextId++
    if (isBackup) this.#backups.add(id)
    return this.#create(id, EMPTY_CHECKPOINT)
  }

  leader(): CoreNode | undefined {
    let leader: CoreNode | undefined
    for (const node of this.nodes.values()) {
      if (!node.isLeader) continue
      if (leader === undefined || node.raw!.raft.term > leader.raw!.raft.term) leader = node
    }
    return leader
  }

  send(from: CoreNode, message: Message): void {
    const { to } = message
    checkMessage(message, from.id, from.disk)
    this.counts.messages++
    this.network.send(from.id, to, () => this.#deliver(to, message, undefined))
  }

  /** On a stream of its own, whose outcome the sender is told in any case. */
  sendSnapshot(from: CoreNode, message: Message, content: Checkpoint): void {
    const { to } = message
    const isBroken = this.#hasSnapshotFaults && this.#snapshotRandom.chance(0.3)
    from.when(this.diskDelay(to) + 2, () => {
      const isThere = this.nodes.get(to)?.isUp === true && !this.network.isBlocked(from.id, to)
      if (isThere && !isBroken) this.#deliver(to, message, content)
      // The connection may end after the installation and before the answer.
      const isReportedLost = this.#hasSnapshotFaults && this.#snapshotRandom.chance(0.2)
      from.when(TICK, () => {
        from.raw!.reportSnapshot(to, isThere && !isBroken && !isReportedLost)
        from.drain()
      })
    })
  }

  isSnapshotUnavailable(): boolean {
    return this.#hasSnapshotFaults && this.#snapshotRandom.chance(0.3)
  }

  stallDisk(id: NodeId, duration: number): void {
    this.#stalledDisks.set(id, this.clock.now + duration)
  }

  diskDelay(id: NodeId): number {
    const longest = this.#isCalm ? TICK / 2 : this.config.diskDelayMax * TICK
    const stalled = Math.max(0, (this.#stalledDisks.get(id) ?? 0) - this.clock.now)
    return 1 + stalled + this.diskRandom.below(longest)
  }

  applyDelay(): number {
    return 1 + this.diskRandom.below(this.#isCalm ? 4 : TICK)
  }

  /** An entry was applied for the first time in the cluster. */
  applied(entry: Entry, values: readonly LoggedValue[]): void {
    this.counts.commits++
    if (entry.kind !== 0) this.counts.confChanges++
    if (values.length > 0) this.checker.logged(values)
  }

  stepped({ id, raw }: CoreNode): void {
    const { term, role, log } = raw!.raft
    this.hash.add(this.clock.now, id * 8 + role, term, log.committed * 4096 + log.lastIndex)
  }

  get #hasSnapshotFaults(): boolean {
    return this.config.faults.snapshot && !this.#isCalm
  }

  #deliver(to: NodeId, message: Message, content: Checkpoint | undefined): void {
    this.nodes.get(to)?.run(() => this.nodes.get(to)!.receive(message, content))
  }

  #create(id: NodeId, checkpoint: Checkpoint): CoreNode {
    const disk = new CoreDisk(checkpoint)
    if (checkpoint.index > 0) disk.hardState = { term: checkpoint.term, vote: 0, commit: checkpoint.index }
    const node = new CoreNode(id, disk, this)
    this.nodes.set(id, node)
    node.start()
    this.#tickForEver(node)
    return node
  }

  /** All founders have the founding configuration as their first entry, already part of their state. */
  #found(): void {
    const { voters, backups, learners } = this.config
    const ids = Array.from({ length: voters + backups + learners }, (_, i) => i + 1)
    this.#nextId = ids.length + 1
    for (const id of ids.slice(voters, voters + backups)) this.#backups.add(id)
    const conf: ConfState = {
      voters: ids.slice(0, voters),
      outgoing: [],
      learners: ids.slice(voters),
      learnersNext: [],
      autoLeave: false
    }
    this.observer.known.beginAt(1)
    this.observer.applied.beginAt(1, conf)
    const checkpoint = { index: 1, term: 1, conf, state: { ...EMPTY_REGISTER, index: 1 } }
    for (const id of ids) this.#create(id, checkpoint)
  }

  /** Clocks run at different speeds where clocks are faulty. */
  #tickForEver(node: CoreNode): void {
    const isFaulty = this.config.faults.clock
    const interval = isFaulty ? Math.round(TICK * (0.7 + this.clockRandom.next() * 0.7)) : TICK
    const tick = () => {
      this.clock.after(this.#isCalm ? TICK : interval, tick)
      if (node.isUp && !node.isPaused) node.tick()
    }
    this.clock.after(this.clockRandom.below(TICK), tick)
  }
}
