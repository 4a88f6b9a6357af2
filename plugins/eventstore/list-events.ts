import type { ContextStore, EventTracker } from '../../src/eventstore/index.js'
import { GetEventsRequest } from '../../src/wire/generated/event.js'
import type { StreamCall, StreamListener } from '../../src/wire/grpc/index.js'
import { decodeMessage } from '../../src/wire/index.js'

/** EventStore.ListEvents: the first request opens the tracker, all of them bring permits and types to leave out. */
export class ListEventsCall implements StreamListener {
  #tracker: EventTracker | undefined

  constructor(
    private readonly call: StreamCall,
    private readonly store: ContextStore
  ) {}

  onMessage(message: Buffer): void {
    const request = decodeMessage(GetEventsRequest, message)
    const isFirst = this.#tracker === undefined
    this.#tracker ??= this.store.track(request.trackingToken, {
      send: event => this.call.write(event),
      end: error => (error === undefined ? this.call.end() : this.call.fail(error))
    })
    const tracker = this.#tracker
    for (const { type, revision } of request.blacklist) tracker.blacklist(type, revision)
    if (isFirst) tracker.start(request.numberOfPermits)
    else tracker.addPermits(request.numberOfPermits)
  }

  onHalfClose(): void {
    this.#tracker?.stop()
    this.call.end()
  }

  onCancel(): void {
    this.#tracker?.stop()
  }

  onDrain(): void {
    this.#tracker?.resume()
  }
}
