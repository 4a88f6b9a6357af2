import { decodeConfChange } from '../../../src/consensus/core/conf-change.js'
import { type Message, MessageType } from '../../../src/consensus/core/message.js'
import { RAFT_DEFAULTS } from '../../../src/consensus/core/options.js'
import { RawNode, type Ready } from '../../../src/consensus/core/raw-node.js'
import {
  type ConfState,
  type Entry,
  EntryKind,
  type NodeId,
  Role,
  type Term
} from '../../../src/consensus/core/types.js'
import { operationOf, Register } from '../history/register.js'
import { demand } from '../world/violation.js'
import { ApplyQueue } from './apply-queue.js'
import type { Checkpoint, CoreDisk } from './core-disk.js'
import { CoreLogView } from './core-log-view.js'
import type { CoreWorld } from './core-world.js'
import { LogCache } from './log-cache.js'
import { WriteQueue } from './write-queue.js'

interface OpenRead {
  readonly index: number
  readonly operation: number
}

/** One member: the product's core, a disk, a register as its state machine. A crash leaves the disk. */
export class CoreNode {
  raw: RawNode | undefined
  register: Register | undefined
  #appliedTerm: Term = 0
  /** The configuration at the register's index; not known while one from a snapshot to come is in force. */
  #appliedConf: ConfState | undefined
  /** Changes with every start and crash, so that what was under way for an earlier life is not done. */
  #life = 0
  #pausedUntil = 0
  #backlog: (() => void)[] = []
  #readsToApply: OpenRead[] = []
  #isCheckpointing = false
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
    this.#appliedTerm = checkpoint.term
    this.#appliedConf = checkpoint.conf
    this.register = new Register(checkpoint.state)
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
    this.setGate(world.config.minActiveBackups)
    world.observer.started(this.raw.raft, disk)
    this.drain()
  }

  /** Everything in memory is gone, and of the writes under way a prefix may have reached the disk. */
  crash(): void {
    this.#life++
    this.raw = undefined
    this.register = undefined
    this.#pausedUntil = 0
    this.#backlog = []
    this.#readsToApply = []
    this.#isCheckpointing = false
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

  /** Of the term `#appliedTerm` and all entries up to the register's index. */
  apply(entries: readonly Entry[]): void {
    for (const entry of entries) this.#applyOne(entry)
    this.#answerReads()
    this.#checkpointIfDue()
  }

  installed(content: Checkpoint): void {
    this.register = new Register(content.state)
    this.#appliedTerm = content.term
    this.#appliedConf = content.conf
    this.world.observer.applied.loaded(this.id, { ...content, digest: content.state.digest })
    this.world.counts.snapshots++
    this.setGate(this.world.config.minActiveBackups)
    this.#answerReads()
  }

  #perform(ready: Ready, raw: RawNode): void {
    const { world, disk } = this
    const { entries, snapshot, committed, messages, append, apply, hard, reads } = ready
    for (const { index, context } of reads) {
      world.clients.readAnswered(context, index)
      this.#readsToApply.push({ index, operation: context })
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
    this.#answerReads()
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
    if (!hasPeer) this.#checkpoint()
    if (!hasPeer || this.world.isSnapshotUnavailable()) return undefined
    this.#offered.set(peer, checkpoint)
    return checkpoint
  }

  #applyOne(entry: Entry): void {
    const register = this.register!
    // Contained in a snapshot that was installed meanwhile.
    if (entry.index <= register.index) return
    const { world, raw } = this
    const { index, kind, data } = entry
    const before = register.values.length
    const isAppend = kind === EntryKind.normal && data.length > 0
    const token = isAppend ? register.apply(index, data) : undefined
    if (!isAppend) register.passed(index, kind)
    this.#appliedTerm = entry.term
    const isNews = world.observer.applied.applied(this.id, entry, register.digest)
    if (isNews) world.applied(entry, register.values.slice(before))
    if (isAppend) world.clients.applied(this.id, operationOf(data), token)
    if (kind === EntryKind.normal) return
    // A snapshot that is not installed yet has brought a newer configuration (run 20514).
    const isOverruled = index <= raw!.raft.confIndex
    this.#appliedConf = undefined
    const change = decodeConfChange(data)
    const conf = raw!.applyConfChange(index, change)
    this.#appliedConf = isOverruled ? undefined : conf
    if (!isOverruled) world.observer.applied.configured(this.id, index, change, conf)
    this.setGate(world.config.minActiveBackups)
  }

  #answerReads(): void {
    if (this.#readsToApply.length === 0) return
    const register = this.register!
    const due = this.#readsToApply.filter(({ index }) => index <= register.index)
    if (due.length === 0) return
    this.#readsToApply = this.#readsToApply.filter(({ index }) => index > register.index)
    for (const { operation } of due) this.world.clients.readDone(operation, register.values)
  }

  #checkpointIfDue(): void {
    if (this.register!.index - this.disk.checkpoint.index >= this.world.config.checkpointEvery)
      this.#checkpoint()
  }

  #checkpoint(): void {
    const { register, disk, world } = this
    const conf = this.#appliedConf
    if (this.#isCheckpointing || register === undefined || conf === undefined) return
    if (register.index <= disk.checkpoint.index) return
    this.#isCheckpointing = true
    const checkpoint = { index: register.index, term: this.#appliedTerm, conf, state: register.state() }
    this.when(world.diskDelay(this.id), () => {
      this.#isCheckpointing = false
      disk.store(checkpoint, world.config.retainedEntries)
      this.drain()
    })
  }
}
