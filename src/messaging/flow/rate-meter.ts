import type { Clock } from '../../kernel/index.js'

const windowSeconds = 15 * 60

/** Counts, and knows how many a second there were of late: one bucket a second, fifteen minutes long. */
export class RateMeter {
  readonly #buckets = new Uint32Array(windowSeconds)
  readonly #startSecond: number
  #second: number
  #count = 0

  constructor(private readonly clock: Clock) {
    this.#second = this.#startSecond = this.#now()
  }

  get count(): number {
    return this.#count
  }

  mark(): void {
    this.#advance()
    this.#buckets[this.#second % windowSeconds]!++
    this.#count++
  }

  /** Whole number per second over the last `minutes` (at most 15), or over the time since the start if that is shorter. */
  rate(minutes: number): number {
    this.#advance()
    const seconds = Math.max(1, Math.min(minutes * 60, this.#second - this.#startSecond + 1, windowSeconds))
    let sum = 0
    for (let back = 0; back < seconds; back++) {
      sum += this.#buckets[(this.#second - back + windowSeconds) % windowSeconds]!
    }
    return Math.floor(sum / seconds)
  }

  #advance(): void {
    const now = this.#now()
    if (now === this.#second) return
    if (now - this.#second >= windowSeconds) this.#buckets.fill(0)
    else
      for (let second = this.#second + 1; second <= now; second++) this.#buckets[second % windowSeconds] = 0
    this.#second = now
  }

  #now(): number {
    return Math.floor(this.clock.monotonicMs() / 1000)
  }
}
