import { invariant } from './invariant.js'
import type { LogView } from './log-view.js'
import type { Trace } from './trace.js'
import {
  type Entry,
  EntryKind,
  entrySize,
  type Index,
  limitSize,
  type SnapshotMeta,
  type Term
} from './types.js'
import { Unstable } from './unstable.js'

export interface LogOptions {
  readonly view: LogView
  readonly trace: Trace
  readonly applyBytesMax: number
  /** Indexes of configuration entries that the stored log holds above the applied index. */
  readonly confIndexes: readonly Index[]
}

/**
 * One group's log: the stored part seen through `LogView`, the unconfirmed tail above it.
 * Invariant: first <= applied + 1, applied <= applying <= committed <= last (Raft §5.3; A2).
 */
export class RaftLog {
  readonly unstable: Unstable
  committed: Index
  /** Handed out to be applied, up to here. */
  applying: Index
  applied: Index
  /** Configuration entries above `applied`, ascending. */
  confIndexes: Index[]
  #applyingBytes = 0
  #applyPaused = false
  #applyLoading = false

  constructor(private readonly options: LogOptions) {
    const { view, trace } = options
    const compacted = view.firstIndex() - 1
    this.unstable = new Unstable(view.lastIndex() + 1, trace)
    this.committed = compacted
    this.applying = compacted
    this.applied = compacted
    this.confIndexes = [...options.confIndexes]
  }

  get firstIndex(): Index {
    return this.unstable.firstIndex ?? this.options.view.firstIndex()
  }

  get lastIndex(): Index {
    return this.unstable.lastIndex ?? this.options.view.lastIndex()
  }

  get lastTerm(): Term {
    const term = this.term(this.lastIndex)
    invariant(term !== undefined, 'the term of the last entry is not known')
    return term
  }

  get stableIndex(): Index {
    return this.unstable.offset - 1
  }

  get hasPendingSnapshot(): boolean {
    return this.unstable.snapshot !== undefined
  }

  /** Undefined for what is compacted, except the last compacted entry, and for what is not there. */
  term(index: Index): Term | undefined {
    const unstable = this.unstable.term(index)
    if (unstable !== undefined) return unstable
    if (index + 1 < this.firstIndex || index > this.lastIndex) return undefined
    return this.options.view.term(index)
  }

  matches(index: Index, term: Term): boolean {
    return this.term(index) === term
  }

  /** Raft §5.4.1: the later term wins, then the longer log. */
  isUpToDate(lastIndex: Index, lastTerm: Term): boolean {
    const own = this.lastTerm
    return lastTerm > own || (lastTerm === own && lastIndex >= this.lastIndex)
  }

  /** A follower's append (Raft figure 2, AppendEntries 2-5). The index of the last new entry, or undefined when `prev` does not match. */
  maybeAppend(
    prev: { index: Index; term: Term },
    entries: readonly Entry[],
    committed: Index
  ): Index | undefined {
    if (!this.matches(prev.index, prev.term)) return undefined
    const lastNew = prev.index + entries.length
    const conflict = this.findConflict(entries)
    if (conflict !== 0) {
      invariant(conflict > this.committed, () => {
        return `entry ${conflict} conflict with committed entry [committed(${this.committed})]`
      })
      this.append(entries.slice(conflict - prev.index - 1))
    }
    this.commitTo(Math.min(committed, lastNew))
    return lastNew
  }

  append(entries: readonly Entry[]): Index {
    const first = entries[0]
    if (first === undefined) return this.lastIndex
    invariant(first.index > this.committed, () => {
      return `after(${first.index - 1}) is out of range [committed(${this.committed})]`
    })
    invariant(
      first.index <= this.lastIndex + 1,
      () => `entry ${first.index} leaves a gap after ${this.lastIndex}`
    )
    this.unstable.truncateAndAppend(entries)
    this.#noteConfChanges(entries)
    return this.lastIndex
  }

  /** Index of the first entry that is not in the log with the same term; 0 when all are. */
  findConflict(entries: readonly Entry[]): Index {
    for (const { index, term } of entries) {
      if (this.matches(index, term)) continue
      if (index <= this.lastIndex) {
        const existing = this.term(index) ?? 0
        this.options.trace.info(
          () => `found conflict at index ${index} [existing term: ${existing}, conflicting term: ${term}]`
        )
      }
      return index
    }
    return 0
  }

  /**
   * The largest index at or below `index` whose term is at most `term`: both sides of a rejected append jump over whole terms this
   * way (Raft §5.3, the faster backtracking). The term is 0 where the log does not know it any more.
   */
  findConflictByTerm(index: Index, term: Term): { index: Index; term: Term } {
    for (let at = index; at > 0; at--) {
      const own = this.term(at)
      if (own === undefined) return { index: at, term: 0 }
      if (own <= term) return { index: at, term: own }
    }
    return { index: 0, term: 0 }
  }

  commitTo(index: Index): void {
    if (index <= this.committed) return
    invariant(index <= this.lastIndex, () => {
      return `tocommit(${index}) is out of range [lastIndex(${this.lastIndex})]. Was the raft log corrupted, truncated, or lost?`
    })
    this.committed = index
  }

