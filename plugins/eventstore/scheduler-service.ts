import type { ContextStore, EventStore } from '../../src/eventstore/index.js'
import { InstructionAck } from '../../src/wire/generated/common.js'
import {
  CancelScheduledEventRequest,
  Event,
  RescheduleEventRequest,
  ScheduleEventRequest,
  ScheduleToken
} from '../../src/wire/generated/event.js'
import { type GrpcService, type ServerCall, unaryMethod } from '../../src/wire/grpc/index.js'
import { decodeMessage, encodeMessage, ServerError } from '../../src/wire/index.js'

const SERVICE = '/io.axoniq.axonserver.grpc.event.EventScheduler'

/** io.axoniq.axonserver.grpc.event.EventScheduler */
export function schedulerService(eventStore: EventStore): GrpcService {
  const store = (call: ServerCall): ContextStore => eventStore.get(call.context)
  return {
    methods: [
      unaryMethod(`${SERVICE}/ScheduleEvent`, async (request, call) => {
        const { instant, event } = decodeMessage(ScheduleEventRequest, request)
        return scheduleToken(await store(call).schedule(instant, eventBytes(event)))
      }),
      unaryMethod(`${SERVICE}/RescheduleEvent`, async (request, call) => {
        const { instant, event, token } = decodeMessage(RescheduleEventRequest, request)
        return scheduleToken(await store(call).schedule(instant, eventBytes(event), token))
      }),
      unaryMethod(`${SERVICE}/CancelScheduledEvent`, async (request, call) => {
        await store(call).cancelSchedule(decodeMessage(CancelScheduledEventRequest, request).token)
        return encodeMessage(InstructionAck, { instructionId: '', success: true, error: undefined })
      })
    ]
  }
}

function eventBytes(event: Event | undefined): Buffer {
  if (event === undefined)
    throw new ServerError('AXONIQ-0001', 'A request to schedule an event has no event in it')
  return encodeMessage(Event, event)
}

function scheduleToken(token: string): Buffer {
  return encodeMessage(ScheduleToken, { token })
}
