import assert from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { Command, CommandProviderOutbound, CommandResponse } from '../../src/wire/generated/command.js'
import { Event } from '../../src/wire/generated/event.js'
import { QueryRequest, QueryResponse, SubscriptionQueryResponse } from '../../src/wire/generated/query.js'
import {
  type Codec,
  decodeMessage,
  encodeMessage,
  MalformedMessageError,
  scanCommand,
  scanCommandMetaData,
  scanCommandResponse,
  scanEnvelope,
  scanEvent,
  scanEventPayloadType,
  scanQueryMetaData,
  scanQueryRequest,
  scanQueryResponse,
  scanSubscriptionQueryResponse
} from '../../src/wire/index.js'
import { doubleText } from '../../src/wire/scan/double-text.js'
import { booleanOf, clamped, metaDataText, numberOf, routingKeyOf } from './decoded-heads.js'
import {
  commandResponses,
  commands,
  damaged,
  damages,
  events,
  queryRequests,
  queryResponses,
  unknownFields
} from './messages.js'
import { isWellFormed } from './strict-fields.js'

/**
 * Not covered by the agreement: a scan does not look into payloads, error messages and (unless asked for) metadata, so it may
 * accept what the decoder refuses for damage there.
 */
const runs = { numRuns: Number(process.env.FC_RUNS ?? 600) }

interface Subject<T> {
  readonly codec: Codec<T>
  readonly messages: fc.Arbitrary<T>
  readonly scan: (bytes: Buffer) => unknown
  readonly expected: (message: T) => unknown
}

const eventSubject: Subject<Event> = {
  codec: Event,
  messages: events,
  scan: bytes => ({ ...scanEvent(bytes), ...scanEventPayloadType(bytes) }),
  expected: event => ({
    aggregateIdentifier: event.aggregateIdentifier,
    sequenceNumber: event.aggregateSequenceNumber,
    isDomainEvent: event.aggregateType !== '',
    timestampMs: event.timestamp,
    snapshot: event.snapshot,
    type: event.payload?.type ?? '',
    revision: event.payload?.revision ?? ''
  })
}

const commandSubject: Subject<Command> = {
  codec: Command,
  messages: commands,
  scan: bytes => ({ ...scanCommand(bytes), metaData: clamped(scanCommandMetaData(bytes)) }),
  expected: command => ({
    messageIdentifier: command.messageIdentifier,
    name: command.name,
    routingKey: routingKeyOf(command),
    priority: numberOf(command.processingInstructions, 1) ?? 0,
    clientId: command.clientId,
    componentName: command.componentName,
    metaData: metaDataText(command.metaData)
  })
}

const queryRequestSubject: Subject<QueryRequest> = {
  codec: QueryRequest,
  messages: queryRequests,
  scan: bytes => ({ ...scanQueryRequest(bytes), metaData: clamped(scanQueryMetaData(bytes)) }),
  expected: query => ({
    messageIdentifier: query.messageIdentifier,
    query: query.query,
    timeoutMs: numberOf(query.processingInstructions, 2),
    clientSupportsStreaming: booleanOf(query.processingInstructions, 8),
    priority: numberOf(query.processingInstructions, 1) ?? 0,
    numberOfResults: numberOf(query.processingInstructions, 3),
    clientId: query.clientId,
    componentName: query.componentName,
    metaData: metaDataText(query.metaData)
  })
}

const commandResponseSubject: Subject<CommandResponse> = {
  codec: CommandResponse,
  messages: commandResponses,
  scan: scanCommandResponse,
  expected: response => ({
    requestIdentifier: response.requestIdentifier,
    isError: response.errorCode !== '' || response.errorMessage !== undefined
  })
}

const queryResponseSubject: Subject<QueryResponse> = {
  codec: QueryResponse,
  messages: queryResponses,
  scan: scanQueryResponse,
  expected: response => ({
    requestIdentifier: response.requestIdentifier,
    isError: response.errorCode !== '' || response.errorMessage !== undefined,
    errorCode: response.errorCode
  })
}

