import { describeStart } from './describe.js'
import { handleVoteRequest, hup } from './election.js'
import { Gate } from './gate.js'
import { invariant } from './invariant.js'
import { Lease } from './lease.js'
import { RaftLog } from './log.js'
import { completeAutoLeave, switchToConfig } from './membership.js'
import { isAfterAppend, isVoteRequest, Message, MessageType } from './message.js'
import { messageName } from './names.js'
import { checkOptions, type RaftOptions } from './options.js'
import { ReadQueue } from './read-queue.js'
import { restoreConfig, restoreState } from './restore.js'
import { stepCandidate } from './role/candidate.js'
import { stepFollower } from './role/follower.js'
import { stepLeader } from './role/leader.js'
import { applied, stored } from './storage-responses.js'
import { answerLowerTerm, meetHigherTerm } from './terms.js'
import { drawElectionTimeout, tickElection, tickLeader } from './ticks.js'
import { Trace } from './trace.js'
import type { ProgressTracker } from './tracker.js'
import {
  type Entry,
  EntryKind,
  type HardState,
  type Index,
  NONE,
  type NodeId,
  payloadSize,
  type ReadState,
  Role,
  type SoftState,
  type Term
} from './types.js'

/** An expected refusal: the message or proposal had no effect. */
export type StepError = 'dropped' | 'unknownPeer' | 'localMessage'

/**
 * The state of one group on one node (Raft figure 2). Messages and ticks go in by `step` and `tick`; what has to be sent waits in
 * `messages`, what promises something about the disk in `afterAppend`. No clock, disk, socket, randomness or promise of its own.
 */
export class Raft {
  readonly id: NodeId
  readonly log: RaftLog
  readonly trace: Trace
  readonly gate = new Gate()
  term: Term = 0
  vote: NodeId = NONE
  leader: NodeId = NONE
  role: Role = Role.follower
  isLearner = false
  tracker: ProgressTracker
  reads = new ReadQueue()
  lease: Lease
  /** Read requests that came before this leader had committed an entry of its term. */
  earlyReads: Message[] = []
  readStates: ReadState[] = []
  messages: Message[] = []
  afterAppend: Message[] = []
  /** The peer that is to become leader while a transfer runs; proposals are refused meanwhile. */
  leadTransferee: NodeId = NONE
  /** No configuration change is proposed before everything up to here is applied (guard a). */
  pendingConfIndex: Index = 0
  /** The log index that the active configuration comes from. */
  confIndex: Index
  /** Payload of entries appended in this term and not yet applied; may be too small, never too large. */
  uncommittedBytes = 0
  electionElapsed = 0
  heartbeatElapsed = 0
  quorumElapsed = 0
  randomizedElectionTimeout = 0

  constructor(readonly options: RaftOptions) {
    checkOptions(options)
    this.id = options.id
    this.trace = new Trace(options.trace)
    this.log = new RaftLog({
      view: options.log,
      trace: this.trace,
      applyBytesMax: options.applyBytesMax,
      confIndexes: options.confIndexes ?? []
    })
    this.confIndex = options.applied
    this.lease = new Lease(options.electionTicks)
    this.tracker = restoreConfig(options.conf, this.log.lastIndex, options)
    switchToConfig(this)
    restoreState(this, options)
    this.becomeFollower(this.term, NONE)
    this.trace.info(() => describeStart(this))
  }

