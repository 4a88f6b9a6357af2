import { ServerError } from '../../wire/index.js'
import type { ContextState } from '../context-state.js'
import type { AggregateRun } from '../index/segment-index.js'

/** EventStore.ListAggregateEvents */
export interface AggregateEventsRequest {
  readonly aggregateId: string
  readonly initialSequence: number
  /** 0: no upper bound; inclusive. */
  readonly maxSequence: number
  readonly allowSnapshots: boolean
}

export interface AggregateRequest {
  readonly aggregateId: string
  /** Inclusive. */
  readonly from: number
  /** Inclusive. */
  readonly to: number
}

const EVENTS_PER_READ = 128

/** An aggregate's events in sequence order, in pieces that a slow caller may take one at a time (EventStore.ListAggregateEvents). */
export async function* readAggregateEvents(
  state: ContextState,
  request: AggregateRequest
): AsyncGenerator<Buffer[]> {
  const { aggregateId, from, to } = request
  const highest = state.index.highestSequence(aggregateId)
  // Events committed after the call began are not part of the answer, however slowly it is read.
  const last = Math.min(to, highest ?? Number.POSITIVE_INFINITY)
  if (last < from) return
  let expected = from
  for (const run of await state.index.runs(aggregateId, from)) {
    const end = Math.min(last - run.firstSequence + 1, run.positions.length)
    let i = Math.max(0, from - run.firstSequence)
    if (i >= end) continue
    expected = assertContiguous(aggregateId, expected, run, i)
    while (i < end) {
      const next = Math.min(i + EVENTS_PER_READ, end)
      const events = state.segments.eventsAt(run.segment, run.positions, i, next)
      yield events instanceof Promise ? await events : events
      expected += next - i
      i = next
    }
  }
}

function assertContiguous(aggregateId: string, expected: number, run: AggregateRun, offset: number): number {
  const actual = run.firstSequence + offset
  if (actual !== expected) {
    throw new ServerError(
      'AXONIQ-9001',
      `The index of aggregate ${aggregateId} jumps from ${expected - 1} to ${actual}: restore this context's state from a backup`
    )
  }
  return expected
}
