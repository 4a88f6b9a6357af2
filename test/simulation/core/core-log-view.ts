import type { LogView } from '../../../src/consensus/core/log-view.js'
import {
  type Entry,
  type Index,
  limitSize,
  type SnapshotMeta,
  type Term
} from '../../../src/consensus/core/types.js'
import type { Checkpoint, CoreDisk } from './core-disk.js'

export interface CoreLogViewOptions {
  readonly disk: CoreDisk
  /** Whether these entries have to be loaded first; the loading is under way then. */
  mustLoad(from: Index): boolean
  /** The state to send to a peer, or undefined while there is none for it. */
  offer(peer: number): Checkpoint | undefined
}

/** What the core reads synchronously: the node's disk, of which parts are not in memory now and then. */
export class CoreLogView implements LogView {
  constructor(private readonly options: CoreLogViewOptions) {}

  firstIndex(): Index {
    return this.options.disk.firstIndex
  }

  lastIndex(): Index {
    return this.options.disk.lastIndex
  }

  term(index: Index): Term | undefined {
    return this.options.disk.term(index)
  }

  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined {
    if (this.options.mustLoad(from)) return undefined
    return limitSize(this.options.disk.entries(from, to), bytesMax)
  }

  snapshot(peer: number): SnapshotMeta | undefined {
    const checkpoint = this.options.offer(peer)
    if (checkpoint === undefined) return undefined
    const { index, term, conf } = checkpoint
    return { index, term, conf }
  }
}
