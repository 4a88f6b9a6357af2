import { status } from '@grpc/grpc-js'
import t from 'tap'
import { InstructionAck } from '../../../src/wire/generated/common.js'
import {
  CancelScheduledEventRequest,
  Event,
  RescheduleEventRequest,
  ScheduleEventRequest,
  ScheduleToken
} from '../../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage, withTimestamp } from '../../../src/wire/index.js'
import { event } from '../../eventstore/store-fixture.js'
import { eventually } from '../grpc/fixture.js'
import { failureOf, SCHEDULER, type Service, serveEvents } from './service-fixture.js'

/** A field that no version of `Event` has, number 100. */
const UNKNOWN_FIELD = Buffer.from([0xa2, 0x06, 3, 1, 2, 3])
const DAY_MS = 24 * 60 * 60_000

t.test('an event is published when it is due, byte for byte but for its time', async t => {
  const service = await serveEvents(t)
  const { client, node } = service
  const sent = Buffer.concat([event('a', 0, 5, 'later'), UNKNOWN_FIELD])
  const dueMs = node.clock.now() + 1000
  t.not(await schedule(service, dueMs, sent), '')
  node.clock.advance(999)
  t.equal(await client.token('GetLastToken'), -1)
  node.clock.advance(1)
  await eventually(() => node.store.lastToken() === 0, 'it is published')
  const [published] = await client.aggregate({})
  t.same(published, withTimestamp(sent, dueMs))
  t.ok(published!.includes(UNKNOWN_FIELD))
  t.equal(decodeMessage(Event, published!).timestamp, dueMs)
})

t.test('an instant in the past is published at once', async t => {
  const service = await serveEvents(t)
  await schedule(service, 1, event('a', 0))
  service.node.clock.advance(0)
  await eventually(() => service.node.store.lastToken() === 0, 'it is published')
})

t.test('a rescheduled event replaces the one before; an empty or unknown token only schedules', async t => {
  const service = await serveEvents(t)
  const { node, client } = service
  const now = node.clock.now()
  const token = await schedule(service, now + 1000, event('a', 0))
  const next = await reschedule(service, token, now + 2000, Buffer.concat([event('b', 0), UNKNOWN_FIELD]))
  t.not(next, token)
  await reschedule(service, '', now + 2000, event('c', 0))
  await reschedule(service, 'unknown', now + 2000, event('d', 0))
  await reschedule(service, 'x'.repeat(70_000), now + DAY_MS, event('e', 0))
  t.equal(node.store.state.schedules.count, 4)
  node.clock.advance(2000)
  await eventually(() => node.store.lastToken() === 2, 'the three are published')
  t.equal(await client.highest('a'), -1)
  t.ok((await client.aggregate({ aggregateId: 'b' }))[0]!.includes(UNKNOWN_FIELD))
})

t.test('a cancelled event is not published; unknown tokens are a success, too', async t => {
  const service = await serveEvents(t)
  const { node } = service
  const token = await schedule(service, node.clock.now() + DAY_MS, event('a', 0))
  for (const one of [token, token, 'unknown', '', 'x'.repeat(100_000)]) {
    const ack = decodeMessage(
      InstructionAck,
      await service.client.unary(
        `${SCHEDULER}/CancelScheduledEvent`,
        encodeMessage(CancelScheduledEventRequest, { token: one })
      )
    )
    t.match(ack, { success: true, instructionId: '', error: undefined })
  }
  t.equal(node.store.state.schedules.count, 0)
})

t.test('what could never be published is refused in words, and nothing is scheduled', async t => {
  const service = await serveEvents(t)
  const { client, node } = service
  const refused = async (method: string, request: Buffer, wanted: unknown) =>
    t.match(await failureOf(client.unary(`${SCHEDULER}/${method}`, request)), wanted)
  const missing = { status: status.CANCELLED, errorCode: 'AXONIQ-0001', text: /has no event in it/ }
  await refused(
    'ScheduleEvent',
    encodeMessage(ScheduleEventRequest, { instant: 1, event: undefined }),
    missing
  )
  const empty = { token: 'x', instant: 1, event: undefined }
  await refused('RescheduleEvent', encodeMessage(RescheduleEventRequest, empty), missing)
  const malformed = { errorCode: 'AXONIQ-0001', text: /malformed/ }
  await refused('ScheduleEvent', Buffer.from([18, 3, 0x12, 0x7f, 1]), malformed)
  await refused('ScheduleEvent', scheduleRequest(1, event('x'.repeat(70_000), 0)), {
    errorCode: 'AXONIQ-2001',
    text: /aggregate identifier/
  })
  await refused('ScheduleEvent', scheduleRequest(1, event('a', -1)), { errorCode: 'AXONIQ-2000' })
  t.equal(node.store.state.schedules.count, 0)
})

t.test('an event that does not fit its aggregate any more fails without stopping the context', async t => {
  const service = await serveEvents(t)
  const { node, client } = service
  const aggregate = 'x'.repeat(65_000)
  await client.append([event(aggregate, 0)])
  await schedule(service, node.clock.now() + 1, event(aggregate, 0))
  node.clock.advance(1)
  await eventually(() => node.store.state.schedules.count === 0, 'it is not tried again')
  await client.append([event('a', 0)])
  t.equal(await client.token('GetLastToken'), 1)
})

async function schedule({ client }: Service, instant: number, event: Buffer): Promise<string> {
  return tokenOf(await client.unary(`${SCHEDULER}/ScheduleEvent`, scheduleRequest(instant, event)))
}

async function reschedule({ client }: Service, token: string, instant: number, event: Buffer) {
  const head = encodeMessage(RescheduleEventRequest, { token, instant, event: undefined })
  const request = Buffer.concat([head, embedded(3, event)])
  return tokenOf(await client.unary(`${SCHEDULER}/RescheduleEvent`, request))
}

function scheduleRequest(instant: number, event: Buffer): Buffer {
  const head = encodeMessage(ScheduleEventRequest, { instant, event: undefined })
  return Buffer.concat([head, embedded(2, event)])
}

function embedded(field: number, message: Buffer): Buffer {
  const head = [field * 8 + 2]
  let rest = message.length
  for (; rest > 127; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128)
  return Buffer.concat([Buffer.from([...head, rest]), message])
}

function tokenOf(reply: Buffer): string {
  return decodeMessage(ScheduleToken, reply).token
}
