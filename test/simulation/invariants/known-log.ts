import { type Entry, EntryKind, type Index, type Term } from '../../../src/consensus/core/types.js'
import { demand } from '../world/violation.js'

interface Version {
  readonly term: Term
  readonly kind: number
  readonly data: Buffer
  previousTerm: Term | undefined
}

interface Committed {
  readonly term: Term
  /** The term of the leader that committed it. */
  readonly byTerm: Term
}

/** What all nodes together have ever had in their logs, and what of it is committed. */
export class KnownLog {
  readonly #versions: Version[][] = []
  readonly #committed: Committed[] = []
  #base: Index = 0

  /** The log begins behind this entry, which all founders share. */
  beginAt(index: Index): void {
    this.#base = index
  }

  get committedIndex(): Index {
    return this.#base + this.#committed.length
  }

  get beginning(): Index {
    return this.#base
  }

  /** An entry that no state machine gets to see: of a new leader, or of a configuration. */
  isSilent(index: Index): boolean {
    if (index <= this.#base) return true
    const term = this.committedTerm(index)
    const entry = this.#versions[index]?.find(version => version.term === term)
    return entry !== undefined && (entry.kind !== EntryKind.normal || entry.data.length === 0)
  }

  /** S2: one index and term, one entry with one predecessor; by induction logs that agree at a place agree below it. */
  saw(entries: readonly Entry[], previousTerm: Term | undefined): void {
    let before = previousTerm
    for (const entry of entries) {
      this.#sawOne(entry, before)
      before = entry.term
    }
  }

  committedTerm(index: Index): Term | undefined {
    return this.#committed[index - this.#base - 1]?.term
  }

  /** The leader commits: the only one who may go beyond what is known. */
  commit(index: Index, term: Term, byTerm: Term): void {
    if (index <= this.#base) return
    const known = this.#committed[index - this.#base - 1]
    if (known === undefined) {
      demand(
        index === this.committedIndex + 1,
        'S4',
        () => `entry ${index} is committed before ${this.committedIndex + 1}`
      )
      this.#committed.push({ term, byTerm })
      return
    }
    demand(
      known.term === term,
      'S4',
      () => `entry ${index} is committed with term ${term}, and before with ${known.term}`
    )
  }

  /** S3: what was committed in earlier terms is in the log of every new leader. */
  checkCompleteness(leaderTerm: Term, firstIndex: Index, termAt: (index: Index) => Term | undefined): void {
    for (let index = this.committedIndex; index >= firstIndex && index > this.#base; index--) {
      const { term, byTerm } = this.#committed[index - this.#base - 1]!
      if (byTerm >= leaderTerm) continue
      const own = termAt(index)
      demand(own === term, 'S3', () => {
        return `the leader of term ${leaderTerm} has term ${own} at ${index}, where term ${term} is committed`
      })
    }
  }

  #sawOne({ index, term, kind, data }: Entry, previousTerm: Term | undefined): void {
    this.#versions[index] ??= []
    const versions = this.#versions[index]!
    const known = versions.find(version => version.term === term)
    if (known === undefined) {
      versions.push({ term, kind, data, previousTerm })
      return
    }
    const isSame = known.kind === kind && (known.data === data || known.data.equals(data))
    demand(isSame, 'S2', () => `two different entries have index ${index} and term ${term}`)
    if (previousTerm === undefined) return
    known.previousTerm ??= previousTerm
    demand(known.previousTerm === previousTerm, 'S2', () => {
      return `entry ${index} of term ${term} follows term ${previousTerm}, and elsewhere ${known.previousTerm}`
    })
  }
}
