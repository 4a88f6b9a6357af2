import type { Index, Term } from '../core/index.js'
import { NotStoredError, OutcomeUnknownError } from './errors.js'

/** A proposal and its proposer. `index` and `term` are 0 until the core has taken it. */
export interface Proposal {
  readonly data: Buffer
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  readonly proposedMs: number
  index: Index
  term: Term
}

export interface ProposalBudget {
  bytes: number
}

const COMPACT_AT = 1024

/** The proposals of one group that have no answer yet: first those that wait for the core, then those in the log, by index. */
export class PendingProposals {
  waiting: Proposal[] = []
  #inLog: Proposal[] = []
  #head = 0
  /** Replaced in this node's own log by what it took as a later leader; another log may still hold them. */
  #overtaken: Proposal[] = []

  constructor(
    private readonly group: number,
    private readonly budget: ProposalBudget
  ) {}

  get count(): number {
    return this.waiting.length + this.inLog
  }

  get inLog(): number {
    return this.#inLog.length - this.#head + this.#overtaken.length
  }

  add(proposal: Proposal): void {
    this.budget.bytes += proposal.data.length
    this.waiting.push(proposal)
  }

  /** The core has taken the first `count` that wait: they have the indexes from `first` on. */
  taken(count: number, first: Index, term: Term): void {
    while (this.#head < this.#inLog.length && this.#inLog.at(-1)!.index >= first) {
      this.#overtaken.push(this.#inLog.pop()!)
    }
    const proposals = count === this.waiting.length ? this.waiting : this.waiting.slice(0, count)
    this.waiting = count === this.waiting.length ? [] : this.waiting.slice(count)
    for (let i = 0; i < count; i++) {
      const proposal = proposals[i]!
      proposal.index = first + i
      proposal.term = term
      this.#inLog.push(proposal)
    }
  }

  /** The entry at `index` is applied: answers its proposer. Whatever another leader put in the place of a proposal was not stored. */
  applied(index: Index, term: Term, result: unknown): void {
    const settle = (proposal: Proposal) => {
      if (proposal.index === index && proposal.term === term) proposal.resolve(result)
      else
        proposal.reject(new NotStoredError(this.group, 'the leader changed, and the log went on without it'))
    }
    while (this.#head < this.#inLog.length) {
      const proposal = this.#inLog[this.#head]!
      if (proposal.index > index) break
      this.#remove()
      settle(proposal)
    }
    if (this.#overtaken.length > 0) this.#takeOvertaken(proposal => proposal.index <= index).forEach(settle)
  }

  /** What came up to `index` was installed as a state: which entries it is made of is not known. */
  passed(index: Index): void {
    this.#rejectWhile(
      proposal => proposal.index <= index,
      () => new OutcomeUnknownError(this.group, 'the state came from another node meanwhile')
    )
  }

  /** Answers with words what is older than `beforeMs`. */
  expire(beforeMs: number): void {
    this.#rejectWhile(
      proposal => proposal.proposedMs <= beforeMs,
      () => new OutcomeUnknownError(this.group, 'it was not committed in time')
    )
    this.expireWaiting(beforeMs, () => new NotStoredError(this.group, 'the leader did not take it in time'))
  }

  /** What the core has not taken and is older than `beforeMs`. */
  expireWaiting(beforeMs: number, error: () => unknown): void {
    if (!this.waiting.some(proposal => proposal.proposedMs <= beforeMs)) return
    const expired = this.waiting.filter(proposal => proposal.proposedMs <= beforeMs)
    this.waiting = this.waiting.filter(proposal => proposal.proposedMs > beforeMs)
    this.#rejectAll(expired, error)
  }

  /** Proposals that the core has not taken are certainly not stored. */
  refuseWaiting(error: () => unknown): void {
    const refused = this.waiting
    this.waiting = []
    this.#rejectAll(refused, error)
  }

  rejectInLog(error: () => unknown): void {
    this.#rejectWhile(() => true, error)
  }

  rejectAll(error: unknown): void {
    this.rejectInLog(() => error)
    this.refuseWaiting(() => error)
  }

  #takeOvertaken(matches: (proposal: Proposal) => boolean): Proposal[] {
    const taken = this.#overtaken.filter(matches)
    this.#overtaken = this.#overtaken.filter(proposal => !matches(proposal))
    for (const { data } of taken) this.budget.bytes -= data.length
    return taken
  }

  #rejectWhile(matches: (proposal: Proposal) => boolean, error: () => unknown): void {
    for (const { reject } of this.#takeOvertaken(matches)) reject(error())
    while (this.#head < this.#inLog.length) {
      const proposal = this.#inLog[this.#head]!
      if (!matches(proposal)) return
      this.#remove()
      proposal.reject(error())
    }
  }

  #rejectAll(proposals: readonly Proposal[], error: () => unknown): void {
    for (const { data, reject } of proposals) {
      this.budget.bytes -= data.length
      reject(error())
    }
  }

  #remove(): void {
    this.budget.bytes -= this.#inLog[this.#head]!.data.length
    this.#head++
    if (this.#head === this.#inLog.length) {
      this.#inLog = []
      this.#head = 0
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#inLog.length) {
      this.#inLog = this.#inLog.slice(this.#head)
      this.#head = 0
    }
  }
}
