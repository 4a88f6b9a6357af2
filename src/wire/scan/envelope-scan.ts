import assert from 'node:assert'
import { FieldReader, WireType } from './field-reader.js'

/**
 * The members of `oneof request` in the outer messages of the handler streams, as a set of bits. Keyed by the number of the
 * instruction id, which happens to name the message.
 */
const requestFields: Readonly<Record<number, number>> = {
  0: bits(1, 2, 3, 4), // query.SubscriptionQueryRequest, which has no instruction id
  3: bits(1, 2), // command.CommandProviderInbound
  4: bits(1, 2, 3, 5, 6), // query.QueryProviderInbound
  5: bits(1, 2, 3, 4, 6, 7, 8), // control.PlatformInboundInstruction
  6: bits(1, 2, 3, 4, 5), // command.CommandProviderOutbound
  8: bits(1, 2, 3, 4, 5, 6, 7), // query.QueryProviderOutbound
  12: bits(1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13) // control.PlatformOutboundInstruction
}

export interface Envelope {
  /** The member of the `oneof` that is set (the last one, if several are); 0 if none that this server knows. */
  readonly field: number
  /** Its message lies in `[start, end)` of the bytes scanned. */
  readonly start: number
  readonly end: number
  readonly instructionId: string
}

/** Opens the outer message of a handler stream. `instructionIdField` is the number of its field `instruction_id`. */
export function scanEnvelope(bytes: Buffer, instructionIdField: number): Envelope {
  const known = requestFields[instructionIdField]
  assert(known !== undefined, 'no handler stream has its instruction id there')
  const instructionIdTag = (instructionIdField << 3) | WireType.lengthDelimited
  const reader = new FieldReader(bytes)
  let field = 0
  let start = 0
  let end = 0
  let instructionId = ''
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === instructionIdTag) instructionId = reader.string()
    else if (isRequest(tag, known)) {
      field = tag >>> 3
      start = reader.bytes()
      end = reader.position
    } else reader.skip(tag)
  }
  return { field, start, end, instructionId }
}

function isRequest(tag: number, known: number): boolean {
  return (tag & 7) === WireType.lengthDelimited && tag < 256 && (known & (1 << (tag >>> 3))) !== 0
}

function bits(...fields: readonly number[]): number {
  return fields.reduce((set, field) => set | (1 << field), 0)
}
