import type { Clock, Logger, Timer } from '../../kernel/index.js'
import type { ContextStore } from '../context-store.js'

const LOOK_AHEAD_MS = 5 * 60_000
const RETRY_MS_MAX = 60_000
const RETRY_MS_MIN = 100
const BATCH = 256

/** Publishes the scheduled events of one context when they are due. One timer; the due ones are read from the state in batches. */
export class Scheduler {
  #timer: Timer | undefined
  #wakeMs = Number.POSITIVE_INFINITY
  #retryMs = RETRY_MS_MIN
  #running = false
  #stopped = false

  constructor(
    private readonly store: ContextStore,
    private readonly clock: Clock,
    private readonly log: Logger
  ) {}

  start(): void {
    this.#wakeAt(this.clock.now())
  }

  /** A new entry may be due before the timer. */
  consider(dueMs: number): void {
    if (dueMs < this.#wakeMs) this.#wakeAt(dueMs)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #wakeAt(atMs: number): void {
    if (this.#stopped) return
    this.#timer?.cancel()
    this.#wakeMs = atMs
    const delayMs = Math.max(0, Math.min(atMs - this.clock.now(), LOOK_AHEAD_MS))
    this.#timer = this.clock.after(delayMs, () => void this.#run())
  }

  async #run(): Promise<void> {
    if (this.#running || this.#stopped) return
    this.#running = true
    this.#wakeMs = Number.POSITIVE_INFINITY
    try {
      this.#planNext(await this.#publishDue())
      this.#retryMs = RETRY_MS_MIN
    } catch (error) {
      this.log.warn(
        { context: this.store.name, retryMs: this.#retryMs, error },
        'a scheduled event could not be published yet'
      )
      this.#wakeAt(this.clock.now() + this.#retryMs)
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
    } finally {
      this.#running = false
    }
  }

  /** Returns when the first entry that is not due yet will be. */
  async #publishDue(): Promise<number | undefined> {
    for (;;) {
      const entries = await this.store.state.schedules.due(Number.MAX_SAFE_INTEGER, BATCH)
      const due = entries.filter(entry => entry.dueMs <= this.clock.now())
      for (const { token } of due) {
        if (this.#stopped) return undefined
        const failure = await this.store.fireSchedule(token)
        if (failure !== undefined) {
          this.log.error(
            { context: this.store.name, token, reason: failure.message },
            'a scheduled event can not be published'
          )
        }
      }
      if (due.length < entries.length || entries.length === 0) return entries[due.length]?.dueMs
    }
  }

  #planNext(nextMs: number | undefined): void {
    const planned = Math.min(nextMs ?? Number.POSITIVE_INFINITY, this.#wakeMs)
    if (planned !== Number.POSITIVE_INFINITY) this.#wakeAt(planned)
  }
}
