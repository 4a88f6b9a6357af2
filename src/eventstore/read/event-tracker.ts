import type { Clock, Timer } from '../../kernel/index.js'
import type { EventCursor, EventRun } from '../../storage/index.js'
import { eventWithToken, ServerError, scanEventPayloadType } from '../../wire/index.js'
import type { TailNotifier } from './tail-notifier.js'

export interface TrackerSink {
  /** One encoded EventWithToken. False: stop until `resume`. */
  send(message: Buffer): boolean
  /** The server ends the stream: undefined for OK. */
  end(error?: unknown): void
}

export interface TrackerOptions {
  /** axoniq.axonserver.new-permits-timeout */
  readonly newPermitsTimeoutMs: number
  /** axoniq.axonserver.blacklisted-send-after */
  readonly blacklistedSendAfter: number
}

export interface TrackerSource {
  /** Token that the next appended event will get. */
  nextToken(): number
  cursor(fromToken: number): Pick<EventCursor, 'next' | 'close'>
  readonly tail: TailNotifier
  readonly clock: Clock
}

const EVENTS_PER_ROUND = 500
const BYTES_PER_ROUND = 512 * 1024
/** Payload types that one stream may leave out. Those beyond are sent: clients ignore what they do not handle. */
const BLACKLIST_MAX = 10_000

/**
 * One open event stream (EventStore.ListEvents): history first, then the live tail, without a seam. It sends as long as it has
 * permits and the transport accepts, and takes turns with all others.
 */
export class EventTracker {
  #permits = 0
  #blocked = false
  #running = false
  #closed = false
  #held = false
  #skipped = 0
  #nextToken: number
  #cursor: Pick<EventCursor, 'next' | 'close'> | undefined
  /** The rest of a run whose transport fell behind in the middle. */
  #unsent: EventRun | undefined
  #outOfPermitsTimer: Timer | undefined
  readonly #blacklist = new Set<string>()
  readonly #wake = () => this.#schedule()

  constructor(
    private readonly source: TrackerSource,
    private readonly sink: TrackerSink,
    private readonly options: TrackerOptions,
    fromToken: number,
    private readonly onClosed: () => void
  ) {
    this.#nextToken = fromToken
  }

  /** Token of the next event that this stream will look at. */
  get nextToken(): number {
    return this.#nextToken
  }

  get permits(): number {
    return this.#permits
  }

  /** The first request: a stream that never gets permits does not stay for ever. */
  start(permits: number): void {
    this.addPermits(permits)
    if (this.#permits <= 0) this.#awaitPermits()
  }

  addPermits(count: number): void {
    if (count <= 0) return
    this.#permits += count
    this.#outOfPermitsTimer?.cancel()
    this.#outOfPermitsTimer = undefined
    this.#schedule()
  }

  blacklist(type: string, revision: string): void {
    if (this.#blacklist.size < BLACKLIST_MAX) this.#blacklist.add(payloadKey(type, revision))
  }

  /** The transport accepts messages again. */
  resume(): void {
    this.#blocked = false
    this.#schedule()
  }

  /** What it reads from is about to be replaced by something that holds the same events and more. */
  hold(): void {
    this.#held = true
    this.#cursor?.close()
    this.#cursor = undefined
  }

  /** Goes on where it was. */
  release(): void {
    this.#held = false
    this.#schedule()
  }

  close(error?: unknown): void {
    if (this.#closed) return
    this.stop()
    this.sink.end(error)
  }

  /** The caller is gone or has finished: nothing is sent any more. */
  stop(): void {
    if (this.#closed) return
    this.#closed = true
    this.#outOfPermitsTimer?.cancel()
    this.source.tail.forget(this.#wake)
    this.#cursor?.close()
    this.onClosed()
  }

  /** Starts a round at the end of this turn of the event loop, unless one is due or nothing could be sent. */
  #schedule(): void {
    if (this.#running || this.#closed || this.#held || this.#blocked || this.#permits <= 0) return
    this.#running = true
    setImmediate(() => void this.#round())
  }

  async #round(): Promise<void> {
    let cursor: Pick<EventCursor, 'next' | 'close'> | undefined
    try {
      if (this.#held) this.#running = false
      else if (this.#unsent !== undefined) {
        this.#running = false
        this.#deliver(this.#unsent)
      } else if (this.source.nextToken() > this.#nextToken) {
        cursor = this.#cursor ??= this.source.cursor(this.#nextToken)
        const next = cursor.next(Math.min(EVENTS_PER_ROUND, this.#permits), BYTES_PER_ROUND)
        const run = next instanceof Promise ? await next : next
        if (this.#closed) return
        this.#running = false
        this.#deliver(run)
      } else {
        this.#running = false
        this.source.tail.wait(this.#wake)
      }
    } catch (error) {
      if (cursor === this.#cursor) this.close(error)
      else {
        this.#running = false
        this.#schedule()
      }
    }
  }

  #deliver(run: EventRun): void {
    this.#unsent = undefined
    for (let i = 0; i < run.events.length; i++) {
      if (this.#blocked || this.#permits <= 0) {
        this.#unsent = { firstToken: run.firstToken + i, events: run.events.slice(i) }
        break
      }
      const event = run.events[i]!
      this.#nextToken = run.firstToken + i + 1
      if (this.#blacklist.size > 0 && this.#skip(event)) continue
      this.#permits--
      if (!this.sink.send(eventWithToken(run.firstToken + i, event))) this.#blocked = true
      if (this.#closed) return
    }
    if (this.#permits <= 0) this.#awaitPermits()
    else this.#schedule()
  }

  /** A blacklisted event is let through now and then, so that the client's token stays fresh. */
  #skip(event: Buffer): boolean {
    const { type, revision } = scanEventPayloadType(event)
    if (
      !this.#blacklist.has(payloadKey(type, revision)) ||
      this.#skipped >= this.options.blacklistedSendAfter
    ) {
      this.#skipped = 0
      return false
    }
    this.#skipped++
    return true
  }

  #awaitPermits(): void {
    this.#outOfPermitsTimer ??= this.source.clock.after(this.options.newPermitsTimeoutMs, () =>
      this.close(
        new ServerError(
          'AXONIQ-0001',
          `No new permits for ${this.options.newPermitsTimeoutMs} ms (axoniq.axonserver.new-permits-timeout); open the stream again from the last token`
        )
      )
    )
  }
}

function payloadKey(type: string, revision: string): string {
  return `${type}\n${revision}`
}
