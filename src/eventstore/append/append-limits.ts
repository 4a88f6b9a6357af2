import { ServerError } from '../../wire/index.js'
import { AGGREGATE_ID_BYTES_MAX } from '../state/keys.js'
import type { TransactionScan } from './transaction-scan.js'

export interface AppendLimits {
  /** axoniq.axonserver.max-events-per-transaction */
  readonly eventsMax: number
  /** myelin.event.max-transaction-size */
  readonly transactionBytesMax: number
}

/** Asked while the events arrive, so that a transaction that can't be stored is not collected to its end. */
export function checkSize(count: number, bytes: number, limits: AppendLimits): ServerError | undefined {
  if (count > limits.eventsMax) {
    return new ServerError(
      'AXONIQ-2002',
      `A transaction may have at most ${limits.eventsMax} events (axoniq.axonserver.max-events-per-transaction); split it`
    )
  }
  if (bytes > limits.transactionBytesMax) {
    return new ServerError(
      'AXONIQ-2001',
      `A transaction may have at most ${limits.transactionBytesMax} bytes (myelin.event.max-transaction-size); split it or raise the limit`
    )
  }
  return undefined
}

export function checkAggregates(scan: TransactionScan): ServerError | undefined {
  for (const [aggregateId, range] of scan.ranges) {
    const problem = checkAggregate(aggregateId, range.first)
    if (problem !== undefined) return problem
  }
  return undefined
}

export function checkAggregate(aggregateId: string, sequenceNumber: number): ServerError | undefined {
  if (
    aggregateId.length > AGGREGATE_ID_BYTES_MAX / 3 &&
    Buffer.byteLength(aggregateId) > AGGREGATE_ID_BYTES_MAX
  ) {
    return new ServerError(
      'AXONIQ-2001',
      `An aggregate identifier may have at most ${AGGREGATE_ID_BYTES_MAX} bytes; this one begins with ${aggregateId.slice(0, 40)}`
    )
  }
  if (!Number.isSafeInteger(sequenceNumber) || sequenceNumber < 0) {
    return new ServerError(
      'AXONIQ-2000',
      `Invalid sequence number ${sequenceNumber} for aggregate ${aggregateId}`
    )
  }
  return undefined
}

/** An identifier over the limit was never stored, and has no key. */
export function mayExist(aggregateId: string): boolean {
  return checkAggregate(aggregateId, 0) === undefined
}
