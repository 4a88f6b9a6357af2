import { Metadata } from '@grpc/grpc-js'
import type { UnaryCall, UnaryMethod } from '../../src/wire/grpc/index.js'
import { GrpcStatus } from '../../src/wire/index.js'
import type { BorrowedCall } from './borrowed-call.js'
import { Exchange, type ExchangeOptions } from './exchange.js'
import { tooManyAwaited } from './message-reader.js'
import { frameMessage } from './message-writer.js'
import type { MethodCounters } from './method-counters.js'

export class UnaryExchange extends Exchange implements UnaryCall {
  readonly #method: UnaryMethod
  #request: Buffer | undefined
  #cancelListener: (() => void) | undefined

  constructor(
    call: BorrowedCall,
    method: UnaryMethod,
    headers: Metadata,
    counters: MethodCounters,
    options: ExchangeOptions
  ) {
    super(call, method, headers, counters, options)
    this.#method = method
  }

  open(): void {
    if (this.openContext(this.#method.anyContext)) this.reader.start()
  }

  onMessage(message: Buffer): void {
    this.counters.messagesReceived++
    this.counters.bytesReceived += message.length
    if (this.#request === undefined) this.#hold(message)
    else this.finish(GrpcStatus.INTERNAL, 'The method takes one message, and a second one came', null)
  }

  onEnd(): void {
    const request = this.#request
    this.#letGo()
    if (this.cancelled) return
    if (request === undefined)
      this.finish(GrpcStatus.INTERNAL, 'The method takes one message, and none came', null)
    else this.guarded(() => this.#method.handle(request, this))
  }

  reply(message: Buffer): void {
    if (this.over) return
    const { call, counters } = this
    if (!this.cancelled) {
      counters.messagesSent++
      counters.bytesSent += message.length
      call.sendMetadata(new Metadata())
      call.stream.write(frameMessage(message))
    }
    this.finish(GrpcStatus.OK, 'OK', null)
  }

  onCancel(listener: () => void): void {
    if (this.cancelled) listener()
    else this.#cancelListener = listener
  }

  protected override finish(code: GrpcStatus, details: string, metadata: Metadata | null): void {
    this.#letGo()
    super.finish(code, details, metadata)
  }

  protected override release(): void {
    this.#letGo()
    this.#cancelListener?.()
    this.#cancelListener = undefined
  }

  /** Until the half-close comes. */
  #hold(request: Buffer): void {
    const { awaited } = this.options
    this.#request = request
    awaited?.change(request.length)
    if (awaited?.isOver) this.fail(tooManyAwaited(awaited))
  }

  #letGo(): void {
    if (this.#request !== undefined) this.options.awaited?.change(-this.#request.length)
    this.#request = undefined
  }
}
