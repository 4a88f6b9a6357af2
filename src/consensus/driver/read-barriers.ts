import type { Index, RawNode, ReadState, Term } from '../core/index.js'
import { RetryReadError } from './errors.js'

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  readonly sinceMs: number
}

interface Round {
  readonly context: number
  readonly term: Term
  readonly waiters: readonly Waiter[]
}

interface Confirmed {
  readonly index: Index
  readonly waiters: readonly Waiter[]
}

/**
 * Reads of one group that must show everything committed before they came (Raft dissertation §6.4). One question to the leader at a
 * time, for all that wait when it is asked; the next one begins when the answer is here.
 */
export class ReadBarriers {
  rounds = 0
  #waiting: Waiter[] = []
  #asked: Round | undefined
  #confirmed: Confirmed[] = []
  #lastContext = 0

  constructor(
    private readonly group: number,
    private readonly readsMax: number
  ) {}

  get count(): number {
    let count = this.#waiting.length + (this.#asked?.waiters.length ?? 0)
    for (const { waiters } of this.#confirmed) count += waiters.length
    return count
  }

  get hasQuestion(): boolean {
    return this.#asked === undefined && this.#waiting.length > 0
  }

  wait(nowMs: number): Promise<void> {
    if (this.count >= this.readsMax) {
      return Promise.reject(new RetryReadError(this.group, `${this.readsMax} reads wait already`))
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, sinceMs: nowMs }))
  }

  ask(node: RawNode): void {
    if (!this.hasQuestion) return
    const waiters = this.#waiting
    this.#waiting = []
    const context = ++this.#lastContext
    const error = node.readIndex(context)
    if (error !== undefined) {
      this.#reject(waiters, 'too many reads wait for their confirmation')
      return
    }
    this.rounds++
    this.#asked = { context, term: node.hardState.term, waiters }
  }

  /** Everything committed before the question lies at or below the index; what is applied already can be read at once. */
  confirm({ context, index }: ReadState, applied: Index): void {
    const asked = this.#asked
    if (asked?.context !== context) return
    this.#asked = undefined
    if (index <= applied) for (const { resolve } of asked.waiters) resolve()
    else this.#confirmed.push({ index, waiters: asked.waiters })
  }

  applied(index: Index): void {
    if (this.#confirmed.length === 0) return
    const ready = this.#confirmed.filter(confirmed => confirmed.index <= index)
    if (ready.length === 0) return
    this.#confirmed = this.#confirmed.filter(confirmed => confirmed.index > index)
    for (const { waiters } of ready) for (const { resolve } of waiters) resolve()
  }

  /** The leader that was asked leads no more: the next one is asked again, within the time that each read has. */
  leadershipChanged(term: Term, isSame: boolean): void {
    const asked = this.#asked
    if (asked === undefined || (isSame && asked.term === term)) return
    this.#asked = undefined
    this.#waiting = [...asked.waiters, ...this.#waiting]
  }

  expire(beforeMs: number): void {
    const asked = this.#asked
    if (asked?.waiters.some(({ sinceMs }) => sinceMs <= beforeMs)) {
      this.#asked = undefined
      this.#reject(asked.waiters, 'the leader did not answer in time')
    }
    this.expireWaiting(beforeMs, () => new RetryReadError(this.group, 'it was not asked for in time'))
    const isLate = ({ sinceMs }: Waiter) => sinceMs <= beforeMs
    this.#confirmed = this.#confirmed.filter(({ waiters }) => {
      if (!waiters.some(isLate)) return true
      this.#reject(waiters, 'this node is behind with applying')
      return false
    })
  }

  /** What nobody was asked about and is older than `beforeMs`. */
  expireWaiting(beforeMs: number, error: () => unknown): void {
    const expired = this.#waiting.filter(({ sinceMs }) => sinceMs <= beforeMs)
    if (expired.length === 0) return
    this.#waiting = this.#waiting.filter(({ sinceMs }) => sinceMs > beforeMs)
    for (const { reject } of expired) reject(error())
  }

  rejectAll(error: unknown): void {
    const waiters = [...this.#waiting, ...(this.#asked?.waiters ?? [])]
    for (const confirmed of this.#confirmed) waiters.push(...confirmed.waiters)
    this.#waiting = []
    this.#asked = undefined
    this.#confirmed = []
    for (const { reject } of waiters) reject(error)
  }

  #reject(waiters: readonly Waiter[], reason: string): void {
    for (const { reject } of waiters) reject(new RetryReadError(this.group, reason))
  }
}