  get hex(): string {
    return this.id.toString(16)
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed }
  }

  get softState(): SoftState {
    return { leader: this.leader, role: this.role }
  }

  /** May stand for election: a voter of its own configuration that has its state. */
  get isPromotable(): boolean {
    const own = this.tracker.progress.get(this.id)
    return own !== undefined && !own.isLearner && !this.log.hasPendingSnapshot
  }

  get hasCommittedInTerm(): boolean {
    return this.log.term(this.log.committed) === this.term
  }

  tick(): void {
    if (this.role === Role.leader) tickLeader(this)
    else tickElection(this)
  }

  step(message: Message): StepError | undefined {
    if (message.term > this.term) {
      if (!meetHigherTerm(this, message)) return undefined
    } else if (message.term !== 0 && message.term < this.term) {
      answerLowerTerm(this, message)
      return undefined
    }
    return this.#dispatch(message)
  }

  /** Queues a message; what promises something about the disk waits for the write that contains it. */
  send(message: Message): void {
    if (message.from === NONE) message.from = this.id
    const { type } = message
    if (isVoteRequest(type) || type === MessageType.voteResponse || type === MessageType.preVoteResponse) {
      invariant(message.term !== 0, () => `term should be set when sending ${messageName(type)}`)
    } else {
      invariant(message.term === 0, () => `term should not be set when sending ${messageName(type)}`)
      // Forwarded requests stay at 0, so that a node at another term does not drop them.
      if (type !== MessageType.propose && type !== MessageType.readIndex) message.term = this.term
    }
    if (isAfterAppend(type) || (type === MessageType.vote && this.options.votesAfterAppend)) {
      this.afterAppend.push(message)
      return
    }
    invariant(
      message.to !== this.id,
      () => `message should not be self-addressed when sending ${messageName(type)}`
    )
    this.messages.push(message)
  }

  becomeFollower(term: Term, leader: NodeId): void {
    this.#reset(term)
    this.leader = leader
    this.role = Role.follower
    this.trace.info(() => `${this.hex} became follower at term ${this.term}`)
  }

  becomeCandidate(): void {
    invariant(this.role !== Role.leader, 'invalid transition [leader -> candidate]')
    this.#reset(this.term + 1)
    this.vote = this.id
    this.role = Role.candidate
    this.trace.info(() => `${this.hex} became candidate at term ${this.term}`)
  }

  /** Term and vote stay as they are: a pre-candidate only asks. */
  becomePreCandidate(): void {
    invariant(this.role !== Role.leader, 'invalid transition [leader -> pre-candidate]')
    this.tracker.resetVotes()
    this.leader = NONE
    this.role = Role.preCandidate
    this.randomizedElectionTimeout = drawElectionTimeout(this.options)
    this.trace.info(() => `${this.hex} became pre-candidate at term ${this.term}`)
  }

  becomeLeader(): void {
    invariant(this.role !== Role.follower, 'invalid transition [follower -> leader]')
    invariant(this.isPromotable, 'only a voter can lead')
    this.#reset(this.term)
    this.leader = this.id
    this.role = Role.leader
    const own = this.tracker.progress.get(this.id)!
    own.becomeReplicate()
    own.recentActive = true
    // Anything in the log may be a change that is not applied yet: wait for all of it.
    this.pendingConfIndex = this.log.lastIndex
    const empty = { kind: EntryKind.normal, data: Buffer.alloc(0) }
    invariant(this.appendEntries([empty]), 'empty entry was dropped')
    this.trace.info(() => `${this.hex} became leader at term ${this.term}`)
  }

  /** False when the uncommitted bytes are beyond their limit; one proposal is always allowed when nothing waits. */
  appendEntries(proposed: readonly { kind: number; data: Buffer }[]): boolean {
    const last = this.log.lastIndex
    const entries: Entry[] = proposed.map(({ kind, data }, i) => ({
      index: last + 1 + i,
      term: this.term,
      kind,
      data
    }))
    if (!this.#increaseUncommitted(entries)) {
      this.trace.warn(
        () =>
          `${this.hex} appending new entries to log would exceed uncommitted entry size limit; dropping proposal`
      )
      return false
    }
    const index = this.log.append(entries)
    // The leader's own acknowledgement takes the way of all others: it counts only once it is on disk.
    const own = new Message(MessageType.appendResponse, this.id)
    own.index = index
    this.send(own)
    return true
  }

  appliedTo(index: Index, bytes: number): void {
    const applied = Math.max(index, this.log.applied)
    this.log.appliedTo(applied, bytes)
    completeAutoLeave(this)
  }

  abortTransfer(): void {
    this.leadTransferee = NONE
  }

  #dispatch(message: Message): StepError | undefined {
    switch (message.type) {
      case MessageType.hup:
        hup(this, this.options.preVote ? 'preElection' : 'election')
        return undefined
      case MessageType.storageAppendResponse:
        stored(this, message)
        return undefined
      case MessageType.storageApplyResponse:
        applied(this, message.entries)
        return undefined
      case MessageType.vote:
      case MessageType.preVote:
        handleVoteRequest(this, message)
        return undefined
      default:
        return this.#stepRole(message)
    }
  }

  #stepRole(message: Message): StepError | undefined {
    switch (this.role) {
      case Role.leader:
        return stepLeader(this, message)
      case Role.follower:
        return stepFollower(this, message)
      default:
        return stepCandidate(this, message)
    }
  }

  #reset(term: Term): void {
    if (this.term !== term) {
      invariant(term > this.term, () => `term ${term} is lower than the own term ${this.term}`)
      this.term = term
      this.vote = NONE
    }
    this.leader = NONE
    this.electionElapsed = 0
    this.heartbeatElapsed = 0
    this.quorumElapsed = 0
    this.randomizedElectionTimeout = drawElectionTimeout(this.options)
    this.abortTransfer()
    this.tracker.resetVotes()
    this.tracker.resetProgress(this.log.lastIndex, this.id)
    this.pendingConfIndex = 0
    this.uncommittedBytes = 0
    this.reads = new ReadQueue()
    this.lease = new Lease(this.options.electionTicks)
    this.earlyReads = []
  }

  #increaseUncommitted(entries: readonly Entry[]): boolean {
    const bytes = payloadSize(entries)
    const isOver = this.uncommittedBytes + bytes > this.options.uncommittedBytesMax
    if (this.uncommittedBytes > 0 && bytes > 0 && isOver) return false
    this.uncommittedBytes += bytes
    return true
  }
}
