import { type ContextStore, checkSize } from '../../src/eventstore/index.js'
import type { StreamCall, StreamListener } from '../../src/wire/grpc/index.js'
import { ServerError } from '../../src/wire/index.js'

/** Field 1, `success`, true: both `Confirmation` and `ConfirmationWithConsistencyMarker` read it so. */
export const CONFIRMED = Buffer.from([0x08, 0x01])

/** Bytes of transactions that are being received, over all calls. */
export class ReceiveBudget {
  #usedBytes = 0

  constructor(readonly bytesMax: number) {}

  get usedBytes(): number {
    return this.#usedBytes
  }

  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.bytesMax && this.#usedBytes > 0) return false
    this.#usedBytes += bytes
    return true
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes
  }
}

/** EventStore.AppendEvent: the caller's half-close commits, anything else rolls back. */
export class AppendEventCall implements StreamListener {
  #events: Buffer[] = []
  #bytes = 0
  #ended = false

  constructor(
    private readonly call: StreamCall,
    private readonly store: ContextStore,
    private readonly budget: ReceiveBudget
  ) {}

  onMessage(event: Buffer): void {
    if (this.#ended) return
    const refused = checkSize(this.#events.length + 1, this.#bytes + event.length, this.store.limits)
    if (refused !== undefined) {
      this.#fail(refused)
      return
    }
    if (!this.budget.take(event.length)) {
      this.#fail(
        new ServerError(
          'AXONIQ-1900',
          `${this.budget.usedBytes} bytes of transactions are being received; try again later`
        )
      )
      return
    }
    this.#bytes += event.length
    this.#events.push(event)
  }

  onHalfClose(): void {
    if (this.#ended) return
    this.#ended = true
    const events = this.#events
    this.#events = []
    this.store
      .append(events)
      .then(
        () => {
          this.call.write(CONFIRMED)
          this.call.end()
        },
        (error: unknown) => this.call.fail(error)
      )
      .finally(() => this.#release())
  }

  onCancel(): void {
    if (this.#ended) return
    this.#ended = true
    this.#release()
  }

  #fail(error: ServerError): void {
    this.#ended = true
    this.#release()
    this.call.fail(error)
  }

  #release(): void {
    this.#events = []
    this.budget.give(this.#bytes)
    this.#bytes = 0
  }
}
