import { Metadata } from '@grpc/grpc-js'
import type { StreamCall, StreamListener, StreamMethod } from '../../src/wire/grpc/index.js'
import { GrpcStatus } from '../../src/wire/index.js'
import type { BorrowedCall } from './borrowed-call.js'
import { Exchange, type ExchangeOptions } from './exchange.js'
import { MessageWriter } from './message-writer.js'
import type { MethodCounters } from './method-counters.js'

export class StreamExchange extends Exchange implements StreamCall {
  readonly #method: StreamMethod
  readonly #writer: MessageWriter
  #listener: StreamListener | undefined
  #received = 0
  #headersSent = false

  constructor(
    call: BorrowedCall,
    method: StreamMethod,
    headers: Metadata,
    counters: MethodCounters,
    options: ExchangeOptions
  ) {
    super(call, method, headers, counters, options)
    this.#method = method
    this.#writer = new MessageWriter(call.stream, {
      bufferedBytesMax: options.streamBufferBytes,
      onDrain: () => this.#onDrain()
    })
  }

  open(): void {
    if (!this.openContext(this.#method.anyContext)) return
    this.guarded(() => {
      this.#listener = this.#method.open(this)
    })
    if (!this.over) this.reader.start()
  }

  onMessage(message: Buffer): void {
    this.counters.messagesReceived++
    this.counters.bytesReceived += message.length
    this.#received++
    if (this.#received > 1 && this.#method.kind === 'serverStream') {
      this.abort(() =>
        this.finish(GrpcStatus.INTERNAL, 'The method takes one message, and a second one came', null)
      )
      return
    }
    try {
      this.#listener?.onMessage(message)
    } catch (error) {
      this.abort(() => this.fail(error))
    }
  }

  /**
   * A stream whose caller vanished ends, too, before it closes. So the half-close counts only if the stream is still there in
   * the next turn of the event loop.
   */
  onEnd(): void {
    setImmediate(() => {
      if (this.over || this.cancelled) return
      if (this.#received === 0 && this.#method.kind === 'serverStream') {
        this.abort(() =>
          this.finish(GrpcStatus.INTERNAL, 'The method takes one message, and none came', null)
        )
      } else this.guarded(() => this.#listener?.onHalfClose())
    })
  }

  write(message: Buffer): boolean {
    if (this.over || this.cancelled) return true
    this.#sendHeaders()
    this.counters.messagesSent++
    this.counters.bytesSent += message.length
    return this.#writer.write(message)
  }

  end(): void {
    if (this.over) return
    this.#sendHeaders()
    this.#writer.flush()
    this.finish(GrpcStatus.OK, 'OK', null)
  }

  override fail(error: unknown): void {
    if (this.over) return
    this.#writer.flush()
    super.fail(error)
  }

  pause(): void {
    this.reader.pause()
  }

  resume(): void {
    this.reader.resume()
  }

  protected override release(): void {
    this.#listener?.onCancel()
    this.#listener = undefined
  }

  #onDrain(): void {
    if (!this.over && !this.cancelled) this.guarded(() => this.#listener?.onDrain?.())
  }

  #sendHeaders(): void {
    if (this.#headersSent) return
    this.#headersSent = true
    this.call.sendMetadata(new Metadata())
  }
}
