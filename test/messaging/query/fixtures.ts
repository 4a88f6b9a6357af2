import { ManualClock } from '../../../src/kernel/index.js'
import {
  ClientRegistry,
  defaultQueryOptions,
  type HandlerRegistration,
  type OutboundStream,
  Queries,
  type QueryHandlerStream,
  type QueryOptions
} from '../../../src/messaging/index.js'
import type { MetaDataValue, ProcessingInstruction } from '../../../src/wire/generated/common.js'
import {
  QueryProviderInbound,
  QueryRequest,
  QueryResponse,
  SubscriptionQueryRequest,
  SubscriptionQueryResponse
} from '../../../src/wire/generated/query.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'

/** The other end of a stream; keeps what it gets. */
export class FakeStream implements OutboundStream {
  readonly written: Buffer[] = []
  /** True: the transport reports that it is behind. */
  isBehind = false
  outcome: 'open' | 'ended' | 'failed' = 'open'
  error: unknown

  write(message: Buffer): boolean {
    this.written.push(message)
    return !this.isBehind
  }

  end(): void {
    this.outcome = 'ended'
  }

  fail(error: unknown): void {
    this.outcome = 'failed'
    this.error = error
  }
}

export function queriesWith(changes: Partial<QueryOptions> = {}) {
  const clock = new ManualClock()
  let ids = 0
  const randomId = () => `id-${++ids}`
  const clients = new ClientRegistry(randomId, clock)
  const topology: string[] = []
  const told = (change: string) => (registration: HandlerRegistration) => {
    topology.push(`${change}${registration.name}@${registration.clientId}`)
  }
  const handlers = { handlerAdded: told('+'), handlerRemoved: told('-') }
  const queries = new Queries({ ...defaultQueryOptions, ...changes }, { clock, randomId, clients, handlers })
  return { queries, clock, clients, topology }
}

export interface HandlerOptions {
  readonly clientId?: string
  readonly component?: string
  readonly query?: string
  readonly permits?: number
  readonly context?: string
}

/** A handler's end of its stream: what it got, as text, and what it may send. */
export class Handler {
  readonly out = new FakeStream()
  readonly stream: QueryHandlerStream

  constructor(queries: Queries, options: HandlerOptions = {}) {
    const { clientId = 'handler', component = 'answers', query = 'find' } = options
    const { permits = 1_000_000, context = 'default' } = options
    this.stream = queries.openHandlerStream(context, this.out)
    this.stream.subscribe(query, 'Item', clientId, component)
    this.stream.addPermits(clientId, permits)
  }

  get inbound(): NonNullable<QueryProviderInbound['request']>[] {
    return this.out.written.map(message => decodeMessage(QueryProviderInbound, message).request!)
  }

  /** `query q1`, `flow q1 32`, `cancel q1`, `subscribe s1`, and so on. */
  get log(): string[] {
    return this.inbound.map(text)
  }

  /** The log without flow control. */
  get calls(): string[] {
    return this.log.filter(entry => !entry.startsWith('flow'))
  }

  get queries(): QueryRequest[] {
    return this.inbound.flatMap(request => (request.$case === 'query' ? [request.value] : []))
  }

  answer(requestId: string, data = 'answer'): Buffer {
    const response = queryResponse(requestId, { data })
    this.stream.respond(response)
    return response
  }

  fail(requestId: string, errorCode = 'AXONIQ-5001'): void {
    this.stream.respond(queryResponse(requestId, { errorCode }))
  }

  complete(requestId: string): void {
    this.stream.complete(requestId)
  }

  update(subscriptionId: string, data = 'update'): Buffer {
    const value = { ...emptyUpdate, payload: { type: 'U', revision: '', data: Buffer.from(data) } }
    return this.send(subscriptionId, { $case: 'update', value })
  }

  send(subscriptionIdentifier: string, response: SubscriptionQueryResponse['response']): Buffer {
    const message = { messageIdentifier: 'm', subscriptionIdentifier, response }
    const bytes = encodeMessage(SubscriptionQueryResponse, message)
    this.stream.respondSubscription(bytes)
    return bytes
  }
}

function text(request: NonNullable<QueryProviderInbound['request']>): string {
  switch (request.$case) {
    case 'query':
      return `query ${request.value.messageIdentifier}`
    case 'queryCancel':
      return `cancel ${request.value.requestId}`
    case 'queryFlowControl':
      return `flow ${request.value.queryReference?.requestId} ${request.value.permits}`
    case 'subscriptionQueryRequest':
      return `${request.value.request?.$case} ${request.value.request?.value.subscriptionIdentifier}`
    case 'ack':
      return `ack ${request.value.instructionId} ${request.value.success}`
  }
}

