import t from 'tap'
import { Event } from '../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage, MalformedMessageError } from '../../src/wire/index.js'

const event = {
  messageIdentifier: 'm',
  aggregateIdentifier: 'a',
  aggregateSequenceNumber: 3,
  aggregateType: 'Order',
  timestamp: 1,
  payload: { type: 't', revision: '', data: Buffer.from('x') },
  metaData: { n: { data: { $case: 'numberValue' as const, value: -5 } } },
  snapshot: false
}

t.test('a message survives its encoding', async t => {
  const bytes = encodeMessage(Event, event)
  t.ok(Buffer.isBuffer(bytes))
  t.match(decodeMessage(Event, bytes), { ...event, payload: { type: 't', revision: '' } })
  t.equal(String(decodeMessage(Event, bytes).payload?.data), 'x')
})

t.test('a decoder passes over nothing that a valid message cannot hold', async t => {
  const bytes = encodeMessage(Event, event)
  const cases: ReadonlyArray<readonly [string, Buffer]> = [
    ['a zero tag in the middle', Buffer.concat([bytes, Buffer.of(0), bytes])],
    ['a stray end of group', Buffer.concat([bytes, Buffer.of(0x0c), bytes])],
    ['an embedded message that reaches beyond its end', Buffer.from('32020a05414141414141', 'hex')],
    ['a cut-off message', bytes.subarray(0, bytes.length - 5)]
  ]
  for (const [name, damaged] of cases) {
    t.throws(() => decodeMessage(Event, damaged), MalformedMessageError, name)
    try {
      decodeMessage(Event, damaged)
    } catch (error) {
      t.ok(
        error instanceof MalformedMessageError &&
          error.offset <= damaged.length &&
          error.cause instanceof Error
      )
    }
  }
})
