import { constants } from 'node:http2'
import { Metadata } from '@grpc/grpc-js'
import type { Logger } from '../../src/kernel/index.js'
import {
  type CallMetadata,
  type ContextGate,
  errorCodeTrailer,
  type ServerCall,
  statusOf
} from '../../src/wire/grpc/index.js'
import { GrpcStatus, MalformedMessageError, ServerError } from '../../src/wire/index.js'
import type { AwaitedBytes } from './awaited-bytes.js'
import type { BorrowedCall } from './borrowed-call.js'
import { CallFault } from './call-fault.js'
import { MessageReader, type MessageSink } from './message-reader.js'
import type { MethodCounters } from './method-counters.js'

export interface ExchangeOptions {
  readonly log: Logger
  readonly gate?: ContextGate | undefined
  readonly messageBytesMax: number
  readonly streamBufferBytes: number
  /** Absent: unfinished messages are not bounded together. */
  readonly awaited?: AwaitedBytes | undefined
}

export interface ExchangeSubject {
  readonly path: string
  readonly anyContext?: boolean
}

/** One call, from headers to trailers. It ends once: by us with a status, or by the caller's going away. */
export abstract class Exchange implements ServerCall, MessageSink {
  readonly path: string
  readonly context: string
  readonly metadata: CallMetadata
  protected readonly reader: MessageReader
  #over = false
  #gone = false

  constructor(
    protected readonly call: BorrowedCall,
    subject: ExchangeSubject,
    headers: Metadata,
    protected readonly counters: MethodCounters,
    protected readonly options: ExchangeOptions
  ) {
    this.path = subject.path
    this.metadata = new HeaderView(headers)
    this.context = contextOf(this.metadata)
    this.reader = new MessageReader(call.stream, this, {
      messageBytesMax: options.messageBytesMax,
      encoding: call.incomingEncoding,
      awaited: options.awaited
    })
    counters.calls++
    counters.active++
  }

  get peer(): string {
    return this.call.getPeer()
  }

  get cancelled(): boolean {
    return this.#gone || (!this.#over && (this.call.stream.destroyed || this.call.stream.closed))
  }

  /** The call has ended, by us or by the caller. */
  protected get over(): boolean {
    return this.#over
  }

  fail(error: unknown): void {
    if (this.#over) return
    if (error instanceof CallFault) {
      this.finish(error.status, error.message, null)
      return
    }
    if (!(error instanceof ServerError || error instanceof MalformedMessageError)) {
      this.options.log.error(
        { err: error, path: this.path, context: this.context },
        'A call failed unexpectedly'
      )
    }
    const { status, description, errorCode } = statusOf(error)
    const trailers = new Metadata()
    trailers.set(errorCodeTrailer, errorCode)
    this.finish(status, description, trailers)
  }

  abstract onMessage(message: Buffer): void
  abstract onEnd(): void
  /** Tells the service, once, that nobody listens any more. */
  protected abstract release(): void

  onFault(fault: CallFault): void {
    this.abort(() => this.fail(fault))
  }

  /** grpc-js says so after a reset, a broken connection, a passed deadline, and after our own status. */
  onTransportGone(): void {
    this.#stopCaller()
    if (this.#over) return
    this.#gone = true
    this.#close()
    this.counters.cancelled++
    this.guarded(() => this.release())
  }

  protected openContext(anyContext: boolean | undefined): boolean {
    const { gate } = this.options
    if (anyContext || gate === undefined || gate.exists(this.context)) return true
    this.fail(
      new ServerError(
        'AXONIQ-1302',
        `There is no context "${this.context}". Create it, or correct the context of the client.`
      )
    )
    return false
  }

  protected finish(code: GrpcStatus, details: string, metadata: Metadata | null): void {
    if (this.#over) return
    this.#close()
    if (code !== GrpcStatus.OK) this.counters.errors++
    this.call.sendStatus({ code, details, metadata })
  }

  /** Ends the call for a reason that the service does not know yet. */
  protected abort(end: () => void): void {
    if (this.#over) return
    end()
    this.guarded(() => this.release())
  }

  /** Runs the service's code. What it throws ends this call and no other. */
  protected guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.abort(() => this.fail(error))
    }
  }

  /** The status is out. A caller that still sends, or never ends its side, would keep the stream open (RFC 9113 8.1). */
  #stopCaller(): void {
    const { stream } = this.call
    if (this.reader.ended || stream.closed) return
    // Not in this turn: a reset that overtakes the trailers would hide the status from the caller.
    setImmediate(() => {
      if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR)
    })
  }

  #close(): void {
    this.#over = true
    this.counters.active--
    this.reader.close()
  }
}

class HeaderView implements CallMetadata {
  constructor(private readonly headers: Metadata) {}

  get(name: string): string | undefined {
    const [first] = this.headers.get(name)
    return typeof first === 'string' ? first : undefined
  }
}

function contextOf(metadata: CallMetadata): string {
  return metadata.get('axoniq-context') || metadata.get('context') || 'default'
}
