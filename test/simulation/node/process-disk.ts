import type { Index } from '../../../src/consensus/core/types.js'
import type { LogStorage } from '../../../src/storage/index.js'
import type { DurableLog } from '../invariants/durable-log.js'

/** All that a process leaves behind. */
export interface ProcessDisk {
  /** The log of the present life. */
  attachLog(): LogStorage
  /** What the log would hold after a power cut now. */
  logOf(group: number): DurableLog
  /** Up to where a synced state contains a group's log. */
  coveredIndex(group: number): Index
  crash(): void
}
