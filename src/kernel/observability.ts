import { token } from './token.js'

export type HealthStatus = 'UP' | 'WARN' | 'DOWN' | 'OUT_OF_SERVICE' | 'UNKNOWN'

/** One component of `/actuator/health`. */
export interface HealthCheck {
  readonly name: string
  check(): Health | Promise<Health>
}

export interface Health {
  readonly status: HealthStatus
  readonly details?: Readonly<Record<string, unknown>>
}

export const HealthCheck = token<HealthCheck>('kernel/HealthCheck@1')

export interface Measurement {
  /** Dotted, as in `axon.commands.active`. */
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'timer'
  readonly description: string
  readonly unit?: 'seconds' | 'bytes'
  readonly tags?: Readonly<Record<string, string>>
  /** Gauge: the value. Counter: the total. Timer: the number of observations. */
  readonly value: number
  /** Timer only, seconds. */
  readonly totalSeconds?: number
  readonly maxSeconds?: number
}

/** Asked when somebody looks: hot paths count into plain fields, and this turns them into measurements. */
export interface MetricsSource {
  measurements(): Iterable<Measurement>
}

export const MetricsSource = token<MetricsSource>('kernel/MetricsSource@1')