/** A caller's end of a query. */
export class Caller extends FakeStream {
  get responses(): QueryResponse[] {
    return this.written.map(message => decodeMessage(QueryResponse, message))
  }

  /** Payload or error code of each response. */
  get results(): string[] {
    return this.responses.map(({ errorCode, payload }) =>
      errorCode === '' ? Buffer.from(payload?.data ?? []).toString() : errorCode
    )
  }
}

/** A subscriber's end of its call. */
export class Subscriber extends FakeStream {
  readonly call

  constructor(queries: Queries, context = 'default') {
    super()
    this.call = queries.openSubscription(context, this)
  }

  get responses(): SubscriptionQueryResponse[] {
    return this.written.map(message => decodeMessage(SubscriptionQueryResponse, message))
  }

  get results(): string[] {
    return this.responses.map(({ response }) => {
      if (response?.$case === 'update') return Buffer.from(response.value.payload?.data ?? []).toString()
      if (response?.$case !== 'initialResult') return String(response?.$case)
      const { errorCode, payload } = response.value
      return errorCode === '' ? `initial ${Buffer.from(payload?.data ?? [])}` : `initial ${errorCode}`
    })
  }

  permits(numberOfPermits: number): void {
    this.call.onMessage(subscriptionRequest('flowControl', { id: '', numberOfPermits }))
  }

  subscribe(id: string, options: SubscribeOptions = {}): Buffer {
    const request = subscriptionRequest('subscribe', { id, ...options })
    this.call.onMessage(request)
    return request
  }

  askInitialResult(id: string, options: SubscribeOptions = {}): void {
    this.call.onMessage(subscriptionRequest('getInitialResult', { id, ...options }))
  }

  unsubscribe(id: string): void {
    this.call.onMessage(subscriptionRequest('unsubscribe', { id }))
  }
}

export interface SubscribeOptions {
  readonly query?: string
  readonly component?: string
  readonly numberOfPermits?: number
}

export function subscriptionRequest(
  $case: 'subscribe' | 'unsubscribe' | 'getInitialResult' | 'flowControl',
  options: SubscribeOptions & { readonly id: string }
): Buffer {
  const { id, query = 'find', component = 'dashboards', numberOfPermits = 0 } = options
  const queryRequest = $case === 'flowControl' ? undefined : requestOf({ id, query, component })
  const value = { subscriptionIdentifier: id, numberOfPermits, queryRequest, updateResponseType: undefined }
  return encodeMessage(SubscriptionQueryRequest, { request: { $case, value } })
}

export interface RequestOptions {
  readonly id?: string
  readonly query?: string
  readonly component?: string
  readonly timeoutMs?: number
  readonly streaming?: boolean
  readonly priority?: number
  readonly metaData?: Record<string, MetaDataValue>
}

export function queryRequest(options: RequestOptions = {}): Buffer {
  return encodeMessage(QueryRequest, requestOf(options))
}

let requestIds = 0

function requestOf(options: RequestOptions): QueryRequest {
  const { id = `q-${++requestIds}`, query = 'find', component = 'callers', metaData = {} } = options
  const processingInstructions: ProcessingInstruction[] = []
  if (options.priority !== undefined) processingInstructions.push(numberInstruction(1, options.priority))
  if (options.timeoutMs !== undefined) processingInstructions.push(numberInstruction(2, options.timeoutMs))
  if (options.streaming !== undefined) {
    processingInstructions.push({
      key: 8,
      value: { data: { $case: 'booleanValue', value: options.streaming } }
    })
  }
  return {
    messageIdentifier: id,
    query,
    timestamp: 1,
    payload: { type: 'Find', revision: '', data: Buffer.from('payload') },
    metaData,
    responseType: undefined,
    processingInstructions,
    clientId: 'caller',
    componentName: component
  }
}

function numberInstruction(key: number, value: number): ProcessingInstruction {
  return { key, value: { data: { $case: 'numberValue', value } } }
}

export function queryResponse(
  requestIdentifier: string,
  { data = 'answer', errorCode = '' }: { data?: string; errorCode?: string } = {}
): Buffer {
  return encodeMessage(QueryResponse, {
    messageIdentifier: `answer-${requestIdentifier}`,
    errorCode,
    errorMessage: undefined,
    payload: { type: 'Item', revision: '', data: Buffer.from(data) },
    metaData: {},
    processingInstructions: [],
    requestIdentifier
  })
}

const emptyUpdate = {
  messageIdentifier: 'u',
  payload: undefined,
  metaData: {},
  clientId: '',
  componentName: '',
  errorCode: '',
  errorMessage: undefined
}
