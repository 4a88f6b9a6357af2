import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { Event, EventWithToken, GetEventsRequest, TrackingToken } from '../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage } from '../../src/wire/index.js'

const SERVICE = '/io.axoniq.axonserver.grpc.event.EventStore'
const bytes = (message: Buffer) => message

export interface StoredEvent {
  readonly token: number
  readonly aggregate: string
  readonly sequence: number
}

/** What tests do with a server's event store, over its real port. */
export class EventClient {
  readonly #client: Client

  constructor(
    address: string,
    private readonly context = 'default'
  ) {
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  }

  /** One transaction. Rejects with the gRPC error. */
  append(aggregate: string, first: number, count: number, payloadBytes = 100): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest(
        `${SERVICE}/AppendEvent`,
        bytes,
        bytes,
        this.#metadata(),
        error => (error ? reject(error) : resolve())
      )
      call.on('error', () => {})
      for (let i = 0; i < count; i++) call.write(testEvent(aggregate, first + i, payloadBytes))
      call.end()
    })
  }

  async lastToken(): Promise<number> {
    const reply = await this.unary(`${SERVICE}/GetLastToken`, Buffer.alloc(0))
    return decodeMessage(TrackingToken, reply).token
  }

  /** The first `count` events of the store. */
  read(count: number, deadlineMs = 30_000): Promise<StoredEvent[]> {
    const events: StoredEvent[] = []
    if (count === 0) return Promise.resolve(events)
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadlineMs }
      const path = `${SERVICE}/ListEvents`
      const call = this.#client.makeBidiStreamRequest<Buffer, Buffer>(
        path,
        bytes,
        bytes,
        this.#metadata(),
        options
      )
      call.on('error', error => (events.length < count ? reject(error) : undefined))
      call.on('data', (message: Buffer) => {
        const { token, event } = decodeMessage(EventWithToken, message)
        events.push({
          token,
          aggregate: event!.aggregateIdentifier,
          sequence: event!.aggregateSequenceNumber
        })
        if (events.length < count) return
        call.cancel()
        resolve(events)
      })
      call.write(permits(count))
    })
  }

  unary(path: string, request: Buffer): Promise<Buffer> {
    const options = { deadline: Date.now() + 30_000 }
    return new Promise((resolve, reject) =>
      this.#client.makeUnaryRequest(path, bytes, bytes, request, this.#metadata(), options, (error, reply) =>
        error ? reject(error) : resolve(reply!)
      )
    )
  }

  #metadata(): Metadata {
    const metadata = new Metadata()
    metadata.set('AxonIQ-Context', this.context)
    return metadata
  }

  close(): void {
    this.#client.close()
  }
}

export function testEvent(
  aggregateIdentifier: string,
  aggregateSequenceNumber: number,
  payloadBytes = 100
): Buffer {
  return encodeMessage(Event, {
    messageIdentifier: `${aggregateIdentifier}/${aggregateSequenceNumber}`,
    aggregateIdentifier,
    aggregateSequenceNumber,
    aggregateType: 'Order',
    timestamp: Date.now(),
    payload: {
      type: 'Happened',
      revision: '',
      data: Buffer.alloc(payloadBytes, aggregateSequenceNumber & 0xff)
    },
    metaData: {},
    snapshot: false
  })
}

function permits(numberOfPermits: number): Buffer {
  return encodeMessage(GetEventsRequest, {
    trackingToken: 0,
    numberOfPermits,
    clientId: 'test',
    componentName: 'test',
    processor: 'test',
    blacklist: [],
    forceReadFromLeader: false
  })
}
