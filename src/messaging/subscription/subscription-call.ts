import {
  SubscriptionQuery as SubscriptionQueryMessage,
  SubscriptionQueryResponse
} from '../../wire/generated/query.js'
import {
  decodeMessage,
  type ErrorCode,
  encodeMessage,
  GrpcStatus,
  ServerError,
  scanEnvelope
} from '../../wire/index.js'
import type { BoundedOutput } from '../query/bounded-output.js'
import { queryErrorMessage } from '../query/query-error.js'
import type { Subscriber, SubscriptionDescription, SubscriptionQuery } from './subscription-query.js'

/** query.proto, `SubscriptionQueryRequest`, which has no instruction id. */
const fields = { subscribe: 1, unsubscribe: 2, getInitialResult: 3, flowControl: 4, instructionId: 0 }

/** What a subscriber's call asks of the context it is in. */
export interface SubscriptionHost {
  randomId(): string
  /** Throws if there is no handler or no place. */
  open(description: SubscriptionDescription): SubscriptionQuery
  close(subscription: SubscriptionQuery): void
  /** Sends a `SubscriptionQueryRequest` for the initial result to one instance of every component. False: there is none. */
  askInitialResult(subscription: SubscriptionQuery, request: Buffer): boolean
  /** The call has ended. */
  left(call: SubscriptionCall): void
}

/** A subscriber's call: permits come in, responses go out as long as there are permits. */
export class SubscriptionCall implements Subscriber {
  #permits = 0
  #subscription: SubscriptionQuery | undefined
  #isEnded = false

  constructor(
    private readonly output: BoundedOutput,
    private readonly host: SubscriptionHost
  ) {}

  get permits(): number {
    return this.#permits
  }

  /** Takes a `SubscriptionQueryRequest`. What it does wrong ends the call. */
  onMessage(request: Buffer): void {
    if (this.#isEnded) return
    try {
      this.#receive(request)
    } catch (error) {
      this.terminated(error)
    }
  }

  onHalfClose(): void {
    if (this.#leave()) this.output.end()
  }

  onCancel(): void {
    this.#leave()
  }

  onDrain(): void {
    this.output.caughtUp()
  }

  /** A subscriber that does not grant permits in time, or does not read, is cut off. */
  deliver(response: Buffer): boolean {
    if (this.#isEnded) return false
    if (this.#permits === 0) {
      this.#cutOff('it has granted no permits for more responses. Grant more, or read faster.')
      return false
    }
    if (this.output.isFull) {
      this.#cutOff('it does not read what it is sent.')
      return false
    }
    this.#permits--
    this.output.write(response)
    return true
  }

  initialResultLost(reason: string): void {
    const message = `The connection to the handler was lost (${reason}) before it had sent the initial result.`
    this.#deliverInitialError('AXONIQ-4001', message)
  }

  terminated(error: unknown): void {
    if (this.#leave()) this.output.fail(error)
  }

  #receive(request: Buffer): void {
    const { field, start, end } = scanEnvelope(request, fields.instructionId)
    const subscriptionQuery = request.subarray(start, end)
    switch (field) {
      case fields.flowControl:
        this.#addPermits(decodeMessage(SubscriptionQueryMessage, subscriptionQuery).numberOfPermits)
        break
      case fields.subscribe:
        this.#subscribe(request, subscriptionQuery)
        break
      case fields.getInitialResult:
        this.#askInitialResult(request)
        break
      case fields.unsubscribe:
        this.#unsubscribe()
        break
    }
  }

  /** The first one counts, as long as it is there. */
  #subscribe(request: Buffer, subscriptionQuery: Buffer): void {
    if (this.#subscription !== undefined) return
    const message = decodeMessage(SubscriptionQueryMessage, subscriptionQuery)
    this.#addPermits(message.numberOfPermits)
    const subscription = this.host.open({
      id: message.subscriptionIdentifier,
      query: message.queryRequest?.query ?? '',
      componentName: message.queryRequest?.componentName ?? '',
      request,
      subscriptionQuery,
      subscriber: this
    })
    // A handler may have answered meanwhile, beyond the permits.
    if (this.#isEnded) this.host.close(subscription)
    else this.#subscription = subscription
  }

  #askInitialResult(request: Buffer): void {
    if (this.#subscription === undefined) {
      const message = 'The initial result was asked for before the subscription. Send subscribe first.'
      throw new ServerError('AXONIQ-0001', message)
    }
    const { query } = this.#subscription
    if (!this.host.askInitialResult(this.#subscription, request)) {
      this.#deliverInitialError('AXONIQ-5000', `No handler for query: ${query}`)
    }
  }

  #unsubscribe(): void {
    const subscription = this.#subscription
    this.#subscription = undefined
    if (subscription !== undefined) this.host.close(subscription)
  }

  #addPermits(permits: number): void {
    if (permits > 0) this.#permits = Math.min(this.#permits + permits, Number.MAX_SAFE_INTEGER)
  }

  #deliverInitialError(code: ErrorCode, message: string): void {
    const id = this.#subscription?.id
    if (id === undefined) return
    const value = queryErrorMessage(this.host.randomId(), id, code, message)
    this.deliver(
      encodeMessage(SubscriptionQueryResponse, {
        messageIdentifier: this.host.randomId(),
        subscriptionIdentifier: id,
        response: { $case: 'initialResult', value }
      })
    )
  }

  #cutOff(reason: string): void {
    const query = this.#subscription?.query ?? ''
    const message = `The subscription query ${query} was cancelled, because the subscriber is too slow: ${reason}`
    this.terminated(new ServerError('AXONIQ-0001', message, { status: GrpcStatus.CANCELLED }))
  }

  /** False: the call had ended before. */
  #leave(): boolean {
    if (this.#isEnded) return false
    this.#isEnded = true
    this.#unsubscribe()
    this.host.left(this)
    return true
  }
}
