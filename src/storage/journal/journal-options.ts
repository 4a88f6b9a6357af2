import type { Logger } from '../../kernel/index.js'
import type { FileSystem } from '../file-system.js'
import type { QuickSyncOptions } from './sync-policy.js'

export interface JournalOptions {
  readonly fs: FileSystem
  readonly directory: string
  readonly log: Logger
  /** myelin.journal.segment-size */
  readonly fileBytes: number
  /** myelin.journal.batch-bytes-max */
  readonly batchBytesMax: number
  /** myelin.journal.queue-bytes-max */
  readonly queueBytesMax: number
  /** myelin.journal.reserve-size */
  readonly reserveBytes: number
  /** Newest writes that are kept in memory for readers; 16 MiB unless given. */
  readonly tailBytesMax?: number
  /** How far a file that was not prepared is filled with zeros in front of its end; 256 KiB unless given. */
  readonly fillBytes?: number
  /** Small writes are synced in the event loop as long as the disk is quick; without it always by a helper thread. */
  readonly quickSync?: QuickSyncOptions
  /** Called once when a write or sync has failed: what was written can not be believed any more, and the process must end. */
  readonly onFatal: (error: unknown) => void
}
