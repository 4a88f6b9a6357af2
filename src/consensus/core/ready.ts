import type { Message } from './message.js'
import type { Entry, HardState, ReadState, SnapshotMeta, SoftState } from './types.js'

/** What has to be done since the last one. Accepted by being taken. */
export interface Ready {
  /** Only when they changed. */
  readonly soft: SoftState | undefined
  readonly hard: HardState | undefined
  readonly reads: readonly ReadState[]
  readonly entries: readonly Entry[]
  readonly snapshot: SnapshotMeta | undefined
  readonly committed: readonly Entry[]
  /** To other nodes, in order. */
  readonly messages: readonly Message[]
  /**
   * With asynchronous storage writes: entries, snapshot and (only when changed) hard state to store as one, in the order in which
   * these come; after the sync its responses are to be delivered, in order.
   */
  readonly append: Message | undefined
  /** With asynchronous storage writes: entries to apply, in order; its response is to be stepped afterwards. */
  readonly apply: Message | undefined
  /** Without it, what there is to store may be stored later. */
  readonly mustSync: boolean
}
