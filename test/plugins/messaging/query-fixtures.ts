import net from 'node:net'
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status
} from '@grpc/grpc-js'
import type { Test } from 'tap'
import { GrpcServer } from '../../../plugins/grpc/grpc-server.js'
import { queryService } from '../../../plugins/messaging/query-service.js'
import { silentLogger, systemClock } from '../../../src/kernel/index.js'
import {
  ClientRegistry,
  defaultQueryOptions,
  Queries,
  type QueryOptions
} from '../../../src/messaging/index.js'
import {
  QueryProviderInbound,
  QueryProviderOutbound,
  QueryResponse,
  SubscriptionQueryResponse
} from '../../../src/wire/generated/query.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import {
  queryRequest,
  queryResponse,
  type RequestOptions,
  subscriptionRequest
} from '../../messaging/query/fixtures.js'

const service = '/io.axoniq.axonserver.grpc.query.QueryService'
const same = (bytes: Buffer) => bytes

/** Waits until `condition` holds; an assertion that never comes true says what it waited for. */
export async function eventually(what: string, condition: () => boolean, limitMs = 5000): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Queries behind a real gRPC server, and clients that connect to it. */
export class QueryWorld {
  readonly queries: Queries
  readonly #server: GrpcServer
  readonly #clients: Client[] = []

