import { ServerError } from '../../wire/index.js'
import { clientStreamId } from '../clients/client-stream-id.js'
import type { OutboundStream } from '../flow/outbound-stream.js'
import { PermitQueue } from '../flow/permit-queue.js'
import { BoundedOutput } from './bounded-output.js'

/** Something that costs a permit and goes to the handler when its turn comes. */
export interface QueuedInstruction {
  /** Asked at its turn. True: it is not sent after all. */
  isObsolete(): boolean
  /** The `QueryProviderInbound` to send. */
  toMessage(): Buffer
  /** It is with the transport now. */
  sent(): void
}

/** What a handler has to finish. */
export interface HandlerTask {
  handlerLost(reason: string): void
}

/** What a stream asks of those that opened it. */
export interface QueryStreamOwner {
  subscribed(stream: QueryHandlerStream, query: string, resultName: string): void
  unsubscribed(stream: QueryHandlerStream, query: string): void
  responded(stream: QueryHandlerStream, response: Buffer): void
  completed(stream: QueryHandlerStream, requestId: string): void
  subscriptionResponded(stream: QueryHandlerStream, response: Buffer): void
  closed(stream: QueryHandlerStream, reason: string): void
}

export interface QueryHandlerStreamOptions {
  readonly context: string
  readonly out: OutboundStream
  readonly owner: QueryStreamOwner
  readonly waitingMax: number
  readonly unsentBytesMax: number
  readonly registrationsMax: number
  readonly randomId: () => string
}

/** One open stream of a query handler: its registrations, its permits, its queue, what it has to finish. */
export class QueryHandlerStream {
  readonly context: string
  readonly queue: PermitQueue<QueuedInstruction>
  readonly tasks = new Set<HandlerTask>()
  /** Cancellations that found the queue full. */
  droppedCancellations = 0
  readonly #output: BoundedOutput
  readonly #queries = new Set<string>()
  #clientId: string | undefined
  #streamId = ''
  #componentName: string | undefined
  #isClosed = false

  constructor(private readonly options: QueryHandlerStreamOptions) {
    this.context = options.context
    this.#output = new BoundedOutput(options.out, options.unsentBytesMax)
    this.queue = new PermitQueue<QueuedInstruction>({
      waitingMax: options.waitingMax,
      isObsolete: instruction => instruction.isObsolete(),
      send: instruction => this.#deliver(instruction)
    })
  }

  /** Empty until the client has said who it is. */
  get clientId(): string {
    return this.#clientId ?? ''
  }

  /** Empty until the client has said who it is. */
  get streamId(): string {
    return this.#streamId
  }

  get componentName(): string {
    return this.#componentName ?? ''
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Names of the queries that the stream handles. */
  get queries(): ReadonlySet<string> {
    return this.#queries
  }

  /** Several result names of one query are one registration. */
  subscribe(query: string, resultName: string, clientId: string, componentName: string): void {
    if (this.#isClosed) return
    this.#identify(clientId)
    this.#componentName ??= componentName
    if (!this.#queries.has(query)) this.#checkRegistrations(query)
    this.#queries.add(query)
    this.options.owner.subscribed(this, query, resultName)
  }

  unsubscribe(query: string): void {
    if (this.#queries.delete(query)) this.options.owner.unsubscribed(this, query)
  }

  unsubscribeAll(): void {
    for (const query of [...this.#queries]) this.unsubscribe(query)
  }

  addPermits(clientId: string, permits: number): void {
    if (this.#isClosed) return
    this.#identify(clientId)
    this.queue.addPermits(permits)
  }

  /** Takes a `QueryResponse`. */
  respond(response: Buffer): void {
    if (!this.#isClosed) this.options.owner.responded(this, response)
  }

  /** The handler has sent all its responses to a query. */
  complete(requestId: string): void {
    if (!this.#isClosed) this.options.owner.completed(this, requestId)
  }

  /** Takes a `SubscriptionQueryResponse`. */
  respondSubscription(response: Buffer): void {
    if (!this.#isClosed) this.options.owner.subscriptionResponded(this, response)
  }

  /** Sends what costs no permit and does not wait: acknowledgements and all about subscription queries. */
  write(message: Buffer): void {
    if (this.#isClosed) return
    if (this.#output.isFull) this.#giveUp()
    else this.#output.write(message)
  }

  /** The transport has caught up. */
  resume(): void {
    if (this.#isClosed) return
    this.#output.caughtUp()
    this.queue.resume()
  }

  /** The stream is over: first its registrations go, then what it has not finished is lost. */
  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.unsubscribeAll()
    this.queue.drain()
    const lost = [...this.tasks]
    this.tasks.clear()
    for (const task of lost) task.handlerLost(reason)
    this.options.owner.closed(this, reason)
  }

  /** Closes, and ends the call: normally, or with an error. */
  terminate(reason: string, error?: unknown): void {
    if (this.#isClosed) return
    this.close(reason)
    if (error === undefined) this.#output.end()
    else this.#output.fail(error)
  }

  /** The first client id counts, later ones are ignored. */
  #identify(clientId: string): void {
    if (this.#clientId !== undefined) return
    this.#clientId = clientId
    this.#streamId = clientStreamId(clientId, this.options.randomId())
  }

  #deliver(instruction: QueuedInstruction): boolean {
    const isUpToDate = this.#output.write(instruction.toMessage())
    instruction.sent()
    return isUpToDate
  }

  #checkRegistrations(query: string): void {
    const { registrationsMax } = this.options
    if (this.#queries.size < registrationsMax) return
    const message = `${this.clientId} already handles ${registrationsMax} queries on this stream, which is the limit. ${query} is not registered.`
    throw new ServerError('AXONIQ-1900', message)
  }

  #giveUp(): void {
    const message = `The handler ${this.clientId} does not read what it is sent. Let it connect again.`
    this.terminate('the handler does not read', new ServerError('AXONIQ-1900', message))
  }
}
