import type { Clock, Timer } from './clock.js'

interface Entry {
  dueMs: number
  readonly intervalMs: number | undefined
  readonly task: () => void
}

/** A clock that stands still until a test advances it. Timers run in the order in which they are due. */
export class ManualClock implements Clock {
  readonly #entries = new Set<Entry>()
  #elapsedMs = 0

  constructor(private readonly startMs = 1_700_000_000_000) {}

  now(): number {
    return this.startMs + this.#elapsedMs
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  after(delayMs: number, task: () => void): Timer {
    return this.#add({ dueMs: this.#elapsedMs + delayMs, intervalMs: undefined, task })
  }

  every(intervalMs: number, task: () => void): Timer {
    return this.#add({ dueMs: this.#elapsedMs + intervalMs, intervalMs, task })
  }

  advance(byMs: number): void {
    const endMs = this.#elapsedMs + byMs
    for (;;) {
      const next = this.#nextDue(endMs)
      if (next === undefined) break
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs)
      if (next.intervalMs === undefined) this.#entries.delete(next)
      else next.dueMs += next.intervalMs
      next.task()
    }
    this.#elapsedMs = endMs
  }

  #add(entry: Entry): Timer {
    this.#entries.add(entry)
    return { cancel: () => this.#entries.delete(entry) }
  }

  #nextDue(endMs: number): Entry | undefined {
    let found: Entry | undefined
    for (const entry of this.#entries) {
      if (entry.dueMs <= endMs && (found === undefined || entry.dueMs < found.dueMs)) found = entry
    }
    return found
  }
}
