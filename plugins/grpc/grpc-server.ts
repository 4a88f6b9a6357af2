import { type ConnectionInjector, Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js'
import type { Logger } from '../../src/kernel/index.js'
import type { ContextGate, GrpcService } from '../../src/wire/grpc/index.js'
import { AwaitedBytes } from './awaited-bytes.js'
import { callInterceptor } from './call-interceptor.js'
import { Connections } from './connections.js'
import { MethodTable } from './method-table.js'

export interface GrpcServerOptions {
  readonly port: number
  readonly host?: string | undefined
  readonly services: readonly GrpcService[]
  readonly gate?: ContextGate | undefined
  readonly log: Logger
  /** 0: never ping. */
  readonly keepAliveMs: number
  readonly keepAliveTimeoutMs: number
  readonly messageBytesMax: number
  readonly streamBufferBytes: number
  readonly awaitedBytesMax?: number
  readonly connectionsMax: number
  readonly drainMs: number
  /** Insecure unless given. */
  readonly credentials?: ServerCredentials | undefined
}

/** Of one connection. Every dispatch, query and append is a stream of its own. */
const concurrentStreamsMax = 100_000
/** Unfinished messages of all calls. */
const awaitedBytesMax = 256 * 1024 * 1024

/** Serves methods over gRPC. grpc-js speaks HTTP/2, trailers and deadlines; messages go past it (borrowed-call.ts). */
export class GrpcServer {
  readonly methods: MethodTable
  readonly connections: Connections
  readonly awaited: AwaitedBytes
  readonly #server: Server
  readonly #injector: ConnectionInjector

  constructor(private readonly options: GrpcServerOptions) {
    this.methods = new MethodTable(options.services)
    this.awaited = new AwaitedBytes(options.awaitedBytesMax ?? awaitedBytesMax)
    this.#server = new Server(serverOptions(options, this.methods, this.awaited))
    for (const [path, { method }] of this.methods.paths) {
      const type = method.kind === 'bidiStream' ? 'bidi' : method.kind
      this.#server.register(path, neverCalled, identity, identity, type)
    }
    this.#injector = this.#server.createConnectionInjector(
      options.credentials ?? ServerCredentials.createInsecure()
    )
    this.connections = new Connections({
      port: options.port,
      host: options.host,
      connectionsMax: options.connectionsMax,
      onConnection: socket => this.#injector.injectConnection(socket)
    })
  }

  /** 0 before the start. */
  get port(): number {
    return this.connections.port
  }

  start(): Promise<void> {
    return this.connections.listen()
  }

  /** Lets the calls under way finish, but not longer than the drain timeout; then breaks what is left. */
  async stop(): Promise<void> {
    const { drainMs } = this.options
    this.connections.stopAccepting()
    this.#injector.drain(drainMs)
    await this.connections.closed(drainMs)
    this.connections.destroy()
    await this.connections.closed(drainMs)
    this.#injector.destroy()
    this.#server.forceShutdown()
  }
}

function serverOptions(
  options: GrpcServerOptions,
  methods: MethodTable,
  awaited: AwaitedBytes
): ServerOptions {
  return {
    'grpc.keepalive_time_ms': options.keepAliveMs,
    'grpc.keepalive_timeout_ms': options.keepAliveTimeoutMs,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.max_concurrent_streams': concurrentStreamsMax,
    'grpc.max_receive_message_length': options.messageBytesMax,
    'grpc.max_send_message_length': -1,
    'grpc.enable_channelz': 0,
    interceptors: [callInterceptor(methods.paths, { ...options, awaited })]
  }
}

function identity(bytes: Buffer): Buffer {
  return bytes
}

/** grpc-js wants a handler for each path; the interceptor takes every call before. */
function neverCalled(): never {
  throw new Error('A call went past the interceptor')
}
