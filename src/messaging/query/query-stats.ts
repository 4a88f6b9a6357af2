import type { Clock } from '../../kernel/index.js'
import type { ErrorCode } from '../../wire/index.js'
import { RateMeter } from '../flow/rate-meter.js'
import { TimerTable } from '../flow/timer-table.js'

/** Figures about queries, counted on the way and read when somebody looks. */
export class QueryStats {
  /** By context. */
  readonly rates = new Map<string, RateMeter>()
  readonly timers = new TimerTable()
  /** Errors that the server made itself, by code. */
  readonly failures = new Map<ErrorCode, number>()
  /** Responses that were errors of the handler. */
  handlerErrors = 0
  /** Responses that nobody waited for. */
  lateResponses = 0

  constructor(private readonly clock: Clock) {}

  received(context: string): void {
    let rate = this.rates.get(context)
    if (rate === undefined) {
      rate = new RateMeter(this.clock)
      this.rates.set(context, rate)
    }
    rate.mark()
  }

  failed(code: ErrorCode): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1)
  }

  removeContext(context: string): void {
    this.rates.delete(context)
    this.timers.removeContext(context)
  }
}
