import type { ContextStore, EventStore } from '../../src/eventstore/index.js'
import { InstructionAck } from '../../src/wire/generated/common.js'
import {
  CancelScheduledEventRequest,
  RescheduleEventRequest,
  ScheduleEventRequest,
  ScheduleToken
} from '../../src/wire/generated/event.js'
import { type GrpcService, type ServerCall, unaryMethod } from '../../src/wire/grpc/index.js'
import { decodeMessage, embeddedMessage, encodeMessage, ServerError } from '../../src/wire/index.js'

const SERVICE = '/io.axoniq.axonserver.grpc.event.EventScheduler'
/** Number of the field `event` in ScheduleEventRequest and in RescheduleEventRequest. */
const EventField = { schedule: 2, reschedule: 3 } as const

/** io.axoniq.axonserver.grpc.event.EventScheduler */
export function schedulerService(eventStore: EventStore): GrpcService {
  const store = (call: ServerCall): ContextStore => eventStore.get(call.context)
  return {
    methods: [
      unaryMethod(`${SERVICE}/ScheduleEvent`, async (request, call) => {
        const { instant } = decodeMessage(ScheduleEventRequest, request)
        return scheduleToken(await store(call).schedule(instant, eventIn(request, EventField.schedule)))
      }),
      unaryMethod(`${SERVICE}/RescheduleEvent`, async (request, call) => {
        const { instant, token } = decodeMessage(RescheduleEventRequest, request)
        return scheduleToken(
          await store(call).schedule(instant, eventIn(request, EventField.reschedule), token)
        )
      }),
      unaryMethod(`${SERVICE}/CancelScheduledEvent`, async (request, call) => {
        await store(call).cancelSchedule(decodeMessage(CancelScheduledEventRequest, request).token)
        return encodeMessage(InstructionAck, { instructionId: '', success: true, error: undefined })
      })
    ]
  }
}

/** As it was sent: what is not known here must reach the readers, too. */
function eventIn(request: Buffer, field: number): Buffer {
  const event = embeddedMessage(request, field)
  if (event === undefined) {
    throw new ServerError(
      'AXONIQ-0001',
      'A request to schedule an event has no event in it: set its field "event"'
    )
  }
  return event
}

function scheduleToken(token: string): Buffer {
  return encodeMessage(ScheduleToken, { token })
}
