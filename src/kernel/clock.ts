import { token } from './token.js'

export interface Timer {
  cancel(): void
}

/** Time as a port. `src/consensus` and `src/eventstore` have no other source of it. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  now(): number
  /** Milliseconds that only grow; the origin means nothing. */
  monotonicMs(): number
  /** Runs `task` once after `delayMs`. A pending timer does not keep the process alive. */
  after(delayMs: number, task: () => void): Timer
  /** Runs `task` every `intervalMs` until cancelled. */
  every(intervalMs: number, task: () => void): Timer
}

export const Clock = token<Clock>('kernel/Clock@1')

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  every(intervalMs, task) {
    const timer = setInterval(task, intervalMs).unref()
    return { cancel: () => clearInterval(timer) }
  }
}
