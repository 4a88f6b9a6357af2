import type { ContextStore, EventStore } from '../../src/eventstore/index.js'
import type { Clock } from '../../src/kernel/index.js'
import {
  GetAggregateEventsRequest,
  GetAggregateSnapshotsRequest,
  GetTokenAtRequest,
  ReadHighestSequenceNrRequest,
  ReadHighestSequenceNrResponse,
  TrackingToken
} from '../../src/wire/generated/event.js'
import { type GrpcMethod, type GrpcService, type ServerCall, unaryMethod } from '../../src/wire/grpc/index.js'
import { decodeMessage, encodeMessage } from '../../src/wire/index.js'
import { AppendEventCall, CONFIRMED, type ReceiveBudget } from './append-event.js'
import { ListEventsCall } from './list-events.js'
import { PacedStream } from './paced-stream.js'

export interface EventServiceOptions {
  readonly clock: Clock
  /** axoniq.axonserver.event.aggregate.timeout */
  readonly stallTimeoutMs: number
  readonly budget: ReceiveBudget
}

const SERVICE = '/io.axoniq.axonserver.grpc.event.EventStore'

/** io.axoniq.axonserver.grpc.event.EventStore */
export function eventService(eventStore: EventStore, options: EventServiceOptions): GrpcService {
  const store = (call: ServerCall): ContextStore => eventStore.get(call.context)
  const methods: GrpcMethod[] = [
    {
      path: `${SERVICE}/AppendEvent`,
      kind: 'clientStream',
      open: call => new AppendEventCall(call, store(call), options.budget)
    },
    unaryMethod(`${SERVICE}/AppendSnapshot`, async (request, call) => {
      await store(call).appendSnapshot(request)
      return CONFIRMED
    }),
    {
      path: `${SERVICE}/ListAggregateEvents`,
      kind: 'serverStream',
      open: call => new PacedStream(call, options, request => aggregateEvents(store(call), request))
    },
    {
      path: `${SERVICE}/ListAggregateSnapshots`,
      kind: 'serverStream',
      open: call => new PacedStream(call, options, request => aggregateSnapshots(store(call), request))
    },
    {
      path: `${SERVICE}/ListEvents`,
      kind: 'bidiStream',
      open: call => new ListEventsCall(call, store(call))
    },
    unaryMethod(`${SERVICE}/ReadHighestSequenceNr`, async (request, call) => {
      const { aggregateId } = decodeMessage(ReadHighestSequenceNrRequest, request)
      const toSequenceNr = await store(call).highestSequence(aggregateId)
      return encodeMessage(ReadHighestSequenceNrResponse, { toSequenceNr })
    }),
    unaryMethod(`${SERVICE}/GetFirstToken`, async (_request, call) =>
      trackingToken(store(call).firstToken())
    ),
    unaryMethod(`${SERVICE}/GetLastToken`, async (_request, call) =>
      trackingToken(await store(call).currentLastToken())
    ),
    unaryMethod(`${SERVICE}/GetTokenAt`, async (request, call) =>
      trackingToken(await store(call).tokenAt(decodeMessage(GetTokenAtRequest, request).instant))
    )
  ]
  return { methods, drain: () => eventStore.endStreams() }
}

function aggregateEvents(store: ContextStore, request: Buffer): AsyncIterable<Buffer[]> {
  return store.aggregateEvents(decodeMessage(GetAggregateEventsRequest, request))
}

async function* aggregateSnapshots(store: ContextStore, request: Buffer): AsyncIterable<Buffer[]> {
  const { aggregateId, initialSequence, maxSequence, maxResults } = decodeMessage(
    GetAggregateSnapshotsRequest,
    request
  )
  const to = maxSequence === 0 && initialSequence === 0 ? Number.MAX_SAFE_INTEGER : maxSequence
  yield await store.aggregateSnapshots(aggregateId, initialSequence, to, maxResults)
}

function trackingToken(token: number): Buffer {
  return encodeMessage(TrackingToken, { token })
}
