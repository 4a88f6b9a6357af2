import { type ConfChange, encodeConfChange } from './conf-change.js'
import { invariant } from './invariant.js'
import { applyConfChange } from './membership.js'
import { isLocal, isResponse, Message, MessageType } from './message.js'
import type { RaftOptions } from './options.js'
import { Raft, type StepError } from './raft.js'
import { releaseEarlyReads } from './reads.js'
import type { Ready } from './ready.js'
import { broadcastAppend, maybeCommit, resumeLoaded, tellCommit } from './replication.js'
import {
  APPEND_THREAD,
  APPLY_THREAD,
  type ConfState,
  type Entry,
  EntryKind,
  entrySize,
  type HardState,
  type Index,
  isEmptyHardState,
  NONE,
  type NodeId,
  Role,
  type SnapshotMeta,
  type SoftState,
  sameHardState
} from './types.js'

/** A group's core with its two sides: what it is told, and `ready`, by which it tells everything. */
export class RawNode {
  readonly raft: Raft
  #soft: SoftState
  #hard: HardState
  /** Without asynchronous storage writes: what `advance` delivers. */
  #onAdvance: Message[] = []

  constructor(private readonly options: RaftOptions) {
    this.raft = new Raft(options)
    this.#soft = this.raft.softState
    this.#hard = this.raft.hardState
  }

  get hardState(): HardState {
    return this.raft.hardState
  }

  get softState(): SoftState {
    return this.raft.softState
  }

  get confState(): ConfState {
    return this.raft.tracker.config.toConfState()
  }

  tick(): void {
    this.raft.tick()
  }

  /** A message of a peer, or a storage response. An answer of a node that is no member tells the caller to say so to it. */
  step(message: Message): StepError | undefined {
    const { type, from } = message
    const isFromStorage = from === APPEND_THREAD || from === APPLY_THREAD
    if (isLocal(type) && !isFromStorage) return 'localMessage'
    if (isResponse(type) && !isFromStorage && !this.raft.tracker.progress.has(from)) return 'unknownPeer'
    return this.raft.step(message)
  }

  campaign(): void {
    this.raft.step(new Message(MessageType.hup))
  }

  propose(data: readonly Buffer[]): StepError | undefined {
    return this.#propose(data.map(payload => ({ index: 0, term: 0, kind: EntryKind.normal, data: payload })))
  }

  proposeConfChange(change: ConfChange, kind: number = EntryKind.confChange): StepError | undefined {
    return this.#propose([{ index: 0, term: 0, kind, data: encodeConfChange(change) }])
  }

  readIndex(context: number): StepError | undefined {
    const request = new Message(MessageType.readIndex)
    request.context = context
    return this.raft.step(request)
  }

  transferLeadership(to: NodeId): void {
    this.raft.step(new Message(MessageType.transferLeader, NONE, to))
  }

  forgetLeader(): void {
    this.raft.step(new Message(MessageType.forgetLeader))
  }

  reportUnreachable(peer: NodeId): void {
    this.raft.step(new Message(MessageType.unreachable, NONE, peer))
  }

  reportSnapshot(peer: NodeId, isInstalled: boolean): void {
    const status = new Message(MessageType.snapshotStatus, NONE, peer)
    status.reject = !isInstalled
    this.raft.step(status)
  }

  /** The process stood still, so that ticks came late: answers to what was sent before give no lease. */
  ticksWereLate(): void {
    this.raft.lease.forgetRounds()
  }

  applyConfChange(index: Index, change: ConfChange): ConfState {
    return applyConfChange(this.raft, index, change)
  }

  /** What the log view was asked for and did not have is in memory now. */
  entriesLoaded(): void {
    this.raft.log.entriesLoaded()
    if (this.raft.role === Role.leader) resumeLoaded(this.raft)
  }

  /** Tells peers about a commit index that was held back, as far as they do not know it; how many had to be told. */
  tellCommit(index: Index): number {
    return this.raft.role === Role.leader ? tellCommit(this.raft, index) : 0
  }

  /** Matters while this node leads; a lower requirement commits at once what waited for it. */
  setGate({ members, required }: { members: readonly NodeId[]; required: number }): void {
    this.raft.gate.members = members
    this.raft.gate.required = required
    if (this.raft.role !== Role.leader || !maybeCommit(this.raft)) return
    releaseEarlyReads(this.raft)
    broadcastAppend(this.raft)
  }

