import type { Clock } from '../../kernel/index.js'

/** Spreads the bytes of all streams of a node over time. */
export class RateLimit {
  #freeAtMs = 0

  constructor(
    private readonly clock: Clock,
    /** 0: no limit. */
    private readonly bytesPerSecondMax: number
  ) {}

  /** Waits until so many bytes may go. One second's worth may go ahead at once. */
  async take(bytes: number): Promise<void> {
    if (this.bytesPerSecondMax === 0) return
    const nowMs = this.clock.monotonicMs()
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - 1000) + (bytes * 1000) / this.bytesPerSecondMax
    const waitMs = this.#freeAtMs - nowMs
    if (waitMs > 0) await new Promise<void>(resolve => this.clock.after(waitMs, resolve))
  }
}
