import { invariant } from './invariant.js'
import type { LogView } from './log-view.js'
import type { TraceSink } from './trace.js'
import { type ConfState, type HardState, type Index, type NodeId, UNLIMITED } from './types.js'

/** Times are in ticks, sizes in bytes of `entrySize`. Limits are at least 1: zero would stall without a word. */
export interface RaftOptions {
  readonly id: NodeId
  readonly log: LogView
  readonly hardState: HardState
  /** Last entry that the state machine contains, and the configuration at that entry. */
  readonly applied: Index
  readonly conf: ConfState
  /** Indexes of the configuration entries that the stored log holds above `applied`, ascending. */
  readonly confIndexes?: readonly Index[]
  /** Numbers in [0, 1), from a seed. */
  readonly random: () => number
  readonly trace?: TraceSink
  /** A follower that hears nothing campaigns after a random number of ticks in [election, electionMax]. */
  readonly electionTicks: number
  readonly electionTicksMax: number
  readonly heartbeatTicks: number
  /** How often a leader looks whether it still reaches a majority; also the limit of a transfer is `electionTicks`. */
  readonly checkQuorumTicks: number
  readonly messageBytesMax: number
  readonly messageEntriesMax: number
  readonly inflightMessagesMax: number
  readonly inflightBytesMax: number
  /** Proposals beyond are refused while entries of this leader wait to be applied. */
  readonly uncommittedBytesMax: number
  /** Entries handed out for applying and not yet reported as applied. */
  readonly applyBytesMax: number
  readonly asyncStorageWrites: boolean
  readonly preVote: boolean
  readonly checkQuorum: boolean
  readonly stepDownOnRemoval: boolean
  readonly proposalForwarding: boolean
  readonly validateConfChanges: boolean
  /** Answers reads by the leader's lease instead of a round of heartbeats. Needs check-quorum. */
  readonly leaseReads: boolean
  /** Reads that wait for their confirmation; more are refused. */
  readonly waitingReadsMax: number
  /** Votes carry commit positions, so that nobody waits for ever for a node that may not lead (raft-rs #411). */
  readonly commitInVotes: boolean
  /**
   * Vote requests leave only with the write that contains the candidate's term. Otherwise a node that is elected by the others'
   * votes alone, and crashes before its own is on disk, may be elected in the same term again, with another log.
   */
  readonly votesAfterAppend: boolean
  /**
   * Peers learn of the commit of a lone entry with the next append or heartbeat, or by `tellCommit`. Otherwise each commit is
   * told at once, with a message to every peer and its answer.
   */
  readonly holdsCommits: boolean
}

export type RaftDefaults = Omit<
  RaftOptions,
  'id' | 'log' | 'hardState' | 'applied' | 'conf' | 'confIndexes' | 'random' | 'trace'
>

/** What production uses; pre-vote, check-quorum and step-down on removal are each the answer to a known outage. */
export const RAFT_DEFAULTS: RaftDefaults = {
  electionTicks: 10,
  electionTicksMax: 25,
  heartbeatTicks: 3,
  checkQuorumTicks: 25,
  messageBytesMax: 64 * 1024,
  messageEntriesMax: UNLIMITED,
  inflightMessagesMax: 1000,
  inflightBytesMax: 8 * 1024 * 1024,
  uncommittedBytesMax: 32 * 1024 * 1024,
  applyBytesMax: 4 * 1024 * 1024,
  asyncStorageWrites: true,
  preVote: true,
  checkQuorum: true,
  stepDownOnRemoval: true,
  proposalForwarding: false,
  validateConfChanges: true,
  leaseReads: false,
  waitingReadsMax: 10_000,
  commitInVotes: true,
  votesAfterAppend: true,
  holdsCommits: false
}

export function checkOptions(options: RaftOptions): void {
  invariant(Number.isInteger(options.id) && options.id > 0, `${options.id} is no node id`)
  const positive = [
    'electionTicks',
    'heartbeatTicks',
    'checkQuorumTicks',
    'messageBytesMax',
    'messageEntriesMax',
    'inflightMessagesMax',
    'inflightBytesMax',
    'uncommittedBytesMax',
    'applyBytesMax',
    'waitingReadsMax'
  ] as const
  for (const name of positive)
    invariant(Number.isSafeInteger(options[name]) && options[name] >= 1, `${name} must be at least 1`)
  invariant(
    options.electionTicks > options.heartbeatTicks,
    'electionTicks must be greater than heartbeatTicks'
  )
  invariant(
    options.electionTicksMax >= options.electionTicks,
    'electionTicksMax must not be less than electionTicks'
  )
  invariant(!options.leaseReads || options.checkQuorum, 'lease reads need check-quorum')
}
