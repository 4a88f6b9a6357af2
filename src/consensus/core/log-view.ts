import type { Entry, Index, SnapshotMeta, Term } from './types.js'

/**
 * What the core reads from the stored log, without waiting. It shows a write once the response to that write was delivered, or
 * earlier; what the core has not yet been told to be stored, it keeps itself.
 */
export interface LogView {
  /** Index after the last one that is gone (compacted). */
  firstIndex(): Index
  lastIndex(): Index
  /** From `firstIndex() - 1` (the compacted entry's own term) up to `lastIndex()`; undefined elsewhere. */
  term(index: Index): Term | undefined
  /**
   * Entries in [from, to), at least one, otherwise at most `bytesMax` of `entrySize`. Undefined: not in memory now; the view
   * starts to load them, and the core asks again after `entriesLoaded`.
   */
  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined
  /** The newest snapshot to send to `peer`; undefined: not available at the moment. */
  snapshot(peer: number): SnapshotMeta | undefined
}
