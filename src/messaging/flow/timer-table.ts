/** Durations of one message name between one sender and one handler. */
export interface MessageTimer {
  readonly context: string
  readonly request: string
  /** Client ids. */
  readonly source: string
  readonly target: string
  count: number
  totalMs: number
  maxMs: number
}

const timersMax = 10_000

/**
 * One timer per context, message name, sender and handler. Client ids come and go with every process, so the table is
 * bounded: the oldest timer makes way.
 */
export class TimerTable {
  readonly #timers = new Map<string, MessageTimer>()
  #evicted = 0

  constructor(private readonly max = timersMax) {}

  get size(): number {
    return this.#timers.size
  }

  /** Timers that had to make way since the start. */
  get evicted(): number {
    return this.#evicted
  }

  record(context: string, request: string, source: string, target: string, durationMs: number): void {
    const key = `${context}\n${request}\n${source}\n${target}`
    const timer = this.#timers.get(key) ?? this.#create(key, context, request, source, target)
    timer.count++
    timer.totalMs += durationMs
    if (durationMs > timer.maxMs) timer.maxMs = durationMs
  }

  removeContext(context: string): void {
    for (const [key, timer] of this.#timers) if (timer.context === context) this.#timers.delete(key)
  }

  /** A client has gone: what it sent and what it handled. */
  removeClient(context: string, clientId: string): void {
    for (const [key, timer] of this.#timers) {
      if (timer.context === context && (timer.source === clientId || timer.target === clientId))
        this.#timers.delete(key)
    }
  }

  values(): IterableIterator<MessageTimer> {
    return this.#timers.values()
  }

  #create(key: string, context: string, request: string, source: string, target: string): MessageTimer {
    if (this.#timers.size >= this.max) this.#evictOldest()
    const timer: MessageTimer = { context, request, source, target, count: 0, totalMs: 0, maxMs: 0 }
    this.#timers.set(key, timer)
    return timer
  }

  #evictOldest(): void {
    for (const key of this.#timers.keys()) {
      this.#timers.delete(key)
      this.#evicted++
      return
    }
  }
}
