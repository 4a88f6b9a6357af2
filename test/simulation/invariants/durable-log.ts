import type { HardState, Index, Term } from '../../../src/consensus/core/types.js'

/** A node's disk as the observer sees it: what would be there after a power cut now. */
export interface DurableLog {
  readonly hardState: HardState
  readonly firstIndex: Index
  readonly lastIndex: Index
  /** Everything up to here is contained in a state on disk. */
  readonly coveredIndex: Index
  term(index: Index): Term | undefined
}

export function holds(disk: DurableLog, index: Index, term: Term): boolean {
  return index <= disk.coveredIndex || disk.term(index) === term
}
