import { GetEventsRequest, TrackingToken } from '../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage } from '../../src/wire/index.js'
import type { BytesClient } from '../client.js'
import { type Load, measureStream, type Row } from '../measure.js'

const LIST_EVENTS = '/io.axoniq.axonserver.grpc.event.EventStore/ListEvents'
const GET_LAST_TOKEN = '/io.axoniq.axonserver.grpc.event.EventStore/GetLastToken'
const PERMITS = 10_000
const EVENTS_PER_PASS_MAX = 300_000

/** Events delivered to consumers that read the beginning of the store over and over. */
export async function stream(client: BytesClient, load: Omit<Load, 'inFlight'>): Promise<Row[]> {
  const { token } = decodeMessage(TrackingToken, await client.unary(GET_LAST_TOKEN, Buffer.alloc(0)))
  const eventsPerPass = Math.min(token + 1, EVENTS_PER_PASS_MAX)
  if (eventsPerPass < PERMITS) throw new Error(`stream needs ${PERMITS} events: run it after append`)
  const rows: Row[] = []
  for (const consumers of [1, 4]) {
    const readers = Array.from({ length: consumers }, () => new Reader(client, eventsPerPass))
    const delivered = () => readers.reduce((sum, reader) => sum + reader.delivered, 0)
    rows.push(
      await measureStream('stream', `${consumers} consumers`, { ...load, inFlight: consumers }, delivered)
    )
    for (const reader of readers) reader.stop()
  }
  return rows
}

/** Starts again from the first event when it has read a pass. */
class Reader {
  delivered = 0
  #unused = 0
  #readInRound = 0
  #call: ReturnType<BytesClient['duplex']>

  constructor(
    private readonly client: BytesClient,
    private readonly eventsPerPass: number
  ) {
    this.#call = this.#open()
  }

  stop(): void {
    this.#call.cancel()
  }

  #open() {
    const call = this.client.duplex(LIST_EVENTS)
    this.#unused = 0
    this.#readInRound = 0
    call.write(request(PERMITS))
    call.on('error', () => {})
    call.on('data', () => {
      this.delivered++
      if (++this.#readInRound === this.eventsPerPass) {
        call.cancel()
        this.#call = this.#open()
      } else if (++this.#unused === PERMITS / 2) {
        this.#unused = 0
        call.write(request(PERMITS / 2))
      }
    })
    return call
  }
}

function request(numberOfPermits: number): Buffer {
  return encodeMessage(GetEventsRequest, {
    trackingToken: 0,
    numberOfPermits,
    clientId: 'bench',
    componentName: 'bench',
    processor: 'bench',
    blacklist: [],
    forceReadFromLeader: false
  })
}
