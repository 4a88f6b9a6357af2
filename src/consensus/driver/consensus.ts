import { StorageBusyError } from '../../storage/index.js'
import { RAFT_DEFAULTS, type RawNode } from '../core/index.js'
import type { GroupPosition, Membership, StateMachine } from '../ports.js'
import { StateTransfers } from '../transfer/index.js'
import { beingStopped, finishGroups, handOverAll } from './closing.js'
import { CommitNotices } from './commit-notices.js'
import type { DriverContext } from './context.js'
import { DiskWatchdog } from './disk-watchdog.js'
import { GroupFailedError } from './errors.js'
import { foundationOf } from './foundation.js'
import { Group } from './group.js'
import { Inbound } from './inbound.js'
import { transferLeadership } from './leadership.js'
import { LogCache } from './log-cache.js'
import { LogWriter } from './log-writer.js'
import { Loop } from './loop.js'
import { MembershipChange } from './membership-change.js'
import type { MemberChange } from './membership-plan.js'
import { ConsensusMetrics } from './metrics.js'
import { type ConsensusOptions, limitsOf, timingOf } from './options.js'
import { Outbox } from './outbox.js'
import { startGroup } from './starting.js'
import { type GroupStatus, statusOf } from './status.js'
import { Supervisor } from './supervisor.js'
import { Ticker } from './ticker.js'
import { ticksOf } from './timing.js'

export interface OpenedGroup {
  readonly group: number
  readonly lastIndex: number
  readonly damage?: string
}

const NOWHERE: GroupPosition = { index: 0, term: 0 }

/** All replication groups of a process: one loop, one write at a time to the log for all of them, one call per peer and round. */
export class Consensus {
  readonly metrics = new ConsensusMetrics()
  readonly loop: Loop
  readonly cache: LogCache
  readonly writer: LogWriter
  readonly outbox: Outbox
  readonly transfers: StateTransfers
  readonly #groups = new Map<number, Group>()
  readonly #budget = { bytes: 0 }
  readonly #context: DriverContext
  readonly #ticker: Ticker
  readonly #supervisor: Supervisor
  readonly #changes = new MembershipChange()
  /** Leaderships are handed over; groups that nobody else can lead take nothing any more. */
  #isClosing = false
  #isClosed = false

