import { RAFT_DEFAULTS, type RaftDefaults, type RaftOptions } from '../../../../src/consensus/core/options.js'
import {
  type Entry,
  type Index,
  type NodeId,
  type SnapshotMeta,
  type Term,
  UNLIMITED
} from '../../../../src/consensus/core/types.js'
import { MemoryLog } from './memory-log.js'
import { entries } from './messages.js'

export interface NodeOptions extends Partial<RaftDefaults> {
  readonly id?: NodeId
  readonly voters?: NodeId[]
  readonly learners?: NodeId[]
  readonly outgoing?: NodeId[]
  readonly learnersNext?: NodeId[]
  /** Terms of the stored entries 1, 2, ... */
  readonly terms?: Term[]
  /** Stored entries as they are, instead of `terms`. */
  readonly stored?: Entry[]
  /** The log begins above this snapshot. */
  readonly snapshot?: SnapshotMeta
  readonly term?: Term
  readonly vote?: NodeId
  readonly commit?: Index
  readonly applied?: Index
  readonly seed?: number
  readonly random?: () => number
  readonly trace?: RaftOptions['trace']
}

/** As in the papers and in most libraries: nothing is on that a test does not ask for; timeouts in [10, 19] ticks. */
export const PLAIN: RaftDefaults = {
  ...RAFT_DEFAULTS,
  electionTicks: 10,
  electionTicksMax: 19,
  heartbeatTicks: 1,
  checkQuorumTicks: 10,
  messageBytesMax: UNLIMITED,
  inflightMessagesMax: 256,
  inflightBytesMax: UNLIMITED,
  uncommittedBytesMax: UNLIMITED,
  applyBytesMax: UNLIMITED,
  preVote: false,
  checkQuorum: false,
  stepDownOnRemoval: false,
  proposalForwarding: true,
  commitInVotes: false,
  votesAfterAppend: false
}

export function settingsOf(options: NodeOptions): Partial<RaftDefaults> & Pick<RaftOptions, 'trace'> {
  const { voters, outgoing, learners, learnersNext, terms, stored, snapshot, term, vote, commit, ...rest } =
    options
  const { id, seed, random, applied, trace, ...settings } = rest
  return trace === undefined ? settings : { ...settings, trace }
}

export function fillDisk({ terms = [], stored, snapshot, term, vote = 0, commit }: NodeOptions): MemoryLog {
  const disk = new MemoryLog()
  if (snapshot !== undefined) disk.install(snapshot)
  disk.append(stored ?? entries(1 + (snapshot?.index ?? 0), ...terms))
  const lastTerm = disk.term(disk.lastIndex()) ?? 0
  disk.hardState = { term: term ?? lastTerm, vote, commit: commit ?? snapshot?.index ?? 0 }
  return disk
}
