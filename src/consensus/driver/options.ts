import type { Clock, Logger } from '../../kernel/index.js'
import type { LogStorage } from '../../storage/index.js'
import type { RaftDefaults, RawNode } from '../core/index.js'
import type { Transport } from '../ports.js'
import type { TransferLimits } from '../transfer/index.js'
import { TIMING_DEFAULTS, type Timing } from './timing.js'

/** Turns of the event loop as a port, so that a simulator decides when they come. */
export interface Runtime {
  /** Runs `task` on a later turn, after what the sockets have brought was read. */
  defer(task: () => void): void
}

export interface Limits {
  /** Proposals that are not answered yet, in bytes, of all groups; more are refused. */
  readonly queueBytesMax: number
  /** Bytes of one batch to the log that new proposals are still put into. */
  readonly batchBytesMax: number
  /** Log bytes read at a time. */
  readonly loadBytesMax: number
  /** Reads of the log that run at the same time. */
  readonly loadsMax: number
  /** Entries kept in memory, of all groups; what is neither stored nor applied is kept in any case. */
  readonly cacheBytesMax: number
  /** Messages from peers that wait for their turn, per group; more are dropped, and Raft sends again. */
  readonly inboxMessagesMax: number
  /** What one group may do before the next has its turn. */
  readonly sliceMessagesMax: number
  readonly sliceMs: number
  /** Reads that wait for a confirmation, per group. */
  readonly readsMax: number
  /** A target of a hand-over may be so many entries behind with applying. */
  readonly applyLagMax: number
}

export const LIMITS_DEFAULTS: Limits = {
  queueBytesMax: 64 * 1024 * 1024,
  batchBytesMax: 4 * 1024 * 1024,
  loadBytesMax: 1024 * 1024,
  loadsMax: 4,
  cacheBytesMax: 256 * 1024 * 1024,
  inboxMessagesMax: 4096,
  sliceMessagesMax: 64,
  sliceMs: 2,
  readsMax: 10_000,
  applyLagMax: 1000
}

export interface ConsensusEvents {
  /** Before the core is told anything. */
  created?(group: number, core: RawNode): void
  leaderChanged?(group: number, leader: string | undefined, term: number): void
  /** This node is no member of the group any more. */
  removed?(group: number): void
  failed?(group: number, error: Error): void
  /** A peer needs a checkpoint that is newer than the newest. */
  checkpointNeeded?(group: number): void
}

export interface ConsensusOptions {
  /** This node's name, as in `Member.node`. */
  readonly node: string
  readonly log: LogStorage
  readonly clock: Clock
  readonly runtime: Runtime
  /** Numbers in [0, 1). */
  readonly random: () => number
  readonly logger: Logger
  /** The process must end: what it holds can not be believed any more. */
  readonly onFatal: (error: unknown) => void
  /** Absent on a node without peers. */
  readonly transport?: Transport
  readonly timing?: Partial<Timing>
  readonly limits?: Partial<Limits>
  /** min-active-backups */
  readonly minActiveBackups?: number
  /** max-replication-round */
  readonly replicationRoundsMax?: number
  readonly transfer?: Partial<TransferLimits>
  /** For tests and the simulator. */
  readonly raft?: Partial<RaftDefaults>
  readonly events?: ConsensusEvents
}

export function timingOf({ timing = {} }: ConsensusOptions): Timing {
  return { ...TIMING_DEFAULTS, ...timing }
}

export function limitsOf({ limits = {} }: ConsensusOptions): Limits {
  const all = { ...LIMITS_DEFAULTS, ...limits }
  for (const [name, value] of Object.entries(all)) {
    if (!(value > 0)) throw new Error(`${name} must be greater than 0`)
  }
  return all
}
