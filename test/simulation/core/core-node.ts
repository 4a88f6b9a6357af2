import { type Message, MessageType } from '../../../src/consensus/core/message.js'
import { RAFT_DEFAULTS } from '../../../src/consensus/core/options.js'
import { RawNode } from '../../../src/consensus/core/raw-node.js'
import type { Ready } from '../../../src/consensus/core/ready.js'
import { type Entry, type NodeId, Role, type Term } from '../../../src/consensus/core/types.js'
import type { Register } from '../history/register.js'
import { demand } from '../world/violation.js'
import { ApplyQueue } from './apply-queue.js'
import type { Checkpoint, CoreDisk } from './core-disk.js'
import { CoreLogView } from './core-log-view.js'
import { CoreState } from './core-state.js'
import type { CoreWorld } from './core-world.js'
import { LogCache } from './log-cache.js'
import { WriteQueue } from './write-queue.js'

/** One member: the product's core, a disk, a register as its state machine. A crash leaves the disk. */
export class CoreNode {
  raw: RawNode | undefined
  #state: CoreState | undefined
  /** Changes with every start and crash, so that what was under way for an earlier life is not done. */
  #life = 0
  #pausedUntil = 0
  #backlog: (() => void)[] = []
  readonly #offered = new Map<NodeId, Checkpoint>()
  readonly #incoming = new Map<number, Checkpoint>()
  readonly #cache: LogCache
  readonly #writes: WriteQueue
  readonly #applies: ApplyQueue

  constructor(
    readonly id: NodeId,
    readonly disk: CoreDisk,
    private readonly world: CoreWorld
  ) {
    this.#cache = new LogCache(this, world)
    this.#writes = new WriteQueue(this, world)
    this.#applies = new ApplyQueue(this, world)
  }

  get register(): Register | undefined {
    return this.#state?.register
  }

  get isUp(): boolean {
    return this.raw !== undefined
  }

  get isLeader(): boolean {
    return this.raw?.raft.role === Role.leader
  }

  get isPaused(): boolean {
    return this.#pausedUntil > this.world.clock.now
  }

  start(): void {
    const { disk, world } = this
    const { checkpoint } = disk
    this.#life++
    world.observer.applied.loaded(this.id, { ...checkpoint, digest: checkpoint.state.digest })
    const log = new CoreLogView({
      disk,
      mustLoad: from => this.#cache.mustLoad(from),
      offer: peer => this.#offer(peer)
    })
    this.raw = new RawNode({
      ...RAFT_DEFAULTS,
      ...world.config.raft,
      id: this.id,
      log,
      hardState: disk.hardState,
      applied: checkpoint.index,
      conf: checkpoint.conf,
      confIndexes: disk.confIndexesAbove(checkpoint.index),
      random: world.electionRandom,
      ...(world.traceSink === undefined ? {} : { trace: world.traceSink })
    })
    this.#state = new CoreState({ node: this, raw: this.raw, world }, checkpoint)
    this.setGate(world.config.minActiveBackups)
    world.observer.started(this.raw.raft, disk)
    this.drain()
  }

  /** Everything in memory is gone, and of the writes under way a prefix may have reached the disk. */
  crash(): void {
    this.#life++
    this.raw = undefined
    this.#state = undefined
    this.#pausedUntil = 0
    this.#backlog = []
    this.#offered.clear()
    this.#incoming.clear()
    this.#cache.clear()
    this.#applies.clear()
    this.#writes.crash()
    this.world.clients.nodeCrashed(this.id)
  }

