import {
  type ErrorCode,
  type QueryRequestHead,
  scanQueryRequest,
  scanQueryResponse
} from '../../wire/index.js'
import type { OutboundStream } from '../flow/outbound-stream.js'
import { ActiveQuery, type QueryOwner } from './active-query.js'
import { BoundedOutput } from './bounded-output.js'
import { queryError } from './query-error.js'
import type { QueryHandlerStream } from './query-handler-stream.js'
import type { QueryHandlers } from './query-handlers.js'
import type { QueryNode } from './query-node.js'
import type { QueryRegistration } from './query-registration.js'

interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

/** The queries of one context that have not ended, by message id. */
export class ActiveQueries implements QueryOwner {
  readonly #queries = new Map<string, ActiveQuery>()

  constructor(
    private readonly context: string,
    private readonly handlers: QueryHandlers,
    private readonly node: QueryNode
  ) {}

  get size(): number {
    return this.#queries.size
  }

  /**
   * Passes a `QueryRequest` on. The caller gets `QueryResponse`s, then its stream is ended. The query returned can be cancelled;
   * it is undefined when it was refused, which the caller has been told by then.
   */
  dispatch(request: Buffer, caller: OutboundStream): ActiveQuery | undefined {
    const head = scanQueryRequest(request)
    this.node.stats.received(this.context)
    const registrations = this.handlers.select(head.query, request)
    const refusal = this.#refusal(head, registrations)
    if (refusal !== undefined) {
      this.#refuse(head, caller, refusal)
      return undefined
    }
    const { unsentBytesMax, waitMs } = this.node.options
    const output = new BoundedOutput(caller, unsentBytesMax)
    const query = new ActiveQuery({ head, request, output, owner: this, waitMs })
    this.#queries.set(query.id, query)
    this.node.active++
    query.dispatch(registrations)
    return query
  }

  /** Takes a `QueryResponse` of a handler. */
  respond(stream: QueryHandlerStream, response: Buffer): void {
    const { requestIdentifier, isError } = scanQueryResponse(response)
    const isWanted = this.#queries.get(requestIdentifier)?.respond(stream, response, isError)
    if (isWanted !== true) this.node.stats.lateResponses++
  }

  complete(stream: QueryHandlerStream, requestId: string): void {
    this.#queries.get(requestId)?.complete(stream)
  }

  /** Ends queries that take too long; streaming ones may go on for ever once their handler has got them. */
  giveUpOld(): void {
    const { timeoutMs } = this.node.options
    const receivedUntilMs = this.now() - timeoutMs
    for (const query of [...this.#queries.values()]) {
      if (!query.isStreaming && query.receivedAtMs <= receivedUntilMs) query.timeOut(timeoutMs)
      else query.expireWaiting()
    }
  }

  now(): number {
    return this.node.clock.monotonicMs()
  }

  randomId(): string {
    return this.node.randomId()
  }

  answered({ head }: ActiveQuery, registration: QueryRegistration, durationMs: number): void {
    registration.recordDuration(durationMs)
    this.node.stats.timers.record(
      this.context,
      head.query,
      head.clientId,
      registration.stream.clientId,
      durationMs
    )
  }

  handlerFailed(): void {
    this.node.stats.handlerErrors++
  }

  failed(code: ErrorCode): void {
    this.node.stats.failed(code)
  }

  ended(query: ActiveQuery): void {
    this.#queries.delete(query.id)
    this.node.active--
  }

  #refusal(
    { query, messageIdentifier }: QueryRequestHead,
    registrations: readonly QueryRegistration[]
  ): Refusal | undefined {
    const { activeMax, activePerContextMax } = this.node.options
    if (this.node.isStopped) {
      return tooMany(`The server is stopping and took no query ${query}. Send it to another node.`)
    }
    if (registrations.length === 0) return { code: 'AXONIQ-5000', message: `No handler for query: ${query}` }
    if (this.#queries.has(messageIdentifier)) {
      const message = `A query with the id ${messageIdentifier} is still active. Give every query an id of its own.`
      return { code: 'AXONIQ-5007', message }
    }
    if (this.node.active >= activeMax) {
      return tooMany(
        `${activeMax} queries are in progress on this server, which is the limit. Send ${query} again later.`
      )
    }
    if (this.#queries.size >= activePerContextMax) {
      return tooMany(
        `${activePerContextMax} queries are in progress in ${this.context}, which is the limit. Send ${query} again later.`
      )
    }
    return undefined
  }

  #refuse(head: QueryRequestHead, caller: OutboundStream, { code, message }: Refusal): void {
    this.failed(code)
    caller.write(queryError(this.randomId(), head.messageIdentifier, code, message))
    caller.end()
  }
}

function tooMany(message: string): Refusal {
  return { code: 'AXONIQ-1900', message }
}
