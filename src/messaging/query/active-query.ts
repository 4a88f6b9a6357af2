import {
  type ErrorCode,
  type QueryRequestHead,
  ServerError,
  withProcessingInstructions
} from '../../wire/index.js'
import type { BoundedOutput } from './bounded-output.js'
import { firstGrant, laterGrant, queryMessage } from './handler-instructions.js'
import { HandlerTarget, type TargetQuery } from './handler-target.js'
import { queryError } from './query-error.js'
import type { QueryHandlerStream } from './query-handler-stream.js'
import type { QueryRegistration } from './query-registration.js'

/** What a query asks of the table that it stands in. */
export interface QueryOwner {
  now(): number
  randomId(): string
  /** A handler has completed the query. */
  answered(query: ActiveQuery, registration: QueryRegistration, durationMs: number): void
  /** A handler has answered with an error. */
  handlerFailed(): void
  /** The server has answered with an error. */
  failed(code: ErrorCode): void
  /** Nothing more will happen to the query. */
  ended(query: ActiveQuery): void
}

export interface ActiveQueryOptions {
  readonly head: QueryRequestHead
  /** The `QueryRequest`. */
  readonly request: Buffer
  readonly output: BoundedOutput
  readonly owner: QueryOwner
  /** How long the query may wait if it does not say. */
  readonly waitMs: number
}

/** A query from its arrival until its caller has all responses. */
export class ActiveQuery implements TargetQuery {
  readonly head: QueryRequestHead
  readonly receivedAtMs: number
  readonly #request: Buffer
  readonly #output: BoundedOutput
  readonly #owner: QueryOwner
  readonly #expiresAtMs: number
  #targets: readonly HandlerTarget[] = []
  #unfinished = 0
  /** Of a streaming query: one handler has answered, and is the only one left. */
  #hasSource = false
  /** The latest error of a handler; the caller gets it if no success follows. */
  #heldError: Buffer | undefined
  /** Responses passed on for which handlers have not been granted others. */
  #passedOn = 0
  #isEnded = false

  constructor({ head, request, output, owner, waitMs }: ActiveQueryOptions) {
    this.head = head
    this.#request = request
    this.#output = output
    this.#owner = owner
    this.receivedAtMs = owner.now()
    this.#expiresAtMs = this.receivedAtMs + (head.timeoutMs ?? waitMs)
  }

  get id(): string {
    return this.head.messageIdentifier
  }

  get priority(): number {
    return this.head.priority
  }

  /** A streaming query has one source of responses, and may go on for ever. */
  get isStreaming(): boolean {
    return this.head.clientSupportsStreaming
  }

