import { PriorityFifo } from './priority-fifo.js'

/** What became of an item: on its way, waiting for its turn, or turned away because too many wait. */
export type OfferOutcome = 'sent' | 'queued' | 'refused'

export interface PermitQueueOptions<T> {
  /** Items that may wait before those of priority 0 and below are refused; all are refused at 1.1 times as many. */
  readonly waitingMax: number
  /** Sends one item. False: the transport took it but is behind, nothing more is sent until `resume`. */
  send(item: T): boolean
  /** Asked when it is an item's turn. True: it is not sent and costs no permit; whoever offered it deals with it. */
  isObsolete?(item: T): boolean
}

/**
 * One handler stream's window: an item costs one permit, items without permit wait, higher priority first and in order of
 * arrival within one priority. Waits as well while the transport is behind, so that what is unsent stays here, where it is
 * counted and can be taken back.
 */
export class PermitQueue<T> {
  readonly #waiting = new PriorityFifo<T>()
  readonly #softLimit: number
  readonly #hardLimit: number
  #permits = 0
  #sent = 0
  #refused = 0
  #isTransportBehind = false
  #isDelivering = false

  constructor(private readonly options: PermitQueueOptions<T>) {
    this.#softLimit = options.waitingMax
    this.#hardLimit = Math.ceil((options.waitingMax * 11) / 10)
  }

  get permits(): number {
    return this.#permits
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Items sent since the start. */
  get sent(): number {
    return this.#sent
  }

  /** Items refused since the start. */
  get refused(): number {
    return this.#refused
  }

  /** An item may be offered once at a time. */
  offer(item: T, priority = 0): OfferOutcome {
    if (this.#canDeliver() && this.#waiting.size === 0 && !this.#isDelivering) {
      this.#isDelivering = true
      try {
        this.#deliver(item)
      } finally {
        this.#isDelivering = false
      }
      if (this.#waiting.size > 0) this.#deliverWaiting()
      return 'sent'
    }
    if (this.#waiting.size >= (priority > 0 ? this.#hardLimit : this.#softLimit)) {
      this.#refused++
      return 'refused'
    }
    this.#waiting.add(item, priority)
    return 'queued'
  }

  /** Permits add up, as far as numbers go; clients send the largest 64-bit number for "as many as you like". */
  addPermits(permits: number): void {
    if (!(permits > 0)) return
    this.#permits = Math.min(this.#permits + permits, Number.MAX_SAFE_INTEGER)
    this.#deliverWaiting()
  }

  /** The transport has caught up. */
  resume(): void {
    this.#isTransportBehind = false
    this.#deliverWaiting()
  }

  /** Takes back an item that waits. False: it does not wait (any more). */
  remove(item: T): boolean {
    return this.#waiting.remove(item)
  }

  /** Takes back all that wait, in the order in which they would have been sent. */
  drain(): T[] {
    return this.#waiting.drain()
  }

  #canDeliver(): boolean {
    return this.#permits > 0 && !this.#isTransportBehind
  }

  /** Sending may lead to another offer or to more permits at once: those wait for this loop, so that the order holds. */
  #deliverWaiting(): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    try {
      while (this.#waiting.size > 0 && this.#canDeliver()) this.#deliver(this.#waiting.shift()!)
    } finally {
      this.#isDelivering = false
    }
  }

  #deliver(item: T): void {
    if (this.options.isObsolete?.(item) === true) return
    this.#permits--
    this.#sent++
    if (!this.options.send(item)) this.#isTransportBehind = true
  }
}
