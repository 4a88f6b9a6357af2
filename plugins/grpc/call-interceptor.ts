import type { ServerHttp2Session } from 'node:http2'
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor
} from '@grpc/grpc-js'
import { borrow } from './borrowed-call.js'
import type { ExchangeOptions } from './exchange.js'
import { widenWindows } from './flow-window.js'
import type { ServedMethod } from './method-table.js'
import { StreamExchange } from './stream-exchange.js'
import { UnaryExchange } from './unary-exchange.js'

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0]

/** Takes every call away from grpc-js's own handlers, which never hear of it, and gives it to our exchanges. */
export function callInterceptor(
  methods: ReadonlyMap<string, ServedMethod>,
  options: ExchangeOptions
): ServerInterceptor {
  return ({ path }, call) => new TakenCall(call, methods.get(path) as ServedMethod, options)
}

class TakenCall extends ServerInterceptingCall {
  readonly #call: ServerInterceptingCallInterface
  readonly #served: ServedMethod
  readonly #options: ExchangeOptions

  constructor(call: ServerInterceptingCallInterface, served: ServedMethod, options: ExchangeOptions) {
    super(call)
    this.#call = call
    this.#served = served
    this.#options = options
  }

  override start(_handler: Listener): void {
    const taker = new Taker(this.#call, this.#served, this.#options)
    this.#call.start(taker)
  }
}

/** What grpc-js tells us of a call. Messages and the half-close come from the stream itself. */
class Taker implements Listener {
  #exchange: UnaryExchange | StreamExchange | undefined

  constructor(
    private readonly call: ServerInterceptingCallInterface,
    private readonly served: ServedMethod,
    private readonly options: ExchangeOptions
  ) {}

  onReceiveMetadata(metadata: Metadata): void {
    const { method, counters } = this.served
    const call = borrow(this.call)
    widenWindows(call.stream.session as ServerHttp2Session | undefined)
    const exchange =
      method.kind === 'unary'
        ? new UnaryExchange(call, method, metadata, counters, this.options)
        : new StreamExchange(call, method, metadata, counters, this.options)
    this.#exchange = exchange
    exchange.open()
  }

  onReceiveMessage(): void {}

  onReceiveHalfClose(): void {}

  onCancel(): void {
    this.#exchange?.onTransportGone()
  }
}
