import assert from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { CommandProviderInbound } from '../../src/wire/generated/command.js'
import { Event, EventWithToken } from '../../src/wire/generated/event.js'
import { QueryRequest } from '../../src/wire/generated/query.js'
import {
  decodeMessage,
  encodeMessage,
  eventWithToken,
  MalformedMessageError,
  markSnapshot,
  scanEnvelope,
  withProcessingInstructions,
  withTimestamp,
  wrapMessage
} from '../../src/wire/index.js'
import { varintSize, writeVarint } from '../../src/wire/scan/varint.js'
import { commands, events, queryRequests, unknownFields } from './messages.js'

const runs = { numRuns: 400 }
const tokens = fc.oneof(
  fc.nat(300),
  fc.maxSafeInteger(),
  fc.constantFrom(-1, 0, 2 ** 31 - 1, 2 ** 31, 2 ** 32)
)

t.test('an event with its token is what the encoder makes, byte for byte', async t => {
  fc.assert(
    fc.property(tokens, events, (token, event) => {
      const bytes = encodeMessage(Event, event)
      const expected = encodeMessage(EventWithToken, { token, event: decodeMessage(Event, bytes) })
      assert.deepStrictEqual(eventWithToken(token, bytes), expected)
    }),
    runs
  )
  t.pass('for every token and event')
})

t.test('a wrapped message keeps its bytes, and the instruction id', async t => {
  fc.assert(
    fc.property(
      commands,
      unknownFields,
      fc.string({ unit: 'binary', maxLength: 200 }),
      (command, unknown, id) => {
        const payload = Buffer.concat([
          encodeMessage(CommandProviderInbound, {
            request: { $case: 'command', value: command },
            instructionId: ''
          }),
          unknown
        ])
        const wrapped = wrapMessage(2, payload, { field: 3, value: id })
        const envelope = scanEnvelope(wrapped, 3)
        assert.equal(envelope.field, 2)
        assert.equal(envelope.instructionId, Buffer.from(id).toString())
        assert.deepStrictEqual(wrapped.subarray(envelope.start, envelope.end), payload)
        assert.equal(scanEnvelope(wrapMessage(2, payload), 3).instructionId, '')
      }
    ),
    runs
  )
  t.strictSame(wrapMessage(13, Buffer.alloc(0)), Buffer.of(0x6a, 0))
  t.strictSame(wrapMessage(20, Buffer.alloc(200)).subarray(0, 4), Buffer.of(0xa2, 0x01, 0xc8, 0x01))
})

t.test('marking a snapshot changes nothing else, however often it was marked', async t => {
  fc.assert(
    fc.property(events, unknownFields, (event, unknown) => {
      const bytes = Buffer.concat([encodeMessage(Event, event), unknown, Buffer.of(0x40, 0)])
      const marked = markSnapshot(bytes)
      assert.deepStrictEqual(decodeMessage(Event, marked), { ...decodeMessage(Event, bytes), snapshot: true })
      assert.ok(marked.includes(unknown), 'unknown fields stay')
      assert.deepStrictEqual(markSnapshot(marked), marked)
    }),
    runs
  )
  t.pass('for every event')
})

t.test('a new timestamp replaces the old one', async t => {
  fc.assert(
    fc.property(events, unknownFields, tokens, (event, unknown, timestamp) => {
      const bytes = Buffer.concat([encodeMessage(Event, event), unknown])
      const changed = withTimestamp(bytes, timestamp)
      assert.deepStrictEqual(decodeMessage(Event, changed), { ...decodeMessage(Event, bytes), timestamp })
      assert.ok(changed.includes(unknown), 'unknown fields stay')
      assert.deepStrictEqual(withTimestamp(changed, timestamp), changed)
    }),
    runs
  )
  t.pass('for every event')
})

t.test('instructions of a query are set once, and all others stay as they were', async t => {
  fc.assert(
    fc.property(
      queryRequests,
      unknownFields,
      tokens,
      fc.boolean(),
      (request, unknown, timeoutMs, streaming) => {
        const bytes = Buffer.concat([encodeMessage(QueryRequest, request), unknown])
        const changed = withProcessingInstructions(bytes, { timeoutMs, serverSupportsStreaming: streaming })
        const before = decodeMessage(QueryRequest, bytes)
        const others = before.processingInstructions.filter(({ key }) => key !== 2 && key !== 7)
        const added = [
          { key: 2, value: { data: { $case: 'numberValue' as const, value: timeoutMs } } },
          { key: 7, value: { data: { $case: 'booleanValue' as const, value: streaming } } }
        ]
        const after = decodeMessage(QueryRequest, changed)
        assert.deepStrictEqual(after, { ...before, processingInstructions: [...others, ...added] })
        assert.ok(changed.includes(unknown), 'unknown fields stay')
      }
    ),
    runs
  )
  fc.assert(
    fc.property(queryRequests, request => {
      const bytes = encodeMessage(QueryRequest, request)
      assert.deepStrictEqual(withProcessingInstructions(bytes, {}), bytes)
    }),
    runs
  )
  t.pass('for every query')
})

t.test('damaged bytes are refused by every splicer that reads them', async t => {
  const cutOff = Buffer.of(0x12, 9, 65)
  t.throws(() => markSnapshot(cutOff), MalformedMessageError)
  t.throws(() => withTimestamp(cutOff, 1), MalformedMessageError)
  t.throws(() => withProcessingInstructions(cutOff, { timeoutMs: 1 }), MalformedMessageError)
  t.throws(() => withProcessingInstructions(Buffer.of(58, 2, 18, 9), { timeoutMs: 1 }), MalformedMessageError)
})

t.test('a varint has the size that was announced', async t => {
  fc.assert(
    fc.property(tokens, value => {
      const target = Buffer.alloc(10)
      assert.equal(writeVarint(target, value, 0), varintSize(value))
    }),
    { numRuns: 2000 }
  )
  t.equal(varintSize(Number.MAX_SAFE_INTEGER), 8)
  t.equal(varintSize(-1), 10)
})