  hasReady(): boolean {
    const { raft } = this
    const { log } = raft
    const hard = raft.hardState
    return (
      raft.messages.length > 0 ||
      raft.afterAppend.length > 0 ||
      raft.readStates.length > 0 ||
      log.unstable.hasNextEntries ||
      log.unstable.nextSnapshot() !== undefined ||
      log.hasNextCommitted(!this.options.asyncStorageWrites) ||
      raft.leader !== this.#soft.leader ||
      raft.role !== this.#soft.role ||
      (!isEmptyHardState(hard) && !sameHardState(hard, this.#hard))
    )
  }

  ready(): Ready {
    const { raft } = this
    invariant(this.#onAdvance.length === 0, 'two accepted Ready structs without call to Advance')
    const entries = raft.log.unstable.nextEntries()
    const snapshot = raft.log.unstable.nextSnapshot()
    const committed = raft.log.nextCommitted(!this.options.asyncStorageWrites)
    const soft = this.#changedSoft()
    const hard = this.#changedHard()
    const mustSync = entries.length > 0 || (hard !== undefined && this.#differsInPromise(hard))
    const { asyncStorageWrites } = this.options
    // One literal with all fields: there is one of these for each batch.
    const ready: Ready = {
      soft,
      hard,
      reads: raft.readStates,
      entries,
      snapshot,
      committed,
      messages: asyncStorageWrites ? raft.messages : this.#syncMessages(snapshot, committed),
      append: asyncStorageWrites ? this.#storageAppend(entries, hard, snapshot) : undefined,
      apply: asyncStorageWrites && committed.length > 0 ? this.#storageApply(committed) : undefined,
      mustSync
    }
    this.#accept(ready)
    return ready
  }

  /** Without asynchronous storage writes: everything of the last `ready` is stored and applied. */
  advance(): void {
    const steps = this.#onAdvance
    this.#onAdvance = []
    for (const message of steps) this.raft.step(message)
  }

  #propose(entries: readonly Entry[]): StepError | undefined {
    const proposal = new Message(MessageType.propose, NONE, this.raft.id)
    proposal.entries = entries
    return this.raft.step(proposal)
  }

  #changedSoft(): SoftState | undefined {
    const { leader, role } = this.raft
    return leader === this.#soft.leader && role === this.#soft.role ? undefined : { leader, role }
  }

  #changedHard(): HardState | undefined {
    const hard = this.raft.hardState
    return sameHardState(hard, this.#hard) ? undefined : hard
  }

  #differsInPromise({ term, vote }: HardState): boolean {
    return term !== this.#hard.term || vote !== this.#hard.vote
  }

  /** Notes what `advance` delivers, too. */
  #syncMessages(snapshot: SnapshotMeta | undefined, committed: readonly Entry[]): readonly Message[] {
    const { afterAppend, messages, id } = this.raft
    this.#onAdvance = afterAppend.filter(({ to }) => to === id)
    if (this.#needsStorageResponse(snapshot)) this.#onAdvance.push(this.#storageAppendResponse(snapshot))
    if (committed.length > 0) this.#onAdvance.push(this.#storageApplyResponse(committed))
    return [...messages, ...afterAppend.filter(({ to }) => to !== id)]
  }

  #storageAppend(
    entries: readonly Entry[],
    hard: HardState | undefined,
    snapshot: SnapshotMeta | undefined
  ): Message | undefined {
    const { afterAppend, id } = this.raft
    if (entries.length === 0 && hard === undefined && snapshot === undefined && afterAppend.length === 0) {
      return undefined
    }
    const append = new Message(MessageType.storageAppend, APPEND_THREAD, id)
    append.entries = entries
    append.snapshot = snapshot
    if (hard !== undefined) {
      append.term = hard.term
      append.vote = hard.vote
      append.commit = hard.commit
    }
    append.responses = this.#needsStorageResponse(snapshot)
      ? [...afterAppend, this.#storageAppendResponse(snapshot)]
      : afterAppend
    return append
  }

  #storageApply(committed: readonly Entry[]): Message {
    const apply = new Message(MessageType.storageApply, APPLY_THREAD, this.raft.id)
    apply.entries = committed
    apply.responses = [this.#storageApplyResponse(committed)]
    return apply
  }

  /** Also while earlier writes are under way: the newest position is confirmed with each. */
  #needsStorageResponse(snapshot: SnapshotMeta | undefined): boolean {
    return snapshot !== undefined || this.raft.log.unstable.entries.length > 0
  }

  /** Carries the term in which it was asked for: by then, another leader's entries may stand there (the ABA case). */
  #storageAppendResponse(snapshot: SnapshotMeta | undefined): Message {
    const { raft } = this
    const response = new Message(MessageType.storageAppendResponse, raft.id, APPEND_THREAD)
    response.term = raft.term
    if (raft.log.unstable.entries.length > 0) {
      response.index = raft.log.lastIndex
      response.logTerm = raft.log.lastTerm
    }
    response.snapshot = snapshot
    return response
  }

  #storageApplyResponse(committed: readonly Entry[]): Message {
    const response = new Message(MessageType.storageApplyResponse, this.raft.id, APPLY_THREAD)
    response.entries = committed
    return response
  }

  #accept({ soft, hard, committed }: Ready): void {
    const { raft } = this
    if (soft !== undefined) this.#soft = soft
    if (hard !== undefined) this.#hard = hard
    raft.readStates = []
    raft.messages = []
    raft.afterAppend = []
    raft.log.unstable.acceptInProgress()
    const last = committed.at(-1)
    if (last === undefined) return
    let bytes = 0
    for (const entry of committed) bytes += entrySize(entry)
    raft.log.acceptApplying(last.index, bytes, !this.options.asyncStorageWrites)
  }
}
