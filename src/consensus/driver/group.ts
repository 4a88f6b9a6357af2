import { type Logger, reasonOf } from '../../kernel/index.js'
import { StorageFullError } from '../../storage/index.js'
import { type Index, type Message, NONE, type NodeId, RawNode, Role, type SoftState } from '../core/index.js'
import type { GroupPosition, Membership, StateMachine } from '../ports.js'
import { AppliedState } from './applied-state.js'
import type { DriverContext } from './context.js'
import { CoreIo } from './core-io.js'
import { checkDeadlines } from './deadlines.js'
import { GroupFailedError, NotLeaderError, OutcomeUnknownError } from './errors.js'
import type { Foundation } from './foundation.js'
import type { WritingGroup } from './log-writer.js'
import type { LoopTask } from './loop.js'
import { isSoleVoter } from './membership.js'
import { Peers } from './peers.js'
import { PendingProposals } from './pending-proposals.js'
import { shapedTimeout } from './priority.js'
import { ReadBarriers } from './read-barriers.js'
import { Snapshots } from './snapshots.js'
import { StoredLog } from './stored-log.js'
import { traceTo } from './trace.js'

/** One replication group on this node. */
export class Group implements LoopTask, WritingGroup {
  readonly logger: Logger
  readonly view: StoredLog
  readonly node: RawNode
  readonly state: AppliedState
  readonly pending: PendingProposals
  readonly reads: ReadBarriers
  readonly peers: Peers
  readonly snapshots: Snapshots
  readonly #io: CoreIo
  failure: GroupFailedError | undefined
  /** Accepts proposals. */
  isRunning = false
  isRemoved = false
  /** Told when leader, term, members, log or applied index have changed. */
  readonly watchers = new Set<() => void>()
  #idleTicks: number
  /** A state is being installed: the core is told nothing meanwhile. */
  #isHeld = false
  #leader: NodeId = NONE

  constructor(
    readonly id: number,
    readonly machine: StateMachine,
    foundation: Foundation,
    readonly context: DriverContext
  ) {
    const { position, membership, hardState, founding, kept, confIndexes } = foundation
    this.logger = context.logger
    this.state = new AppliedState(this, position, membership)
    this.pending = new PendingProposals(id, context.budget)
    this.reads = new ReadBarriers(id, context.limits.readsMax)
    this.snapshots = new Snapshots(this, position)
    this.view = this.#openView()
    this.view.put(founding)
    this.view.put(kept)
    this.node = new RawNode({
      ...context.raft,
      id: membership.self,
      log: this.view,
      hardState,
      applied: position.index,
      conf: membership.conf,
      confIndexes,
      random: () => shapedTimeout(context.random(), this.membership),
      trace: traceTo(context.logger, id)
    })
    this.#io = new CoreIo(this, this.node, hardState, founding)
    this.peers = new Peers(this)
    this.#idleTicks = Math.ceil(context.timing.initialElectionMs / context.ticks.tickMs)
  }

  get membership(): Membership {
    return this.state.membership
  }

  get self(): NodeId {
    return this.state.membership.self
  }

  get isLeader(): boolean {
    return this.node.raft.role === Role.leader
  }

  get leaderNode(): string | undefined {
    const { leader } = this.node.raft
    return leader === NONE ? undefined : this.peers.nodeOf(leader)
  }

  get hasLeader(): boolean {
    return this.node.raft.leader !== NONE
  }

  /** The fate of what is proposed here does not depend on anybody else. */
  get isSoleVoter(): boolean {
    return isSoleVoter(this.membership)
  }

  /** Nothing was confirmed that is not applied here: it decides alone, and what earlier leaders confirmed lies before its term. */
  get isCurrent(): boolean {
    const { raft } = this.node
    return this.isSoleVoter && this.isLeader && this.state.applied.term === raft.term
  }

  /** Something is on its way between core, log and state machine. */
  get isBusy(): boolean {
    return this.context.writer.hasPending(this) || !this.state.isIdle || this.#io.isBusy
  }

  /** Why nothing can be proposed here now. */
  refusal(): Error | undefined {
    if (this.failure !== undefined) return this.failure
    // Where nobody leads, a proposal waits: this node may be next.
    if (!this.isLeader && this.hasLeader) return this.notLeader()
    const { refusal } = this.context.writer
    return refusal === undefined ? undefined : new StorageFullError(refusal.message)
  }

  notLeader(): NotLeaderError {
    return new NotLeaderError(this.id, this.leaderNode)
  }

