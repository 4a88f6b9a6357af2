import { demand } from '../world/violation.js'
import type { LoggedValue, OperationRequest, Outcome } from './operation.js'

export interface OperationRecord {
  readonly request: OperationRequest
  /** Length of the log that was known to everybody when the operation began: nothing that it sees may be shorter. */
  readonly floor: number
  isDone: boolean
}

/**
 * Judges a history of appends, reads and scans while it happens, at a constant cost an operation: values are unique, so the log
 * itself is the order (testing.md §4.3, rules 1 to 6). The log is shown to it as it becomes known.
 */
export class HistoryChecker {
  #floor = 0
  #open = 0
  readonly #log: LoggedValue[] = []
  readonly #places = new Map<number, number>()
  readonly #failed = new Set<number>()
  readonly #acknowledged = new Map<number, number>()
  readonly #nextSequence = new Map<number, number>()
  readonly counts = { ok: 0, fail: 0, unknown: 0, reads: 0, scans: 0 }

  /** Operations without an answer. */
  get open(): number {
    return this.#open
  }

  get logLength(): number {
    return this.#log.length
  }

  get acknowledged(): number {
    return this.#floor
  }

  placeOf(value: number): number | undefined {
    return this.#places.get(value)
  }

  /** The log that the replicas agree on grew. */
  logged(values: readonly LoggedValue[]): void {
    for (const logged of values) {
      const { value, aggregate, sequence } = logged
      demand(!this.#places.has(value), 'history (1)', () => `value ${value} is in the log twice`)
      demand(!this.#failed.has(value), 'history (1)', () => `value ${value} was refused and is in the log`)
      const next = this.#nextSequence.get(aggregate) ?? 0
      demand(
        sequence === next,
        'history (6)',
        () => `aggregate ${aggregate} goes on with ${sequence}, not ${next}`
      )
      this.#nextSequence.set(aggregate, next + 1)
      this.#places.set(value, this.#log.length)
      this.#log.push(logged)
    }
  }

  invoke(request: OperationRequest): OperationRecord {
    this.#open++
    return { request, floor: this.#floor, isDone: false }
  }

  complete(record: OperationRecord, outcome: Outcome): void {
    if (record.isDone) return
    record.isDone = true
    this.#open--
    this.counts[outcome.kind]++
    if (outcome.kind === 'fail') this.#completeFailed(record)
    else if (outcome.kind === 'ok') this.#completeOk(record, outcome)
  }

  /** Everything is quiet: what was acknowledged must be there, once. */
  finish(): void {
    for (const [value, token] of this.#acknowledged) {
      const place = this.#places.get(value)
      demand(
        place === token,
        'history (1)',
        () => `value ${value} was acknowledged at ${token} and is at ${place}`
      )
    }
  }

  #completeFailed({ request }: OperationRecord): void {
    if (request.kind !== 'append') return
    for (const value of request.values) {
      this.#failed.add(value)
      demand(!this.#places.has(value), 'history (1)', () => `value ${value} was refused and is in the log`)
    }
  }

  #completeOk(
    record: OperationRecord,
    { token, values }: { token: number; values?: readonly number[] }
  ): void {
    const { request, floor } = record
    if (request.kind === 'append') this.#checkAppend(request.values, token, floor)
    else if (request.kind === 'read') this.#checkRead(token, floor)
    else this.#checkScan(request.from, values ?? [], floor)
  }

  /** Real time: what was acknowledged before this one began comes before it in the log. */
  #checkAppend(values: readonly number[], token: number, floor: number): void {
    demand(
      token >= floor,
      'history (3)',
      () => `an append got token ${token}, but ${floor} was given away before`
    )
    values.forEach((value, i) => {
      const place = this.#places.get(value)
      demand(
        place === token + i,
        'history (2)',
        () => `value ${value} was acknowledged at ${token + i} and is at ${place}`
      )
      this.#acknowledged.set(value, token + i)
    })
    this.#floor = Math.max(this.#floor, token + values.length)
  }

  #checkRead(length: number, floor: number): void {
    this.counts.reads++
    demand(
      length >= floor,
      'history (4)',
      () => `a read saw ${length} values, but ${floor} were there before it began`
    )
    demand(
      length <= this.#log.length,
      'history (4)',
      () => `a read saw ${length} values of ${this.#log.length}`
    )
    this.#floor = Math.max(this.#floor, length)
  }

  #checkScan(from: number, values: readonly number[], floor: number): void {
    this.counts.scans++
    values.forEach((value, i) => {
      const place = this.#places.get(value)
      demand(
        place === from + i,
        'history (5)',
        () => `a scan from ${from} has value ${value} of ${place} at ${from + i}`
      )
    })
    const end = from + values.length
    demand(
      end >= floor,
      'history (4)',
      () => `a scan ended at ${end}, but ${floor} were there before it began`
    )
    this.#floor = Math.max(this.#floor, end)
  }
}
