import type { DriverContext } from './context.js'

/** A disk that stands still: first the leaderships go to members with a better one, then the process ends. */
export class DiskWatchdog {
  slowDisks = 0
  #isSlow = false
  #hasEnded = false

  constructor(
    private readonly context: DriverContext,
    private readonly onFatal: (error: unknown) => void
  ) {}

  /** True once, when leaderships are to be handed over. */
  check(): boolean {
    const { writer, timing, logger } = this.context
    const { writingMs } = writer
    if (writingMs > timing.diskTimeoutMs && !this.#hasEnded) {
      this.#hasEnded = true
      this.onFatal(new Error(`a write to the log has not ended for ${Math.round(writingMs)} ms`))
    }
    const isSlow = writingMs > 2 * timing.minElectionMs
    const isNews = isSlow && !this.#isSlow
    this.#isSlow = isSlow
    if (!isNews) return false
    this.slowDisks++
    logger.warn({ writingMs }, 'the disk of the log stands still: leaderships are handed over')
    return true
  }
}