  /** A message of a peer. False: it was dropped. */
  receive(message: Message): boolean {
    if (this.failure !== undefined || !this.#io.receive(message)) return false
    this.context.wake(this)
    return true
  }

  /** Tells the core something between two turns; the group stops if a rule does not hold. */
  tell(action: (node: RawNode) => void): void {
    if (this.failure !== undefined) return
    this.#guarded(() => action(this.node))
    this.context.wake(this)
  }

  tick(nowMs: number): void {
    if (this.failure !== undefined || this.#isHeld) return
    if (this.#idleTicks > 0 && this.node.raft.leader === NONE) this.#idleTicks--
    else this.#guarded(() => this.node.tick())
    checkDeadlines(this, nowMs)
    if (this.pending.waiting.length > 0 || this.node.hasReady()) this.context.wake(this)
  }

  step(untilMs: number): boolean {
    if (this.failure !== undefined || this.#isHeld) return false
    const isMore = this.#guarded(() => this.#io.turn(untilMs)) ?? false
    if (this.watchers.size > 0) this.changed()
    return isMore
  }

  apply(untilMs: number): boolean {
    return this.failure === undefined && this.state.run(untilMs)
  }

  stored(responses: readonly Message[]): void {
    if (this.failure !== undefined) return
    this.#io.deliver(responses)
    this.context.wake(this)
    this.changed()
  }

  /** What is proposed but not stored: with peers, it may get stored by them. */
  noRoom(error: Error): void {
    this.pending.refuseWaiting(() => new StorageFullError(error.message))
    this.pending.rejectInLog(() => new OutcomeUnknownError(this.id, error.message, error))
  }

  roundApplied(responses: readonly Message[]): void {
    this.#io.deliver(responses)
    this.peers.settleLog()
    this.context.wake(this)
    this.changed()
  }

  /** Applying and the core stand still once it resolves, until `release`. */
  hold(): Promise<void> {
    this.#isHeld = true
    return this.state.hold()
  }

  release(): void {
    this.#isHeld = false
    this.state.release()
    this.context.wake(this)
  }

  /** The state machine contains another node's state now. */
  installed(position: GroupPosition): void {
    this.state.installed(position)
    this.snapshots.received(position)
    this.peers.membershipChanged()
    this.pending.passed(position.index)
    this.reads.applied(position.index)
    this.changed()
  }

  membershipChanged(before: Membership, index: Index): void {
    this.peers.membershipChanged()
    this.peers.tellRemoved(before, index)
    const { removed = [], self } = this.membership
    if (removed.includes(self)) this.removedFromGroup()
    this.changed()
  }

  roleChanged({ leader, role }: SoftState): void {
    const { term } = this.node.hardState
    this.reads.leadershipChanged(term, leader === this.#leader)
    if (leader === this.#leader) return
    this.#leader = leader
    this.context.metrics.leaderChanges++
    const name = this.leaderNode
    if (role === Role.leader) this.logger.info({ group: this.id, term }, 'became leader')
    else this.logger.info({ group: this.id, term, leader: name }, 'leader changed')
    this.peers.membershipChanged()
    this.context.events.leaderChanged?.(this.id, name, term)
    this.changed()
  }

  removedFromGroup(): void {
    if (this.isRemoved) return
    this.isRemoved = true
    this.logger.info({ group: this.id }, 'this node was removed from the replication group')
    this.context.events.removed?.(this.id)
    this.changed()
  }

  writeFounding(): void {
    this.#io.writeFounding()
    this.context.wake(this)
  }

  digestDiffers(index: Index): void {
    this.context.metrics.digestMismatches++
    this.fail(
      `what this node holds up to log index ${index} differs from what the leader holds: remove its data and let it join again`,
      undefined
    )
  }

  /** The group stops on this node only: it neither votes nor acknowledges any more, and its data stays as it is. */
  fail(reason: string, cause: unknown): void {
    if (this.failure !== undefined) return
    this.logger.error({ group: this.id, reason, error: cause }, 'replication group stops on this node')
    this.stop(new GroupFailedError(`Replication group ${this.id} has stopped: ${reason}`, cause))
  }

  stop(failure: GroupFailedError): void {
    if (this.failure !== undefined) return
    this.context.metrics.failedGroups++
    this.close(failure)
    this.context.events.failed?.(this.id, failure)
  }

  /** Lets go of everything; whoever waits gets the error. */
  close(error: GroupFailedError): void {
    this.failure ??= error
    this.#io.clear()
    this.state.stop()
    this.snapshots.stop()
    this.context.writer.forget(this)
    this.context.commitNotices.forget(this)
    this.view.close()
    this.pending.rejectAll(error)
    this.reads.rejectAll(error)
    this.changed()
  }

  changed(): void {
    for (const watcher of this.watchers) watcher()
  }

  #openView(): StoredLog {
    return new StoredLog({
      group: this.id,
      log: this.context.log,
      cache: this.context.cache,
      snapshot: peer => this.snapshots.offerFor(peer),
      loaded: () => this.tell(node => node.entriesLoaded()),
      failed: error => this.fail(`its log can not be read: ${reasonOf(error)}`, error)
    })
  }

  #guarded<T>(action: () => T): T | undefined {
    try {
      return action()
    } catch (error) {
      this.fail(
        `${reasonOf(error)}. Its data is kept as it is; restart the node, and report this with the log`,
        error
      )
      return undefined
    }
  }
}
