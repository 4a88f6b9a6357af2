import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { Event, EventWithToken, GetEventsRequest, TrackingToken } from '../../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import type { LoggedValue } from '../../simulation/history/operation.js'
import type { Outcome } from './history.js'

const SERVICE = '/io.axoniq.axonserver.grpc.event.EventStore'
const bytes = (message: Buffer) => message
/** Not the leader, no leader, a sequence number that is taken: certainly not stored. */
const REFUSALS = new Set(['AXONIQ-1100', 'AXONIQ-2100', 'AXONIQ-2000'])

export interface NumberedAppend {
  /** Unique; each becomes an event. */
  readonly values: readonly number[]
  readonly aggregate: number
  readonly firstSequence: number
}

export interface AppendAnswer {
  readonly outcome: Outcome
  /** AXONIQ code or gRPC status of what went wrong. */
  readonly code: string
  /** The sequence number that was free, where another one was asked for. */
  readonly expected?: number
}

/** A node's event store as clients call it, with numbers for events and aggregates. */
export class EventCalls {
  readonly #client: Client

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1
    })
  }

  append({ values, aggregate, firstSequence }: NumberedAppend, deadlineMs: number): Promise<AppendAnswer> {
    return new Promise(resolve => {
      const call = this.#client.makeClientStreamRequest(
        `${SERVICE}/AppendEvent`,
        bytes,
        bytes,
        { deadline: Date.now() + deadlineMs },
        error => resolve(error === null ? { outcome: { kind: 'ok' }, code: '' } : judge(error))
      )
      call.on('error', () => {})
      for (const [i, value] of values.entries()) call.write(encodeEvent(value, aggregate, firstSequence + i))
      call.end()
    })
  }

  /** −1 where there are no events. Rejects where it is not certain that everything confirmed is counted. */
  lastToken(deadlineMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadlineMs }
      this.#client.makeUnaryRequest(
        `${SERVICE}/GetLastToken`,
        bytes,
        bytes,
        Buffer.alloc(0),
        options,
        (error, answer) =>
          error === null ? resolve(decodeMessage(TrackingToken, answer!).token) : reject(error)
      )
    })
  }

  /** Up to `count` events from a token on, as the node has them now. */
  stream(from: number, count: number, deadlineMs: number): Promise<LoggedValue[]> {
    return new Promise((resolve, reject) => {
      const values: LoggedValue[] = []
      const call = this.#client.makeBidiStreamRequest<Buffer, Buffer>(`${SERVICE}/ListEvents`, bytes, bytes, {
        deadline: Date.now() + deadlineMs
      })
      call.on('error', error => (values.length === 0 ? reject(error) : resolve(values)))
      call.on('end', () => resolve(values))
      call.on('data', (message: Buffer) => {
        const { token, event } = decodeMessage(EventWithToken, message)
        if (token !== from + values.length)
          return call.destroy(new Error(`token ${token} after ${from + values.length - 1}`))
        values.push({
          value: Number(event!.messageIdentifier),
          aggregate: Number(event!.aggregateIdentifier),
          sequence: event!.aggregateSequenceNumber
        })
        if (values.length === count) call.cancel()
      })
      call.write(permits(from, count))
    })
  }

  close(): void {
    this.#client.close()
  }
}

function judge(error: ServiceError): AppendAnswer {
  const code = error.metadata?.get('AxonIQ-ErrorCode')[0]?.toString() ?? `gRPC ${error.code}`
  const expected = /expected (\d+)/.exec(error.details)?.[1]
  const outcome: Outcome = { kind: REFUSALS.has(code) ? 'fail' : 'unknown' }
  return { outcome, code, ...(expected === undefined ? {} : { expected: Number(expected) }) }
}

function encodeEvent(value: number, aggregate: number, aggregateSequenceNumber: number): Buffer {
  return encodeMessage(Event, {
    messageIdentifier: String(value),
    aggregateIdentifier: String(aggregate),
    aggregateSequenceNumber,
    aggregateType: 'Register',
    timestamp: Date.now(),
    payload: { type: 'Written', revision: '', data: Buffer.alloc(100, value & 0xff) },
    metaData: {},
    snapshot: false
  })
}

function permits(trackingToken: number, numberOfPermits: number): Buffer {
  return encodeMessage(GetEventsRequest, {
    trackingToken,
    numberOfPermits,
    clientId: 'nemesis',
    componentName: 'nemesis',
    processor: 'nemesis',
    blacklist: [],
    forceReadFromLeader: false
  })
}