  dispatch(registrations: readonly QueryRegistration[]): void {
    this.#targets = registrations.map(registration => new HandlerTarget(registration, this))
    this.#unfinished = this.#targets.length
    for (const target of this.#targets) {
      if (this.#isEnded) return
      target.grant(firstGrant)
      if (target.offer()) continue
      this.#refuse(target)
      return
    }
  }

  /** Takes a `QueryResponse`. False: it is not wanted. */
  respond(stream: QueryHandlerStream, response: Buffer, isError: boolean): boolean {
    if (this.#isEnded) return false
    if (this.isStreaming && !this.#isFromSource(stream, isError)) return false
    if (isError) {
      this.#heldError = response
      this.#owner.handlerFailed()
      return true
    }
    this.#heldError = undefined
    this.#forward(response)
    this.#passedOn++
    this.#grantMore()
    return true
  }

  /** A handler has sent all its responses. */
  complete(stream: QueryHandlerStream): void {
    const target = this.#targetOf(stream)
    if (target === undefined || target.isFinished) return
    target.finish()
    this.#owner.answered(this, target.registration, this.#owner.now() - this.receivedAtMs)
    this.#targetFinished()
  }

  /** The caller has gone. */
  cancel(): void {
    this.#conclude()
  }

  /** The caller's transport has caught up. */
  resume(): void {
    if (this.#isEnded) return
    this.#output.caughtUp()
    this.#grantMore()
  }

  /** The query has taken too long altogether. */
  timeOut(limitMs: number): void {
    this.#answerError('AXONIQ-5006', `The query ${this.head.query} was not answered in ${limitMs} ms.`)
    this.#end()
  }

  /** Gives up handlers that have not got the query in time. */
  expireWaiting(): void {
    for (const target of this.#targets) if (target.isWaiting && this.isExpired()) this.#expire(target)
  }

  isExpired(): boolean {
    return this.#owner.now() >= this.#expiresAtMs
  }

  toMessage(): Buffer {
    const timeoutMs = Math.max(1, Math.round(this.#expiresAtMs - this.#owner.now()))
    const request = withProcessingInstructions(this.#request, {
      timeoutMs,
      serverSupportsStreaming: this.isStreaming
    })
    return queryMessage(request)
  }

  targetExpired(target: HandlerTarget): void {
    const { clientId } = target.registration.stream
    const message = `The query ${this.head.query} waited for ${clientId} until its time was over. Give it more time, or the handler more permits.`
    this.#answerError('AXONIQ-5006', message)
    this.#targetFinished()
  }

  targetLost(target: HandlerTarget, reason: string): void {
    const { clientId } = target.registration.stream
    const message = `The connection to the handler ${clientId} was lost (${reason}) before it had answered ${this.head.query}.`
    this.#answerError('AXONIQ-4001', message)
    this.#targetFinished()
  }

  targetOverrun(target: HandlerTarget): void {
    this.#answerError('AXONIQ-1900', this.#tooManyWaiting(target))
    this.#targetFinished()
  }

  /** The queue of a handler is full: the caller hears it at once, and no handler goes on. */
  #refuse(target: HandlerTarget): void {
    this.#answerError('AXONIQ-1900', this.#tooManyWaiting(target))
    this.#end()
  }

  #expire(target: HandlerTarget): void {
    target.cancel()
    this.targetExpired(target)
  }

  /** The first handler that answers without error becomes the only source; the others are told to stop. */
  #isFromSource(stream: QueryHandlerStream, isError: boolean): boolean {
    const target = this.#targetOf(stream)
    if (target === undefined || target.isFinished) return false
    if (this.#hasSource || isError) return true
    this.#hasSource = true
    for (const other of this.#targets) {
      if (other === target || other.isFinished) continue
      other.cancel()
      this.#unfinished--
    }
    return true
  }

  /** A client that reconnects may answer on its other stream. */
  #targetOf(stream: QueryHandlerStream): HandlerTarget | undefined {
    let ofClient: HandlerTarget | undefined
    for (const target of this.#targets) {
      const handler = target.registration.stream
      if (handler === stream) return target
      if (handler.clientId === stream.clientId && !target.isFinished) ofClient ??= target
    }
    return ofClient
  }

  #targetFinished(): void {
    this.#unfinished--
    if (this.#unfinished > 0 || this.#isEnded) return
    if (this.#heldError !== undefined) this.#forward(this.#heldError)
    this.#end()
  }

  #forward(response: Buffer): void {
    if (this.#isEnded) return
    if (this.#output.isFull) this.#cutOff()
    else this.#output.write(response)
  }

  /** Handlers may send more as fast as the caller takes it. */
  #grantMore(): void {
    while (this.#passedOn >= laterGrant && !this.#output.isBehind && !this.#isEnded) {
      this.#passedOn -= laterGrant
      for (const target of this.#targets) target.grant(laterGrant)
    }
  }

  #answerError(code: ErrorCode, message: string): void {
    if (this.#isEnded) return
    this.#owner.failed(code)
    this.#forward(queryError(this.#owner.randomId(), this.id, code, message))
  }

  #cutOff(): void {
    const message = `The caller of ${this.head.query} does not read the responses; the query was cancelled.`
    if (!this.#conclude()) return
    this.#owner.failed('AXONIQ-1900')
    this.#output.fail(new ServerError('AXONIQ-1900', message))
  }

  #end(): void {
    if (this.#conclude()) this.#output.end()
  }

  /** False: it had ended before. */
  #conclude(): boolean {
    if (this.#isEnded) return false
    this.#isEnded = true
    this.#owner.ended(this)
    for (const target of this.#targets) target.cancel()
    return true
  }

  #tooManyWaiting(target: HandlerTarget): string {
    const { clientId, queue } = target.registration.stream
    return `${queue.waiting} queries wait for ${clientId}, which is the limit. Send ${this.head.query} again later.`
  }
}