  /** Runs when the node lives and its event loop is not stalled; later, or never, otherwise. */
  when(delay: number, run: () => void): void {
    const life = this.#life
    this.world.clock.after(delay, () => {
      if (life === this.#life) this.run(run)
    })
  }

  run(action: () => void): void {
    if (this.raw === undefined) return
    if (this.isPaused) this.#backlog.push(action)
    else action()
  }

  /** The event loop stalls, and so many ticks are due at once afterwards: before the messages that lie unread, or after them. */
  stall(duration: number, dueTicks: number): void {
    if (this.raw === undefined || this.isPaused) return
    this.#pausedUntil = this.world.clock.now + duration
    const life = this.#life
    this.world.clock.after(duration, () => {
      if (life !== this.#life) return
      const burst = () => this.tick(dueTicks)
      const backlog = this.#backlog
      this.#backlog = []
      if (this.world.clockRandom.chance(0.5)) burst()
      for (const action of backlog) this.run(action)
      burst()
    })
  }

  tick(times = 1): void {
    for (let i = 0; i < times && this.raw !== undefined; i++) {
      this.raw.tick()
      this.drain()
    }
  }

  receive(message: Message, content: Checkpoint | undefined): void {
    if (this.raw === undefined) return
    if (content !== undefined) this.#incoming.set(content.index, content)
    this.raw.step(message)
    this.drain()
  }

  setGate(required: number): void {
    const { raw, world } = this
    if (raw === undefined) return
    const members = [...raw.raft.tracker.config.learners]
      .filter(id => world.isBackup(id))
      .sort((a, b) => a - b)
    raw.setGate({ members, required })
  }

  /** Carries out whatever the core wants done. */
  drain(): void {
    const { raw, world } = this
    if (raw === undefined) return
    world.observer.observe(raw.raft)
    while (raw.hasReady()) {
      this.#perform(raw.ready(), raw)
      world.observer.observe(raw.raft)
    }
    world.stepped(this)
  }

  apply(entries: readonly Entry[]): void {
    this.#state?.apply(entries)
  }

  installed(content: Checkpoint): void {
    const { world, id } = this
    world.observer.applied.loaded(id, { ...content, digest: content.state.digest })
    world.counts.snapshots++
    this.#state?.installed(content)
    this.setGate(world.config.minActiveBackups)
  }

  #perform(ready: Ready, raw: RawNode): void {
    const { world, disk } = this
    const { entries, snapshot, committed, messages, append, apply, hard, reads } = ready
    for (const { index, context } of reads) {
      world.clients.readAnswered(context, index)
      this.#state?.read({ index, operation: context })
    }
    if (entries.length > 0) world.observer.stored(entries, raw.raft.log.term(entries[0]!.index - 1))
    const content = snapshot === undefined ? undefined : this.#contentOf(snapshot.index, snapshot.term)
    const mustWrite =
      entries.length > 0 || content !== undefined || ready.mustSync || !world.config.skipsCommitWrites
    const write = {
      // Guard c: a batch carries the whole hard state, whether or not this Ready repeats it.
      hard: mustWrite && (hard !== undefined || entries.length > 0) ? raw.hardState : undefined,
      entries,
      snapshot: content
    }
    if (raw.raft.options.asyncStorageWrites) {
      for (const message of messages) this.#send(message)
      if (append !== undefined) this.#writes.add({ write, responses: append.responses })
      if (apply !== undefined) {
        world.observer.handedToApply(this.id, apply.entries, disk)
        this.#applies.add(apply)
      }
    } else {
      this.#writes.writeNow(write)
      for (const message of messages) this.#send(message)
      world.observer.handedToApply(this.id, committed, disk)
      this.apply(committed)
      raw.advance()
    }
  }

  deliverResponse(message: Message): void {
    if (this.raw === undefined) return
    if (message.to === this.id) this.raw.step(message)
    else this.#send(message)
  }

  #send(message: Message): void {
    if (message.type === MessageType.snapshot) {
      const content = this.#offered.get(message.to)
      demand(
        content?.index === message.snapshot?.index,
        'S3',
        () => `node ${this.id} sends a snapshot that it does not have`
      )
      this.world.sendSnapshot(this, message, content!)
    } else {
      this.world.send(this, message)
    }
  }

  #contentOf(index: number, term: Term): Checkpoint {
    const content = this.#incoming.get(index)
    demand(content?.term === term, 'S3', () => `node ${this.id} installs a snapshot that it did not get`)
    return content
  }

  #offer(peer: NodeId): Checkpoint | undefined {
    const { checkpoint } = this.disk
    const { voters, learners, outgoing } = checkpoint.conf
    const hasPeer = [voters, learners, outgoing].some(ids => ids.includes(peer))
    if (!hasPeer) this.#state?.checkpoint()
    if (!hasPeer || this.world.isSnapshotUnavailable()) return undefined
    this.#offered.set(peer, checkpoint)
    return checkpoint
  }
}
