import { ServerError } from '../../wire/index.js'
import type { AggregateIndex } from '../index/aggregate-index.js'
import type { SequenceConflict, TransactionScan } from './transaction-scan.js'

/**
 * The decision about a transaction, from applied state alone: every aggregate goes on exactly where it ended. Undefined when it
 * may be stored. Raft members reach the same answer because each looks at the same state.
 */
export function checkSequences(scan: TransactionScan, index: AggregateIndex): ServerError | undefined {
  if (scan.conflict !== undefined) return invalidSequence(scan.conflict)
  for (const [aggregateId, range] of scan.ranges) {
    const highest = index.highestSequence(aggregateId)
    if (highest === undefined)
      throw new Error(`the highest sequence number of ${aggregateId} was not prepared`)
    if (range.first !== highest + 1) {
      return invalidSequence({ aggregateId, expected: highest + 1, actual: range.first })
    }
  }
  return undefined
}

export function invalidSequence(conflict: SequenceConflict): ServerError {
  return new ServerError(
    'AXONIQ-2000',
    `Invalid sequence number ${conflict.actual} for aggregate ${conflict.aggregateId}, expected ${conflict.expected}`
  )
}
