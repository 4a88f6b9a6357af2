import { HistoryChecker, type OperationRecord } from '../../simulation/history/checker.js'
import type { LoggedValue, OperationRequest } from '../../simulation/history/operation.js'
import { demand } from '../../simulation/world/violation.js'

export type Outcome =
  | { readonly kind: 'ok'; readonly length?: number }
  | { readonly kind: 'fail' }
  | { readonly kind: 'unknown' }

export interface Invocation {
  readonly request: OperationRequest
  readonly place: number
}

/** Values that a stream delivered without a read barrier: it may be behind, but it is a piece of the log. */
interface Piece {
  readonly from: number
  readonly values: readonly number[]
}

type Step =
  | { readonly kind: 'invoked'; readonly invocation: Invocation }
  | { readonly kind: 'ended'; readonly invocation: Invocation; readonly outcome: Outcome }

/** What all clients of one process asked and were told, in the order in which it happened. */
export class History {
  readonly #steps: Step[] = []
  readonly #pieces: Piece[] = []
  readonly counts = { ok: 0, fail: 0, unknown: 0 }

  get length(): number {
    return this.#steps.length
  }

  invoke(request: OperationRequest): Invocation {
    const invocation = { request, place: this.#steps.length }
    this.#steps.push({ kind: 'invoked', invocation })
    return invocation
  }

  end(invocation: Invocation, outcome: Outcome): void {
    this.counts[outcome.kind]++
    this.#steps.push({ kind: 'ended', invocation, outcome })
  }

  streamed(piece: Piece): void {
    this.#pieces.push(piece)
  }

  /**
   * Replays the history against the log that all replicas hold in the end. The log is the total order, so each operation costs
   * the same; throws a violation of the first rule that is broken.
   */
  judge(log: readonly LoggedValue[]): HistoryChecker {
    const checker = new HistoryChecker()
    checker.logged(log)
    const places = new Map(log.map(({ value }, place) => [value, place]))
    const known = knownLengths(this.#steps, log)
    const records = new Map<Invocation, OperationRecord>()
    this.#steps.forEach((step, at) => {
      if (step.kind === 'invoked') records.set(step.invocation, checker.invoke(step.invocation.request))
      else checkEnd(step, { at, checker, places, known, record: records.get(step.invocation)! })
    })
    checker.finish()
    for (const piece of this.#pieces) checkPiece(piece, places)
    return checker
  }
}

interface Judging {
  readonly at: number
  readonly checker: HistoryChecker
  readonly places: ReadonlyMap<number, number>
  /** Per step: how long the log can have been by then. */
  readonly known: readonly number[]
  readonly record: OperationRecord
}

function checkEnd({ invocation, outcome }: Step & { kind: 'ended' }, judging: Judging): void {
  const { at, checker, places, known, record } = judging
  const { request } = invocation
  if (outcome.kind !== 'ok') checker.complete(record, outcome)
  else if (request.kind === 'append') {
    const token = places.get(request.values[0]!)
    demand(
      token !== undefined,
      'history (1)',
      () => `value ${request.values[0]} was acknowledged and is lost`
    )
    checker.complete(record, { kind: 'ok', token })
  } else {
    const length = outcome.length!
    demand(
      length <= known[at]!,
      'history (4)',
      () => `a read saw ${length} values when at most ${known[at]} were asked for`
    )
    checker.complete(record, { kind: 'ok', token: length })
  }
}

/** A log of n values needs that all of its first n were asked for: how long it can have been at each step. */
function knownLengths(steps: readonly Step[], log: readonly LoggedValue[]): number[] {
  const askedAt = new Map<number, number>()
  steps.forEach(({ kind, invocation: { request } }, at) => {
    if (kind === 'invoked' && request.kind === 'append')
      for (const value of request.values) askedAt.set(value, at)
  })
  let length = 0
  return steps.map((_, at) => {
    while (length < log.length && (askedAt.get(log[length]!.value) ?? Number.POSITIVE_INFINITY) <= at)
      length++
    return length
  })
}

function checkPiece({ from, values }: Piece, places: ReadonlyMap<number, number>): void {
  values.forEach((value, i) => {
    const place = places.get(value)
    demand(
      place === from + i,
      'history (5)',
      () => `a stream from ${from} had value ${value} at ${from + i}, it is at ${place}`
    )
  })
}
