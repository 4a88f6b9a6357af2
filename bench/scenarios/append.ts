import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { BytesClient } from '../client.js'
import { type Load, measure, type Row } from '../measure.js'
import { event } from '../messages.js'

const APPEND = '/io.axoniq.axonserver.grpc.event.EventStore/AppendEvent'
const EVENTS_PER_AGGREGATE = 100

/** Transactions, from call to confirmation. */
export async function append(client: BytesClient, load: Omit<Load, 'inFlight'>): Promise<Row[]> {
  const rows: Row[] = []
  for (const [inFlight, events] of [
    [1, 1],
    [64, 1],
    [16, 100]
  ] as const) {
    const appenders = Array.from({ length: inFlight }, () => new Appender(client, events))
    const free = [...appenders]
    rows.push(
      await measure('append', `${inFlight} in flight x ${events}`, { ...load, inFlight }, async () => {
        const appender = free.pop()!
        await appender.append()
        free.push(appender)
      })
    )
  }
  return rows
}

class Appender {
  #aggregate = randomUUID()
  #next = 0

  constructor(
    private readonly client: BytesClient,
    private readonly eventsPerTransaction: number
  ) {}

  append(): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.client.clientStream(APPEND, error => (error ? reject(error) : resolve()))
      void this.#send(call).catch(reject)
    })
  }

  async #send(call: ReturnType<BytesClient['clientStream']>): Promise<void> {
    for (let i = 0; i < this.eventsPerTransaction; i++) {
      if (!call.write(this.#event())) await once(call, 'drain')
    }
    call.end()
  }

  #event(): Buffer {
    if (this.#next === EVENTS_PER_AGGREGATE) {
      this.#aggregate = randomUUID()
      this.#next = 0
    }
    return event(this.#aggregate, this.#next++)
  }
}