  constructor(private readonly options: ConsensusOptions) {
    const limits = limitsOf(options)
    const timing = timingOf(options)
    const ticks = ticksOf(timing)
    const now = () => options.clock.monotonicMs()
    this.outbox = new Outbox(options.transport)
    this.cache = new LogCache(options.log, limits)
    this.transfers = new StateTransfers({
      clock: options.clock,
      log: options.logger,
      ...(options.transfer === undefined ? {} : { limits: options.transfer })
    })
    this.loop = new Loop({
      runtime: options.runtime,
      now,
      sliceMs: limits.sliceMs,
      flush: () => {
        // The leader's appends are on their way before its own write begins (Raft dissertation §10.2.1).
        this.outbox.flush()
        this.writer.submit()
      }
    })
    this.writer = new LogWriter({
      log: options.log,
      now,
      ended: () => this.loop.run(),
      retryLater: () => options.clock.after(timing.fullRetryMs, () => this.writer.retry())
    })
    const { tickMs: _, ...raftTicks } = ticks
    this.#context = {
      node: options.node,
      log: options.log,
      logger: options.logger,
      limits,
      timing,
      ticks,
      raft: { ...RAFT_DEFAULTS, ...raftTicks, holdsCommits: timing.commitNoticeMs > 0, ...options.raft },
      minActiveBackups: options.minActiveBackups ?? 1,
      replicationRoundsMax: options.replicationRoundsMax ?? 10,
      events: options.events ?? {},
      metrics: this.metrics,
      budget: this.#budget,
      cache: this.cache,
      commitNotices: new CommitNotices(timing.commitNoticeMs, (delayMs, task) =>
        options.clock.after(delayMs, task)
      ),
      writer: this.writer,
      outbox: this.outbox,
      transport: options.transport,
      transfers: this.transfers,
      random: options.random,
      now,
      after: (delayMs, task) => options.clock.after(delayMs, task),
      wake: group => this.loop.wake(group),
      wakeApply: group => this.loop.wakeApply(group)
    }
    const watchdog = new DiskWatchdog(this.#context, options.onFatal)
    this.#supervisor = new Supervisor(this.#groups, this.#context, watchdog)
    this.#ticker = new Ticker({
      clock: options.clock,
      runtime: options.runtime,
      ticks,
      timing,
      metrics: this.metrics,
      tick: nowMs => this.#supervisor.tick(nowMs),
      late: () => this.#supervisor.ticksWereLate()
    })
    options.transport?.receive(new Inbound(this.#groups, this.metrics))
  }

  /** Log bytes that a restart would have to read again. */
  get replayBytes(): number {
    return this.options.log.stats.liveBytes
  }

  /** Bytes of proposals without an answer. */
  get queuedBytes(): number {
    return this.#budget.bytes
  }

  /** Opens the log; `checkpoints` says per group which prefix is already contained in its state. */
  async open(checkpoints: ReadonlyMap<number, GroupPosition>): Promise<OpenedGroup[]> {
    const recovered = await this.options.log.open(checkpoints)
    return recovered.map(({ group, lastIndex, damage }) => ({
      group,
      lastIndex,
      ...(damage === undefined ? {} : { damage })
    }))
  }

  /** Applies what the log holds and is known to be committed, then accepts proposals. */
  async start(group: number, machine: StateMachine, applied: GroupPosition): Promise<void> {
    if (this.#groups.has(group)) throw new GroupFailedError(`replication group ${group} is running already`)
    const foundation = await foundationOf(group, applied, this.#context)
    const started = new Group(group, machine, foundation, this.#context)
    this.#groups.set(group, started)
    this.#context.events.created?.(group, started.node)
    this.#ticker.start()
    try {
      await startGroup(started)
    } catch (error) {
      this.#groups.delete(group)
      throw error
    }
  }

  /** Resolves with the result of `apply`. See the errors for what is known when it rejects. */
  propose(group: number, data: Buffer): Promise<unknown> {
    const target = this.#groups.get(group)
    if (target === undefined || !target.isRunning) {
      return this.#refuse(target?.failure ?? this.#notRunning(group))
    }
    if (this.#isClosing && target.isSoleVoter) return this.#refuse(this.#notRunning(group))
    if (this.#isClosed) return this.#refuse(beingStopped(group))
    const refusal = target.refusal()
    if (refusal !== undefined) return this.#refuse(refusal)
    const { bytes } = this.#budget
    if (bytes > 0 && bytes + data.length > this.#context.limits.queueBytesMax) {
      return this.#refuse(
        new StorageBusyError(
          `${bytes} bytes wait for the journal (myelin.journal.queue-bytes-max): try again later`
        )
      )
    }
    this.metrics.proposals++
    return new Promise((resolve, reject) => {
      const proposedMs = this.#context.now()
      target.pending.add({ data, resolve, reject, proposedMs, index: 0, term: 0 })
      this.loop.wake(target)
    })
  }

  /** Resolves when everything that was confirmed before the call is applied here. */
  readBarrier(group: number): Promise<void> {
    const target = this.#groups.get(group)
    if (target === undefined || this.#isClosed) return Promise.reject(this.#notRunning(group))
    if (target.failure !== undefined) return Promise.reject(target.failure)
    if (target.isCurrent) return Promise.resolve()
    const waiting = target.reads.wait(this.#context.now())
    this.loop.wake(target)
    return waiting
  }

  /** Stops a group and forgets its log for ever. */
  remove(group: number): void {
    const target = this.#groups.get(group)
    this.#groups.delete(group)
    target?.close(new GroupFailedError(`replication group ${group} was removed`))
    if (target !== undefined) this.loop.forget(target)
    this.options.log.removeGroup(group)
  }

  /** The checkpoint is durable: entries up to it are not needed any more. */
  checkpointed(group: number, position: GroupPosition): void {
    const target = this.#groups.get(group)
    if (target === undefined)
      this.options.log.dropPrefix(group, { index: position.index, term: position.term })
    else target.snapshots.checkpointed(position)
  }

  /** To be stored whole with a checkpoint, and given back to `start`. */
  applied(group: number): GroupPosition {
    return this.#groups.get(group)?.state.position ?? NOWHERE
  }

  /** Hands the leadership over, to the best member unless one is named. Resolves with the name of the new leader's node. */
  transferLeadership(group: number, node?: string): Promise<string> {
    return transferLeadership(this.#running(group), node)
  }

  async stepDown(group: number): Promise<void> {
    await this.transferLeadership(group)
  }

  /** On the leader. New members catch up first. Resolves when the change is applied here. */
  async proposeMembership(group: number, changes: readonly MemberChange[]): Promise<Membership> {
    return this.#changes.run(this.#running(group), changes)
  }

  /** Lets entries be committed with fewer active backups than configured, as long as this node leads and the time lasts. */
  relaxGate(
    group: number,
    { required, reason, forMs }: { required: number; reason: string; forMs: number }
  ): void {
    const target = this.#running(group)
    this.options.logger.warn({ group, required, reason, forMs }, 'the commit gate was relaxed by an operator')
    target.tell(() => target.peers.relaxGate(required, this.#context.now() + forMs))
  }

  /** For tests and operators. */
  campaign(group: number): void {
    this.#running(group).tell(core => core.campaign())
  }

  status(group: number): GroupStatus | undefined {
    const target = this.#groups.get(group)
    return target === undefined ? undefined : statusOf(target)
  }

  groups(): number[] {
    return [...this.#groups.keys()]
  }

  /** White box, for the simulator and tests. */
  raftOf(group: number): RawNode | undefined {
    return this.#groups.get(group)?.node
  }

  /** Hands leaderships over, finishes what is under way, closes the log. */
  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    const groups = [...this.#groups.values()]
    await handOverAll(groups, this.#context)
    this.#isClosed = true
    await finishGroups(groups)
    this.#ticker.stop()
    await this.transfers.close()
    await this.options.transport?.close()
    await this.options.log.close()
  }

  #running(group: number): Group {
    const target = this.#groups.get(group)
    if (target === undefined || this.#isClosed) throw this.#notRunning(group)
    if (target.failure !== undefined) throw target.failure
    return target
  }

  #notRunning(group: number): GroupFailedError {
    return new GroupFailedError(`replication group ${group} is not running`)
  }

  #refuse(error: Error): Promise<never> {
    this.metrics.refusedProposals++
    return Promise.reject(error)
  }
}
