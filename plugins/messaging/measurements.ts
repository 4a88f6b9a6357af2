import type { Measurement } from '../../src/kernel/index.js'
import type { MessageTimer, RateMeter } from '../../src/messaging/index.js'

export type Tags = Readonly<Record<string, string>>

export function counter(name: string, description: string, value: number, tags: Tags = {}): Measurement {
  return { name, kind: 'counter', description, value, tags }
}

export function gauge(name: string, description: string, value: number, tags: Tags = {}): Measurement {
  return { name, kind: 'gauge', description, value, tags }
}

/** A message name in a tag has slashes for dots. */
export function messageTimer(name: string, description: string, timer: MessageTimer): Measurement {
  const { context, request, source, target, count, totalMs, maxMs } = timer
  return {
    name,
    kind: 'timer',
    unit: 'seconds',
    description,
    tags: { context, request: request.replaceAll('.', '/'), source, target },
    value: count,
    totalSeconds: totalMs / 1000,
    maxSeconds: maxMs / 1000
  }
}

/** `<prefix>.oneMinuteRate` and its like, per second. */
export function* rates(prefix: string, what: string, meter: RateMeter, tags: Tags): Iterable<Measurement> {
  yield gauge(`${prefix}.oneMinuteRate`, `${what} per second, last minute`, meter.rate(1), tags)
  yield gauge(`${prefix}.fiveMinuteRate`, `${what} per second, last five minutes`, meter.rate(5), tags)
  yield gauge(`${prefix}.fifteenMinuteRate`, `${what} per second, last fifteen minutes`, meter.rate(15), tags)
}