function holds<T>(name: string, subject: Subject<T>): void {
  const { codec, messages, scan, expected } = subject

  t.test(`${name}: a scan tells what a full decode tells, unknown fields or not`, async t => {
    fc.assert(
      fc.property(messages, messages, unknownFields, (message, later, unknown) => {
        const bytes = Buffer.concat([encodeMessage(codec, message), unknown])
        assert.deepStrictEqual(scan(bytes), expected(decodeMessage(codec, bytes)))
        const merged = Buffer.concat([bytes, encodeMessage(codec, later)])
        assert.deepStrictEqual(scan(merged), expected(decodeMessage(codec, merged)))
      }),
      runs
    )
    t.pass('for every message')
  })

  t.test(`${name}: damaged bytes are refused in our words, or read as the decoder reads them`, async t => {
    let refused = 0
    fc.assert(
      fc.property(messages, fc.array(damages, { minLength: 1, maxLength: 3 }), (message, hows) => {
        const bytes = hows.reduce(damaged, encodeMessage(codec, message))
        const scanned = attempt(() => scan(bytes))
        const decoded = attempt(() => decodeMessage(codec, bytes))
        if (scanned === undefined) refused++
        if (!isWellFormed(bytes)) assert.equal(scanned, undefined, 'what breaks the rules is refused')
        if (scanned !== undefined && decoded !== undefined) {
          assert.deepStrictEqual(scanned.value, expected(decoded.value))
        }
      }),
      runs
    )
    t.ok(refused > 50, 'the damage was real')
  })
}

/** Undefined when it refuses; anything but a MalformedMessageError is a fault of ours. */
function attempt<T>(read: () => T): { value: T } | undefined {
  try {
    return { value: read() }
  } catch (error) {
    if (error instanceof MalformedMessageError) return undefined
    throw error
  }
}

holds('Event', eventSubject)
holds('Command', commandSubject)
holds('QueryRequest', queryRequestSubject)
holds('CommandResponse', commandResponseSubject)
holds('QueryResponse', queryResponseSubject)

t.test('random bytes never do worse than a MalformedMessageError', async t => {
  const scans = [
    scanEvent,
    scanEventPayloadType,
    scanCommand,
    scanCommandMetaData,
    scanCommandResponse,
    scanQueryRequest,
    scanQueryMetaData,
    scanQueryResponse,
    scanSubscriptionQueryResponse,
    (bytes: Buffer) => scanEnvelope(bytes, 6)
  ]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), array => {
      for (const scan of scans) attempt(() => scan(Buffer.from(array)))
    }),
    { numRuns: 3000 }
  )
  t.pass('nothing else was thrown')
})

t.test('what no valid message holds is refused with field and offset', async t => {
  const cases: ReadonlyArray<readonly [string, number[], number]> = [
    ['a zero tag', [0x00], 0],
    ['an eleven-byte number', [0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], 3],
    ['a number that is cut off', [0x18, 0x80], 3],
    ['a length beyond the end', [0x12, 5, 65], 2],
    ['a length of four gibibytes', [0x12, 255, 255, 255, 255, 15], 2],
    ['a length of 2^63', [0x12, 255, 255, 255, 255, 255, 255, 255, 255, 127], 2],
    ['the end of a group that was not begun', [0x1c], 3],
    ['a group that does not end', [0xa3, 0x06, 8, 1], 1],
    ['groups that end crosswise', [0x0b, 0x13, 0x0c, 0x14], 1],
    ['wire type 6', [0x0e], 1],
    ['wire type 7', [0x0f], 1],
    ['a fixed64 that is cut off', [0x09, 1, 2, 3], 1],
    ['a tag beyond 32 bits', [0x88, 0x80, 0x80, 0x80, 0x80, 0x01], 0],
    ['groups nested ten thousand deep', new Array<number>(10_000).fill(0x0b), 1]
  ]
  for (const [name, bytes, field] of cases) {
    try {
      scanEvent(Buffer.from(bytes))
      t.fail(`${name} was accepted`)
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error
      t.equal(error.field, field, `${name}: ${error.message}`)
      t.ok(error.offset >= 0 && error.offset <= bytes.length)
    }
  }
})

