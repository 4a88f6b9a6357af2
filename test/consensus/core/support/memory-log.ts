import type { LogView } from '../../../../src/consensus/core/log-view.js'
import {
  type ConfState,
  type Entry,
  type HardState,
  type Index,
  limitSize,
  type SnapshotMeta,
  type Term
} from '../../../../src/consensus/core/types.js'

/** The disk of one node: what it shows has been written, and survives a restart. */
export class MemoryLog implements LogView {
  hardState: HardState = { term: 0, vote: 0, commit: 0 }
  /** What is offered to peers that lag behind the first index. */
  offered: SnapshotMeta | undefined
  /** Reads below this index find nothing in memory until `load()`. */
  cachedFrom: Index = 0
  loadsAsked = 0
  #compacted: { index: Index; term: Term } = { index: 0, term: 0 }
  #entries: Entry[] = []

  firstIndex(): Index {
    return this.#compacted.index + 1
  }

  lastIndex(): Index {
    return this.#compacted.index + this.#entries.length
  }

  term(index: Index): Term | undefined {
    if (index === this.#compacted.index) return this.#compacted.term
    return this.#entries[index - this.firstIndex()]?.term
  }

  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined {
    if (from < this.cachedFrom) {
      this.loadsAsked++
      return undefined
    }
    const first = this.firstIndex()
    if (from < first || to > this.lastIndex() + 1)
      throw new Error(`read [${from},${to}) outside the stored log`)
    return limitSize(this.#entries.slice(from - first, to - first), bytesMax)
  }

  snapshot(): SnapshotMeta | undefined {
    return this.offered
  }

  load(): void {
    this.cachedFrom = 0
  }

  /** Entries from the first one's index on replace what was there. */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    if (first.index > this.lastIndex() + 1) throw new Error(`write at ${first.index} leaves a gap`)
    const kept = this.#entries.slice(0, Math.max(0, first.index - this.firstIndex()))
    const skipped = Math.max(0, this.firstIndex() - first.index)
    this.#entries = [...kept, ...entries.slice(skipped)]
  }

  /** Everything up to here is replaced by the state that the snapshot speaks of. */
  install({ index, term }: SnapshotMeta): void {
    this.#compacted = { index, term }
    this.#entries = []
  }

  /** Entries up to `index` go; `conf` makes a snapshot at that position that can be offered. */
  compact(index: Index, conf?: ConfState): void {
    const term = this.term(index)
    if (term === undefined) throw new Error(`${index} is not in the log`)
    this.#entries = this.#entries.slice(index - this.#compacted.index)
    this.#compacted = { index, term }
    if (conf !== undefined) this.offered = { index, term, conf }
  }

  all(): readonly Entry[] {
    return this.#entries
  }
}
