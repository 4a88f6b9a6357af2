import {
  type ConfState,
  EMPTY_HARD_STATE,
  type Entry,
  EntryKind,
  type HardState,
  type Index,
  type Term
} from '../../../src/consensus/core/types.js'
import { EMPTY_REGISTER, type RegisterState } from '../history/register.js'
import type { DurableLog } from '../invariants/durable-log.js'
import { demand } from '../world/violation.js'

/** The state of the group's register at one position; also what a snapshot moves. */
export interface Checkpoint {
  readonly index: Index
  readonly term: Term
  readonly conf: ConfState
  readonly state: RegisterState
}

export const EMPTY_CHECKPOINT: Checkpoint = {
  index: 0,
  term: 0,
  conf: { voters: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false },
  state: EMPTY_REGISTER
}

/** One batch: happens as a whole or not at all. */
export interface DiskWrite {
  readonly hard: HardState | undefined
  readonly entries: readonly Entry[]
  readonly snapshot: Checkpoint | undefined
}

/** What one node has on disk, that is: what is synced. */
export class CoreDisk implements DurableLog {
  hardState: HardState = EMPTY_HARD_STATE
  checkpoint: Checkpoint
  #firstIndex: Index
  #compactedTerm: Term
  #entries: Entry[] = []

  constructor(checkpoint: Checkpoint) {
    this.checkpoint = checkpoint
    this.#firstIndex = checkpoint.index + 1
    this.#compactedTerm = checkpoint.term
  }

  get firstIndex(): Index {
    return this.#firstIndex
  }

  get lastIndex(): Index {
    return this.#firstIndex + this.#entries.length - 1
  }

  get coveredIndex(): Index {
    return this.#firstIndex - 1
  }

  term(index: Index): Term | undefined {
    if (index === this.#firstIndex - 1) return this.#compactedTerm
    return this.#entries[index - this.#firstIndex]?.term
  }

  entry(index: Index): Entry | undefined {
    return this.#entries[index - this.#firstIndex]
  }

  entries(from: Index, to: Index): readonly Entry[] {
    return this.#entries.slice(from - this.#firstIndex, to - this.#firstIndex)
  }

  confIndexesAbove(index: Index): Index[] {
    return this.#entries
      .filter(entry => entry.index > index && entry.kind !== EntryKind.normal)
      .map(entry => entry.index)
  }

  write({ hard, entries, snapshot }: DiskWrite): void {
    if (snapshot !== undefined) this.#install(snapshot)
    if (hard !== undefined) this.hardState = hard
    const first = entries[0]
    if (first === undefined) return
    demand(
      first.index >= this.#firstIndex,
      'A4',
      () => `entry ${first.index} is written below the compacted log`
    )
    demand(
      first.index <= this.lastIndex + 1,
      'A3',
      () => `entry ${first.index} leaves a gap after ${this.lastIndex}`
    )
    this.#entries.length = first.index - this.#firstIndex
    for (const entry of entries) this.#entries.push(entry)
  }

  /** The state is on disk; the log below it may go, up to `retained` entries. */
  store(checkpoint: Checkpoint, retained: number): void {
    if (checkpoint.index <= this.checkpoint.index) return
    this.checkpoint = checkpoint
    const through = checkpoint.index - retained
    if (through < this.#firstIndex) return
    const term = this.term(through)
    demand(
      term !== undefined,
      'A2',
      () => `checkpoint at ${checkpoint.index} is beyond the stored log ${this.lastIndex}`
    )
    this.#entries = this.#entries.slice(through + 1 - this.#firstIndex)
    this.#firstIndex = through + 1
    this.#compactedTerm = term
  }

  #install(snapshot: Checkpoint): void {
    this.checkpoint = snapshot
    this.#entries = []
    this.#firstIndex = snapshot.index + 1
    this.#compactedTerm = snapshot.term
  }
}
