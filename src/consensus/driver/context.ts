import type { Logger, Timer } from '../../kernel/index.js'
import type { LogStorage } from '../../storage/index.js'
import type { RaftDefaults } from '../core/index.js'
import type { Transport } from '../ports.js'
import type { StateTransfers } from '../transfer/index.js'
import type { CommitNotices } from './commit-notices.js'
import type { Group } from './group.js'
import type { LogCache } from './log-cache.js'
import type { LogWriter } from './log-writer.js'
import type { ConsensusMetrics } from './metrics.js'
import type { ConsensusEvents, Limits } from './options.js'
import type { Outbox } from './outbox.js'
import type { ProposalBudget } from './pending-proposals.js'
import type { Ticks, Timing } from './timing.js'

/** What the groups of a process share. */
export interface DriverContext {
  readonly node: string
  readonly log: LogStorage
  readonly logger: Logger
  readonly limits: Limits
  readonly timing: Timing
  readonly ticks: Ticks
  readonly raft: RaftDefaults
  readonly minActiveBackups: number
  readonly replicationRoundsMax: number
  readonly events: ConsensusEvents
  readonly metrics: ConsensusMetrics
  readonly budget: ProposalBudget
  readonly cache: LogCache
  readonly commitNotices: CommitNotices
  readonly writer: LogWriter
  readonly outbox: Outbox
  readonly transport: Transport | undefined
  readonly transfers: StateTransfers
  readonly random: () => number
  readonly now: () => number
  after(delayMs: number, task: () => void): Timer
  wake(group: Group): void
  wakeApply(group: Group): void
}
