import fc from 'fast-check'
import t from 'tap'
import { Event, RescheduleEventRequest, ScheduleEventRequest } from '../../src/wire/generated/event.js'
import { decodeMessage, embeddedMessage, encodeMessage, MalformedMessageError } from '../../src/wire/index.js'
import { events, unknownFields } from './messages.js'

t.test('an embedded message comes out byte for byte, unknown fields included', async t => {
  fc.assert(
    fc.property(events, unknownFields, fc.nat(), (event, unknown, instant) => {
      const sent = Buffer.concat([encodeMessage(Event, event), unknown])
      const head = encodeMessage(ScheduleEventRequest, { instant, event: undefined })
      const found = embeddedMessage(Buffer.concat([head, field(2, sent), unknown]), 2)
      return found?.equals(sent) === true
    }),
    { numRuns: 200 }
  )
  t.pass()
})

t.test('an absent message is undefined, an empty one is not', async t => {
  const request = { token: 'token', instant: 5, event: undefined }
  t.equal(embeddedMessage(encodeMessage(RescheduleEventRequest, request), 3), undefined)
  t.same(embeddedMessage(field(3, Buffer.alloc(0)), 3), Buffer.alloc(0))
})

t.test('a message that comes in pieces is merged as a decoder merges it', async t => {
  fc.assert(
    fc.property(events, events, (one, two) => {
      const request = Buffer.concat([
        field(2, encodeMessage(Event, one)),
        Buffer.from([8, 1]),
        field(2, encodeMessage(Event, two))
      ])
      const merged = decodeMessage(Event, embeddedMessage(request, 2)!)
      const whole = decodeMessage(
        Event,
        Buffer.concat([encodeMessage(Event, one), encodeMessage(Event, two)])
      )
      return encodeMessage(Event, merged).equals(encodeMessage(Event, whole))
    }),
    { numRuns: 100 }
  )
  t.pass()
})

t.test('a length beyond the end is refused in words', async t => {
  t.throws(() => embeddedMessage(Buffer.from([18, 5, 1]), 2), MalformedMessageError)
})

/** Field numbers below 16. */
function field(number: number, message: Buffer): Buffer {
  const length: number[] = []
  let rest = message.length
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length, rest]), message])
}
