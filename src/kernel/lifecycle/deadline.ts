import type { Clock, Timer } from '../clock.js'

export const isLate = Symbol('late')

export interface Limits {
  readonly clock: Clock
  readonly deadlineMs: number
  /** Once this is aborted only `graceMs` remain. */
  readonly cancel?: AbortSignal
  readonly graceMs?: number
}

/** What `work` comes to, or `isLate` when it takes longer. Telling the work so is up to the caller; late results are dropped. */
export async function withDeadline<T>(
  limits: Limits,
  work: () => T | Promise<T>
): Promise<T | typeof isLate> {
  const { clock, deadlineMs, cancel, graceMs = deadlineMs } = limits
  let timer: Timer | undefined
  let shorten = () => {}
  const late = new Promise<typeof isLate>(resolve => {
    const limitTo = (ms: number) => {
      timer?.cancel()
      timer = clock.after(ms, () => resolve(isLate))
    }
    limitTo(deadlineMs)
    shorten = () => limitTo(graceMs)
  })
  cancel?.addEventListener('abort', shorten, { once: true })
  try {
    return await Promise.race([invoke(work), late])
  } finally {
    timer?.cancel()
    cancel?.removeEventListener('abort', shorten)
  }
}

/** A plugin in JavaScript may throw where it should return a promise. */
async function invoke<T>(work: () => T | Promise<T>): Promise<T> {
  return work()
}
