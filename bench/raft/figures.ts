import type { LoopResult } from './closed-loop.js'

/** Of each figure by itself; undefined when nothing was measured. */
export function medianOf(results: readonly LoopResult[]): LoopResult | undefined {
  if (results.length === 0) return undefined
  const middle = (figure: keyof LoopResult) => median(results.map(result => result[figure]))
  return {
    perSecond: middle('perSecond'),
    p50Ms: middle('p50Ms'),
    p99Ms: middle('p99Ms'),
    serverMicros: middle('serverMicros'),
    clientMicros: middle('clientMicros')
  }
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** `13,327/s, p50 14.4 ms, p99 84.7 ms, 38 us CPU` */
export function loopText({ perSecond, p50Ms, p99Ms, serverMicros }: LoopResult): string {
  const cpu = serverMicros === 0 ? '' : `, ${serverMicros.toFixed(0)} us CPU`
  return `${count(perSecond)}/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms${cpu}`
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** A promise and whether it was kept. */
export function verdict(isKept: boolean, promise: string): string {
  return `${isKept ? 'kept' : 'NOT KEPT'}: ${promise}`
}
