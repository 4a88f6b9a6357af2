import { invariant } from './invariant.js'
import type { Trace } from './trace.js'
import type { Entry, Index, SnapshotMeta, Term } from './types.js'

/**
 * The tail of the log that storage has not yet confirmed. `entries[i]` has index `offset + i`. What lies below `offsetInProgress`
 * was handed out to be written and waits for its confirmation.
 */
export class Unstable {
  /** A snapshot that replaces all of the stored log, until storage confirms it. */
  snapshot: SnapshotMeta | undefined
  snapshotInProgress = false
  entries: Entry[] = []
  offset: Index
  offsetInProgress: Index

  constructor(
    offset: Index,
    private readonly trace: Trace
  ) {
    this.offset = offset
    this.offsetInProgress = offset
  }

  /** Only a snapshot tells the first index; otherwise storage knows it. */
  get firstIndex(): Index | undefined {
    return this.snapshot === undefined ? undefined : this.snapshot.index + 1
  }

  get lastIndex(): Index | undefined {
    if (this.entries.length > 0) return this.offset + this.entries.length - 1
    return this.snapshot?.index
  }

  term(index: Index): Term | undefined {
    if (index < this.offset) return this.snapshot?.index === index ? this.snapshot.term : undefined
    return this.entries[index - this.offset]?.term
  }

  get hasNextEntries(): boolean {
    return this.offset + this.entries.length > this.offsetInProgress
  }

  /** Entries that have not been handed out. */
  nextEntries(): Entry[] {
    const inProgress = this.offsetInProgress - this.offset
    if (inProgress === 0) return this.entries.slice()
    return inProgress >= this.entries.length ? [] : this.entries.slice(inProgress)
  }

  nextSnapshot(): SnapshotMeta | undefined {
    return this.snapshotInProgress ? undefined : this.snapshot
  }

  /** All that there is was handed out. */
  acceptInProgress(): void {
    if (this.entries.length > 0) this.offsetInProgress = this.offset + this.entries.length
    if (this.snapshot !== undefined) this.snapshotInProgress = true
  }

  /**
   * Storage has everything up to this entry. An entry that was replaced while it was being written does not count: its position
   * now holds another term, or nothing.
   */
  stableTo(index: Index, term: Term): void {
    if (index < this.offset) {
      const words = this.snapshot?.index === index ? 'matched unstable snapshot' : 'missing from unstable log'
      this.trace.info(() => `entry at index ${index} ${words}; ignoring`)
      return
    }
    const own = this.term(index)
    if (own === undefined) {
      this.trace.info(() => `entry at index ${index} missing from unstable log; ignoring`)
      return
    }
    if (own !== term) {
      this.trace.info(
        () =>
          `entry at (index,term)=(${index},${term}) mismatched with entry at (${index},${own}) in unstable log; ignoring`
      )
      return
    }
    this.entries = this.entries.slice(index + 1 - this.offset)
    this.offset = index + 1
    this.offsetInProgress = Math.max(this.offsetInProgress, this.offset)
  }

  stableSnapshotTo(index: Index): void {
    if (this.snapshot?.index !== index) return
    this.snapshot = undefined
    this.snapshotInProgress = false
  }

  restore(snapshot: SnapshotMeta): void {
    this.offset = snapshot.index + 1
    this.offsetInProgress = this.offset
    this.entries = []
    this.snapshot = snapshot
    this.snapshotInProgress = false
  }

  /** Entries from the first one's index on replace what was there; what was handed out above it has to be written again. */
  truncateAndAppend(entries: readonly Entry[]): void {
    const first = entries[0]!.index
    if (first === this.offset + this.entries.length) {
      for (const entry of entries) this.entries.push(entry)
    } else if (first <= this.offset) {
      this.trace.info(() => `replace the unstable entries from index ${first}`)
      this.entries = entries.slice()
      this.offset = first
      this.offsetInProgress = first
    } else {
      this.trace.info(() => `truncate the unstable entries before index ${first}`)
      this.entries = [...this.slice(this.offset, first), ...entries]
      this.offsetInProgress = Math.min(this.offsetInProgress, first)
    }
  }

  /** Entries in [from, to). */
  slice(from: Index, to: Index): Entry[] {
    const end = this.offset + this.entries.length
    invariant(
      from >= this.offset && from <= to && to <= end,
      () => `unstable.slice[${from},${to}) out of bound`
    )
    return this.entries.slice(from - this.offset, to - this.offset)
  }
}
