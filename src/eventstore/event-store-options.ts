import type { Clock, Logger } from '../kernel/index.js'
import type { FileSystem, KeyValueStore } from '../storage/index.js'
import type { AppendLimits } from './append/append-limits.js'
import type { Sequencer } from './ports.js'
import type { TrackerOptions } from './read/event-tracker.js'

export interface EventStoreOptions {
  /** axoniq.axonserver.event.storage */
  readonly directory: string
  /** axoniq.axonserver.event.events-suffix */
  readonly suffix: string
  readonly segmentBytesMax: number
  readonly tailBytesMax: number
  readonly readCacheBytesMax: number
  readonly unwrittenBytesMax: number
  readonly limits: AppendLimits
  readonly tracker: TrackerOptions
  readonly checkSnapshotSequence: boolean
  readonly checkpointIntervalMs: number
  readonly replayBytesMax: number
  readonly freeBytesMin: number
  /** Directories of journal and state, watched for free space like our own. */
  readonly otherDirectories: readonly string[]
}

export interface EventStorePorts {
  readonly fs: FileSystem
  readonly store: KeyValueStore
  readonly sequencer: Sequencer
  readonly clock: Clock
  readonly log: Logger
  readonly randomId: () => string
  readonly onFatal: (error: unknown) => void
}

/** A context as the catalogue knows it. `directory` is unique among all contexts that ever were. */
export interface ContextDefinition {
  readonly name: string
  readonly contextId: number
  readonly group: number
  readonly directory: string
}
