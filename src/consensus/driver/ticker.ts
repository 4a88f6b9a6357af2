import type { Clock, Timer } from '../../kernel/index.js'
import type { ConsensusMetrics } from './metrics.js'
import type { Runtime } from './options.js'
import type { Ticks, Timing } from './timing.js'

export interface TickerOptions {
  readonly clock: Pick<Clock, 'monotonicMs' | 'every'>
  readonly runtime: Runtime
  readonly ticks: Ticks
  readonly timing: Timing
  readonly metrics: ConsensusMetrics
  readonly tick: (nowMs: number) => void
  /** Ticks were due and did not come. */
  readonly late: () => void
}

/**
 * Ticks from the monotonic clock. After the process has stood still, timers run before the sockets are read: so one tick is
 * delivered, then what has arrived is read, then comes the next. A leader whose heartbeats lie unread in the socket is not dead.
 */
export class Ticker {
  #timer: Timer | undefined
  #countedMs = 0
  #seenMs = 0
  #owed = 0
  #isDeferred = false

  constructor(private readonly options: TickerOptions) {}

  start(): void {
    if (this.#timer !== undefined) return
    const { clock, ticks } = this.options
    this.#countedMs = clock.monotonicMs()
    this.#seenMs = this.#countedMs
    this.#timer = clock.every(ticks.tickMs / 2, () => this.#onTimer())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#owed = 0
  }

  #onTimer(): void {
    const { clock, ticks, metrics } = this.options
    const nowMs = clock.monotonicMs()
    this.#noteStall(nowMs - this.#seenMs)
    this.#seenMs = nowMs
    const due = Math.floor((nowMs - this.#countedMs) / ticks.tickMs)
    this.#countedMs += due * ticks.tickMs
    if (due > 1) this.options.late()
    const owedMax = Math.max(1, Math.floor(ticks.electionTicks / 2))
    const owed = Math.min(this.#owed + due, owedMax)
    metrics.missedTicks += this.#owed + due - owed
    this.#owed = owed
    if (!this.#isDeferred) this.#deliverOne()
  }

  #deliverOne(): void {
    if (this.#owed === 0 || this.#timer === undefined) return
    this.#owed--
    this.options.tick(this.options.clock.monotonicMs())
    if (this.#owed === 0) return
    this.#isDeferred = true
    this.options.runtime.defer(() => {
      this.#isDeferred = false
      this.#deliverOne()
    })
  }

  #noteStall(gapMs: number): void {
    const { timing, metrics } = this.options
    if (gapMs <= timing.heartbeatMs) return
    metrics.stalls++
    metrics.longestStallMs = Math.max(metrics.longestStallMs, gapMs)
  }
}
