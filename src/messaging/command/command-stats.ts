import type { Clock } from '../../kernel/index.js'
import type { ErrorCode } from '../../wire/index.js'
import { RateMeter } from '../flow/rate-meter.js'
import { TimerTable } from '../flow/timer-table.js'
import type { PendingCommand } from './pending-command.js'

/** Figures about commands, counted on the way and read when somebody looks. */
export class CommandStats {
  readonly rates = new Map<string, RateMeter>()
  readonly timers = new TimerTable()
  /** Errors that the server made itself, by code. */
  readonly failures = new Map<ErrorCode, number>()
  /** Answers that were errors of the handler. */
  handlerErrors = 0
  /** Answers that nobody waited for. */
  lateResponses = 0
  /** Commands that were given to another handler, because the first one left before it got them. */
  rerouted = 0

  constructor(private readonly clock: Clock) {}

  received(context: string): void {
    let rate = this.rates.get(context)
    if (rate === undefined) {
      rate = new RateMeter(this.clock)
      this.rates.set(context, rate)
    }
    rate.mark()
  }

  answered(pending: PendingCommand, target: string, durationMs: number, isError: boolean): void {
    if (isError) this.handlerErrors++
    this.timers.record(pending.context, pending.head.name, pending.head.clientId, target, durationMs)
  }

  failed(code: ErrorCode): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1)
  }

  removeContext(context: string): void {
    this.rates.delete(context)
    this.timers.removeContext(context)
  }
}