  constructor(options: Partial<QueryOptions> = {}) {
    let ids = 0
    const randomId = () => `id-${++ids}`
    this.queries = new Queries(
      { ...defaultQueryOptions, ...options },
      {
        clock: systemClock,
        randomId,
        clients: new ClientRegistry(randomId, systemClock),
        handlers: { handlerAdded() {}, handlerRemoved() {} }
      }
    )
    this.#server = new GrpcServer({
      port: 0,
      host: '127.0.0.1',
      services: [queryService({ queries: this.queries, nodeName: 'node-1', log: silentLogger })],
      log: silentLogger,
      keepAliveMs: 0,
      keepAliveTimeoutMs: 5000,
      messageBytesMax: 4 * 1024 * 1024,
      streamBufferBytes: 64 * 1024,
      connectionsMax: 1000,
      drainMs: 200
    })
  }

  async start(t: Test): Promise<this> {
    await this.#server.start()
    t.teardown(async () => {
      for (const client of this.#clients) client.close()
      this.queries.stop()
      await this.#server.stop()
    })
    return this
  }

  /** A connection of its own. */
  connect(): Client {
    return this.#connectTo(this.#server.port)
  }

  /** A connection that can break, as cables do: nobody says goodbye. */
  async breakable(t: Test): Promise<BreakableConnection> {
    const sockets: net.Socket[] = []
    const proxy = net.createServer(near => {
      const far = net.connect(this.#server.port, '127.0.0.1')
      sockets.push(near, far)
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far).pipe(near)
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const cut = () => {
      proxy.close()
      for (const socket of sockets) socket.destroy()
    }
    t.teardown(cut)
    const { port } = proxy.address() as net.AddressInfo
    return { client: this.#connectTo(port), cut }
  }

  #connectTo(port: number): Client {
    const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_receive_message_length': -1 }
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options)
    this.#clients.push(client)
    return client
  }

  handler(options: RealHandlerOptions = {}): RealHandler {
    return new RealHandler(options.client ?? this.connect(), options)
  }

  ask(options: RequestOptions = {}, client = this.connect()): RealCaller {
    return new RealCaller(client, queryRequest(options))
  }

  subscribe(id: string, permits: number, client = this.connect()): RealSubscriber {
    return new RealSubscriber(client, id, permits)
  }
}

export interface BreakableConnection {
  readonly client: Client
  cut(): void
}

export interface RealHandlerOptions {
  readonly client?: Client
  readonly clientId?: string
  readonly component?: string
  readonly query?: string
  readonly permits?: number
}

type Inbound = NonNullable<QueryProviderInbound['request']>

/** A query handler with a real connection. */
export class RealHandler {
  readonly received: Inbound[] = []
  readonly call: ClientDuplexStream<Buffer, Buffer>
  onInbound: ((request: Inbound) => void) | undefined
  isEnded = false

  constructor(
    readonly client: Client,
    options: RealHandlerOptions
  ) {
    const { clientId = 'handler', component = 'answers', query = 'find', permits = 5000 } = options
    this.call = client.makeBidiStreamRequest(`${service}/OpenStream`, same, same, new Metadata())
    this.call.on('data', (message: Buffer) => {
      const { request } = decodeMessage(QueryProviderInbound, message)
      if (request === undefined) return
      this.received.push(request)
      this.onInbound?.(request)
    })
    this.call.on('end', () => {
      this.isEnded = true
    })
    this.call.on('error', () => {})
    this.send({ $case: 'flowControl', value: { clientId, permits } })
    const value = { messageId: '', query, resultName: 'Item', componentName: component, clientId }
    this.send({ $case: 'subscribe', value }, 'registered')
  }

  /** The registration stands. */
  async registered(): Promise<this> {
    await eventually('the ack of the registration', () => this.acks.includes('registered'))
    return this
  }

  get acks(): string[] {
    return this.received.flatMap(request => (request.$case === 'ack' ? [request.value.instructionId] : []))
  }

  get queryIds(): string[] {
    return this.received.flatMap(r => (r.$case === 'query' ? [r.value.messageIdentifier] : []))
  }

  count($case: Inbound['$case']): number {
    return this.received.filter(request => request.$case === $case).length
  }

  send(request: QueryProviderOutbound['request'], instructionId = ''): void {
    this.call.write(encodeMessage(QueryProviderOutbound, { request, instructionId }))
  }

  answer(requestId: string, data = 'answer'): void {
    const value = decodeMessage(QueryResponse, queryResponse(requestId, { data }))
    this.send({ $case: 'queryResponse', value })
  }

  fail(requestId: string): void {
    const value = decodeMessage(QueryResponse, queryResponse(requestId, { errorCode: 'AXONIQ-5001' }))
    this.send({ $case: 'queryResponse', value })
  }

  complete(requestId: string): void {
    this.send({ $case: 'queryComplete', value: { messageId: '', requestId } })
  }

  /** Answers every query at once. */
  answering(data = 'answer'): this {
    this.onInbound = request => {
      if (request.$case !== 'query') return
      this.answer(request.value.messageIdentifier, data)
      this.complete(request.value.messageIdentifier)
    }
    return this
  }

  update(subscriptionIdentifier: string, data: string): void {
    const value = {
      messageIdentifier: '',
      payload: { type: 'U', revision: '', data: Buffer.from(data) },
      metaData: {},
      clientId: '',
      componentName: '',
      errorCode: '',
      errorMessage: undefined
    }
    const message = {
      messageIdentifier: '',
      subscriptionIdentifier,
      response: { $case: 'update' as const, value }
    }
    this.send({ $case: 'subscriptionQueryResponse', value: message })
  }
}

class RealCall {
  status: ServiceError | undefined
  isEnded = false

  protected follow(call: ClientReadableStream<Buffer>): void {
    call.on('end', () => {
      this.isEnded = true
    })
    call.on('error', (error: ServiceError) => {
      this.status = error
      this.isEnded = true
    })
  }

  async ended(): Promise<this> {
    await eventually('the end of the call', () => this.isEnded)
    return this
  }
}

/** The caller of a query with a real connection. */
export class RealCaller extends RealCall {
  readonly results: string[] = []
  readonly call: ClientReadableStream<Buffer>

  constructor(client: Client, request: Buffer) {
    super()
    this.call = client.makeServerStreamRequest(`${service}/Query`, same, same, request, new Metadata())
    this.follow(this.call)
    this.call.on('data', (message: Buffer) => {
      const { errorCode, payload } = decodeMessage(QueryResponse, message)
      this.results.push(errorCode === '' ? Buffer.from(payload?.data ?? []).toString() : errorCode)
    })
  }
}

/** A subscriber with a real connection. */
export class RealSubscriber extends RealCall {
  readonly updates: string[] = []
  readonly call: ClientDuplexStream<Buffer, Buffer>

  constructor(
    client: Client,
    readonly id: string,
    permits: number
  ) {
    super()
    this.call = client.makeBidiStreamRequest(`${service}/Subscription`, same, same, new Metadata())
    this.follow(this.call)
    this.call.on('data', (message: Buffer) => {
      const { response } = decodeMessage(SubscriptionQueryResponse, message)
      if (response?.$case !== 'update') return
      this.updates.push(Buffer.from(response.value.payload?.data ?? []).toString())
    })
    this.call.write(subscriptionRequest('flowControl', { id, numberOfPermits: permits }))
    this.call.write(subscriptionRequest('subscribe', { id }))
  }

  unsubscribe(): void {
    this.call.write(subscriptionRequest('unsubscribe', { id: this.id }))
    this.call.end()
  }
}

export { status }
