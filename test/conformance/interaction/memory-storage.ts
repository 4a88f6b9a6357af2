import { invariant } from '../../../src/consensus/core/invariant.js'
import type { LogView } from '../../../src/consensus/core/log-view.js'
import {
  type ConfState,
  EMPTY_CONF_STATE,
  EMPTY_HARD_STATE,
  type Entry,
  EntryKind,
  type HardState,
  type Index,
  limitSize,
  type SnapshotMeta,
  type Term
} from '../../../src/consensus/core/types.js'

/** Stands for a node's disk: entries above the last compacted one, the hard state, and the installed snapshot. */
export class MemoryStorage implements LogView {
  hardState: HardState = EMPTY_HARD_STATE
  installed: SnapshotMeta = { index: 0, term: 0, conf: EMPTY_CONF_STATE }
  /** Entries below are not in memory: whoever asks for them has to wait. */
  cachedFrom: Index = 0
  #compacted: { index: Index; term: Term } = { index: 0, term: 0 }
  #entries: Entry[] = []

  constructor(private readonly newestSnapshot: () => SnapshotMeta | undefined) {}

  get conf(): ConfState {
    return this.installed.conf
  }

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
    invariant(from >= this.firstIndex() && to <= this.lastIndex() + 1, () => `[${from},${to}) is not stored`)
    if (from < this.cachedFrom) return undefined
    return limitSize(this.#entries.slice(from - this.firstIndex(), to - this.firstIndex()), bytesMax)
  }

  snapshot(): SnapshotMeta | undefined {
    return this.newestSnapshot()
  }

  all(): readonly Entry[] {
    return this.#entries
  }

  confIndexesAbove(index: Index): Index[] {
    return this.#entries
      .filter(each => each.index > index && each.kind !== EntryKind.normal)
      .map(each => each.index)
  }

  /** Replaces everything. Words when it is not newer than the last one. */
  install(snapshot: SnapshotMeta): string | undefined {
    if (snapshot.index <= this.installed.index) return 'requested index is older than the existing snapshot'
    this.installed = snapshot
    this.#compacted = { index: snapshot.index, term: snapshot.term }
    this.#entries = []
    return undefined
  }

  /** What overlaps is replaced, with all that follows it. */
  append(entries: readonly Entry[]): void {
    const fresh = entries.filter(({ index }) => index >= this.firstIndex())
    const first = fresh[0]?.index
    if (first === undefined) return
    invariant(
      first <= this.lastIndex() + 1,
      () => `missing log entry [last: ${this.lastIndex()}, append at: ${first}]`
    )
    this.#entries = [...this.#entries.slice(0, first - this.firstIndex()), ...fresh]
  }

  /** Drops the entries up to `index`, whose term stays known. */
  compact(index: Index): string | undefined {
    if (index <= this.#compacted.index) return 'requested index is unavailable due to compaction'
    invariant(
      index <= this.lastIndex(),
      () => `compact ${index} is out of bound lastindex(${this.lastIndex()})`
    )
    const term = this.term(index)!
    this.#entries = this.#entries.slice(index - this.#compacted.index)
    this.#compacted = { index, term }
    return undefined
  }
}
