import { Event, type Event as EventMessage } from '../../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import type { AppendOperation, LoggedValue } from '../history/operation.js'

const PAYLOAD_BYTES = 4
const AGGREGATE_TYPE = 'Register'
/** Values without a demanded sequence number are events of no aggregate. */
const NO_AGGREGATE = -1

/** One event for each value; only those with a demanded sequence number belong to an aggregate. */
export function encodeEvents(
  { values, aggregate, expected }: AppendOperation,
  timestampMs: number
): Buffer[] {
  return values.map((value, i) => {
    const data = Buffer.alloc(PAYLOAD_BYTES)
    data.writeUInt32BE(value)
    const isOfAggregate = expected !== undefined
    return encodeMessage(Event, {
      messageIdentifier: `value-${value}`,
      aggregateIdentifier: isOfAggregate ? `aggregate-${aggregate}` : '',
      aggregateSequenceNumber: isOfAggregate ? expected + i : 0,
      aggregateType: isOfAggregate ? AGGREGATE_TYPE : '',
      timestamp: timestampMs,
      payload: { type: 'value', revision: '', data },
      metaData: {},
      snapshot: false
    } as EventMessage)
  })
}

/** Values in the order of the log. */
export class ValueReader {
  #ofNone: number

  constructor(ofNone = 0) {
    this.#ofNone = ofNone
  }

  read(event: Buffer): LoggedValue {
    const { aggregateIdentifier, aggregateSequenceNumber, payload } = decodeMessage(Event, event)
    const value = Buffer.from(payload!.data).readUInt32BE(0)
    if (aggregateIdentifier === '') return { value, aggregate: NO_AGGREGATE, sequence: this.#ofNone++ }
    const aggregate = Number(aggregateIdentifier.slice(aggregateIdentifier.indexOf('-') + 1))
    return { value, aggregate, sequence: Number(aggregateSequenceNumber) }
  }
}
