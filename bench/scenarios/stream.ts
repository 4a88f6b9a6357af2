import { GetEventsRequest } from '../../src/wire/generated/event.js'
import { encodeMessage } from '../../src/wire/index.js'
import type { BytesClient } from '../client.js'
import { type Load, measureStream, type Row } from '../measure.js'

const LIST_EVENTS = '/io.axoniq.axonserver.grpc.event.EventStore/ListEvents'
const PERMITS = 10_000

/** Events delivered to consumers that read the store over and over. */
export async function stream(client: BytesClient, load: Omit<Load, 'inFlight'>): Promise<Row[]> {
  const rows: Row[] = []
  for (const consumers of [1, 4]) {
    const readers = Array.from({ length: consumers }, () => new Reader(client))
    const delivered = () => readers.reduce((sum, reader) => sum + reader.delivered, 0)
    rows.push(
      await measureStream('stream', `${consumers} consumers`, { ...load, inFlight: consumers }, delivered)
    )
    for (const reader of readers) reader.stop()
  }
  return rows
}

/** Starts again from the first event when it has read as many as there were when it began, at most 300,000. */
class Reader {
  delivered = 0
  #unused = 0
  #readInRound = 0
  #call: ReturnType<BytesClient['duplex']>

  constructor(private readonly client: BytesClient) {
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
      if (++this.#readInRound === 300_000) {
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