  /** A committed configuration entry waits to be applied: this node does not know who may vote (guard b). */
  get hasUnappliedConfChange(): boolean {
    const first = this.confIndexes[0]
    return first !== undefined && first <= this.committed
  }

  hasNextCommitted(allowUnstable: boolean): boolean {
    if (this.#applyPaused || this.#applyLoading || this.hasPendingSnapshot) return false
    return this.applying < this.appliableIndex(allowUnstable)
  }

  /** Entries to apply: within the limit of outstanding bytes, nothing before a snapshot is installed. */
  nextCommitted(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommitted(allowUnstable)) return []
    const bytesMax = this.options.applyBytesMax - this.#applyingBytes
    const entries = this.slice(this.applying + 1, this.appliableIndex(allowUnstable) + 1, bytesMax)
    if (entries === undefined) this.#applyLoading = true
    return entries ?? []
  }

  appliableIndex(allowUnstable: boolean): Index {
    return allowUnstable ? this.committed : Math.min(this.committed, this.stableIndex)
  }

  acceptApplying(index: Index, bytes: number, allowUnstable: boolean): void {
    invariant(index <= this.committed, () => {
      return `applying(${index}) is out of range [prevApplying(${this.applying}), committed(${this.committed})]`
    })
    this.applying = index
    this.#applyingBytes += bytes
    // A slice that was cut by the limit waits for its report, even when a few bytes would be left.
    this.#applyPaused =
      this.#applyingBytes >= this.options.applyBytesMax || index < this.appliableIndex(allowUnstable)
  }

  appliedTo(index: Index, bytes: number): void {
    invariant(index <= this.committed && index >= this.applied, () => {
      return `applied(${index}) is out of range [prevApplied(${this.applied}), committed(${this.committed})]`
    })
    this.applied = index
    this.applying = Math.max(this.applying, index)
    this.#applyingBytes = Math.max(0, this.#applyingBytes - bytes)
    this.#applyPaused = this.#applyingBytes >= this.options.applyBytesMax
    while (this.confIndexes.length > 0 && this.confIndexes[0]! <= index) this.confIndexes.shift()
  }

  /** The view has loaded what it was asked for. */
  entriesLoaded(): void {
    this.#applyLoading = false
  }

  /** Entries from `from` on within the limit; undefined: they have to be loaded first. Compacted ones are an error of the caller. */
  entries(from: Index, bytesMax: number): readonly Entry[] | undefined {
    return from > this.lastIndex ? [] : this.slice(from, this.lastIndex + 1, bytesMax)
  }

  slice(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined {
    invariant(from >= this.firstIndex && from <= to && to <= this.lastIndex + 1, () => {
      return `slice[${from},${to}) out of bound [${this.firstIndex},${this.lastIndex}]`
    })
    const { offset } = this.unstable
    if (from >= offset) return limitSize(this.unstable.slice(from, to), bytesMax)
    const stored = this.options.view.entries(from, Math.min(to, offset), bytesMax)
    if (stored === undefined || to <= offset || stored.length < offset - from) return stored
    return joined(stored, this.unstable.slice(offset, to), bytesMax)
  }

  stableTo(index: Index, term: Term): void {
    this.unstable.stableTo(index, term)
  }

  stableSnapshotTo(index: Index): void {
    this.unstable.stableSnapshotTo(index)
  }

  snapshot(peer: number): SnapshotMeta | undefined {
    return this.unstable.snapshot ?? this.options.view.snapshot(peer)
  }

  restore(snapshot: SnapshotMeta): void {
    this.options.trace.info(
      () =>
        `log [${this.toString()}] starts to restore snapshot [index: ${snapshot.index}, term: ${snapshot.term}]`
    )
    this.committed = snapshot.index
    this.unstable.restore(snapshot)
    this.confIndexes = []
  }

  toString(): string {
    const { offset, offsetInProgress, entries } = this.unstable
    return `committed=${this.committed}, applied=${this.applied}, applying=${this.applying}, unstable.offset=${offset}, unstable.offsetInProgress=${offsetInProgress}, len(unstable.Entries)=${entries.length}`
  }

  #noteConfChanges(entries: readonly Entry[]): void {
    const first = entries[0]!.index
    while (this.confIndexes.length > 0 && this.confIndexes.at(-1)! >= first) this.confIndexes.pop()
    for (const { index, kind } of entries) if (kind !== EntryKind.normal) this.confIndexes.push(index)
  }
}

function joined(stored: readonly Entry[], unstable: readonly Entry[], bytesMax: number): readonly Entry[] {
  let bytes = 0
  for (const entry of stored) bytes += entrySize(entry)
  if (bytes >= bytesMax) return stored
  const more = limitSize(unstable, bytesMax - bytes)
  const isOverLimit = more.length === 1 && bytes + entrySize(more[0]!) > bytesMax
  return isOverLimit ? stored : [...stored, ...more]
}
