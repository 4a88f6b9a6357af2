import fc from 'fast-check'
import type { Command, CommandResponse } from '../../src/wire/generated/command.js'
import type {
  MetaDataValue,
  ProcessingInstruction,
  SerializedObject
} from '../../src/wire/generated/common.js'
import type { Event } from '../../src/wire/generated/event.js'
import type { QueryRequest, QueryResponse } from '../../src/wire/generated/query.js'

/** Arbitrary messages, for the properties that hold for all of them. */
const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 12 }), fc.uuid())
const int64 = fc.oneof(
  fc.maxSafeInteger(),
  fc.nat(200),
  fc.constantFrom(-1, 0, 127, 128, Number.MAX_SAFE_INTEGER)
)
const bytes = fc.uint8Array({ maxLength: 200 }).map(array => Buffer.from(array))

const serialized: fc.Arbitrary<SerializedObject> = fc.record({ type: text, revision: text, data: bytes })

const value: fc.Arbitrary<MetaDataValue> = fc.record({
  data: fc.oneof(
    text.map(value => ({ $case: 'textValue' as const, value })),
    int64.map(value => ({ $case: 'numberValue' as const, value })),
    fc.boolean().map(value => ({ $case: 'booleanValue' as const, value })),
    fc.double().map(value => ({ $case: 'doubleValue' as const, value })),
    serialized.map(value => ({ $case: 'bytesValue' as const, value })),
    fc.constant(undefined)
  )
})
const key = fc.oneof(fc.constantFrom('__proto', 'region', 'a', ''), text).filter(name => name !== '__proto__')
const metaData = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true })

const instruction: fc.Arbitrary<ProcessingInstruction> = fc.record({
  key: fc.constantFrom(0, 1, 2, 3, 7, 8),
  value: fc.option(value, { nil: undefined })
})
const processingInstructions = fc.array(instruction, { maxLength: 6 })
const errorMessage = fc.option(
  fc.record({ message: text, location: text, details: fc.array(text, { maxLength: 2 }), errorCode: text }),
  { nil: undefined }
)
const payload = fc.option(serialized, { nil: undefined })

export const events: fc.Arbitrary<Event> = fc.record({
  messageIdentifier: text,
  aggregateIdentifier: text,
  aggregateSequenceNumber: int64,
  aggregateType: text,
  timestamp: int64,
  payload,
  metaData,
  snapshot: fc.boolean()
})

export const commands: fc.Arbitrary<Command> = fc.record({
  messageIdentifier: text,
  name: text,
  timestamp: int64,
  payload,
  metaData,
  processingInstructions,
  clientId: text,
  componentName: text
})

const response = {
  messageIdentifier: text,
  errorCode: text,
  errorMessage,
  payload,
  metaData,
  processingInstructions
}

export const commandResponses: fc.Arbitrary<CommandResponse> = fc.record({
  ...response,
  requestIdentifier: text
})

export const queryResponses: fc.Arbitrary<QueryResponse> = fc.record({ ...response, requestIdentifier: text })

export const queryRequests: fc.Arbitrary<QueryRequest> = fc.record({
  messageIdentifier: text,
  query: text,
  timestamp: int64,
  payload,
  metaData,
  responseType: payload,
  processingInstructions,
  clientId: text,
  componentName: text
})

/** Fields that no message has, of each wire type, groups too. */
export const unknownFields = fc
  .array(
    fc.oneof(
      fc.nat(127).map(byte => Buffer.of(0xa0, 0x06, byte)),
      bytes.map(data =>
        Buffer.concat([Buffer.of(0xa2, 0x06, data.length & 0x7f), data.subarray(0, data.length & 0x7f)])
      ),
      fc.constant(Buffer.of(0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8)),
      fc.constant(Buffer.of(0xa5, 0x06, 1, 2, 3, 4)),
      fc.constant(Buffer.of(0xa3, 0x06, 8, 1, 0x13, 0x14, 0xa4, 0x06))
    ),
    { maxLength: 3 }
  )
  .map(parts =>
    Buffer.concat(parts.map(part => (part[0] === 0xa2 ? part.subarray(0, 3 + (part[2] as number)) : part)))
  )

/** Ways in which bytes get damaged on the way. */
export function damaged(
  message: Buffer,
  how: { at: number; byte: number; cut: boolean; insert: boolean }
): Buffer {
  const at = message.length === 0 ? 0 : how.at % message.length
  if (how.cut) return message.subarray(0, at)
  if (how.insert) return Buffer.concat([message.subarray(0, at), Buffer.of(how.byte), message.subarray(at)])
  const copy = Buffer.from(message)
  if (copy.length > 0) copy[at] = how.byte
  return copy
}

export const damages = fc.record({
  at: fc.nat(2000),
  byte: fc.nat(255),
  cut: fc.boolean(),
  insert: fc.boolean()
})