t.test('numbers beyond the safe range are clamped, in scans and in decoders', async t => {
  const maximum = [255, 255, 255, 255, 255, 255, 255, 255, 127]
  const minimum = [128, 128, 128, 128, 128, 128, 128, 128, 128, 1]
  const largest = Buffer.from([0x18, ...maximum, 0x28, ...minimum])
  const head = scanEvent(largest)
  t.equal(head.sequenceNumber, Number.MAX_SAFE_INTEGER)
  t.equal(head.timestampMs, Number.MIN_SAFE_INTEGER)
  const decoded = decodeMessage(Event, largest)
  t.equal(decoded.aggregateSequenceNumber, Number.MAX_SAFE_INTEGER)
  t.equal(decoded.timestamp, Number.MIN_SAFE_INTEGER)
})

t.test('metadata numbers keep every digit', async t => {
  const entry = Buffer.from([10, 1, 65, 18, 11, 16, 254, 255, 255, 255, 255, 255, 255, 255, 255, 1])
  const command = Buffer.concat([Buffer.of(42, entry.length), entry])
  t.equal(scanCommandMetaData(command).get('A'), '9223372036854775807')
})

t.test('doubles are written as Java writes them', async t => {
  const expected: ReadonlyArray<readonly [number, string]> = [
    [1, '1.0'],
    [-1.5, '-1.5'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [1234567, '1234567.0'],
    [9999999.5, '9999999.5'],
    [1e7, '1.0E7'],
    [1.25e21, '1.25E21'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity']
  ]
  for (const [value, text] of expected) t.equal(doubleText(value), text)
})

t.test('the last known member of an envelope counts, unknown ones are passed over', async t => {
  const response = {
    $case: 'commandResponse' as const,
    value: decodeMessage(CommandResponse, Buffer.from('0a0178', 'hex'))
  }
  const bytes = encodeMessage(CommandProviderOutbound, { request: response, instructionId: 'i-1' })
  const subscribe = Buffer.from('0a03120141', 'hex')
  const unknown = Buffer.from('a20601ff', 'hex')
  const envelope = scanEnvelope(Buffer.concat([subscribe, bytes, unknown]), 6)
  t.equal(envelope.field, 4)
  t.equal(envelope.instructionId, 'i-1')
  const whole = Buffer.concat([subscribe, bytes, unknown])
  t.strictSame(whole.subarray(envelope.start, envelope.end), Buffer.from('0a0178', 'hex'))
  t.equal(scanEnvelope(unknown, 6).field, 0)
  t.equal(scanEnvelope(Buffer.alloc(0), 6).field, 0)
  t.throws(() => scanEnvelope(bytes, 7), /no handler stream/)
})

t.test('the kind of a subscription query response is its last member', async t => {
  const update = {
    messageIdentifier: 'm',
    payload: undefined,
    metaData: {},
    clientId: '',
    componentName: '',
    errorCode: '',
    errorMessage: undefined
  }
  const bytes = encodeMessage(SubscriptionQueryResponse, {
    messageIdentifier: 'a',
    subscriptionIdentifier: 's',
    response: { $case: 'update', value: update }
  })
  t.strictSame(scanSubscriptionQueryResponse(bytes), { subscriptionIdentifier: 's', kind: 'update' })
  const completed = Buffer.concat([bytes, Buffer.from('2a00', 'hex')])
  t.equal(scanSubscriptionQueryResponse(completed).kind, 'complete')
  t.equal(scanSubscriptionQueryResponse(Buffer.alloc(0)).kind, undefined)
})
