/** What a lease is shorter than the shortest timeout: borders of ticks, and clocks of different speed. */
const MARGIN_TICKS = 3

/**
 * How long a leader may answer reads by itself (Raft dissertation §6.4.1). Counted from the sending of the
 * heartbeats that a quorum has answered: from then on these peers refuse votes for the shortest election
 * timeout. Counted in the leader's own ticks, so whoever delivers ticks late must say so. State of one term.
 */
export class Lease {
  #now = 0
  #rounds: { readonly sequence: number; readonly sentAt: number }[] = []
  #isOver = false

  constructor(private readonly electionTicks: number) {}

  get roundsKept(): number {
    return this.#rounds.length
  }

  tick(): void {
    this.#now++
    while (this.#rounds.length > 0 && !this.#isInTime(this.#rounds[0]!.sentAt)) this.#rounds.shift()
  }

  /** Later rounds of a tick are taken for its first one: one is kept for each tick of the timeout. */
  roundSent(sequence: number): void {
    if (this.#rounds.at(-1)?.sentAt !== this.#now) this.#rounds.push({ sequence, sentAt: this.#now })
  }

  /** `confirmed`: the newest round that a quorum has answered. */
  holds(confirmed: number): boolean {
    return !this.#isOver && this.#rounds.some(({ sequence }) => sequence <= confirmed)
  }

  /** Nobody knows how long ago the rounds so far were sent. */
  forgetRounds(): void {
    this.#rounds = []
  }

  /** Somebody may be told to campaign at once, and nobody knows when it hears that. */
  end(): void {
    this.#isOver = true
  }

  #isInTime(sentAt: number): boolean {
    return this.#now - sentAt <= this.electionTicks - MARGIN_TICKS
  }
}
