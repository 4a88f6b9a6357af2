import type {
  ServerCall,
  StreamCall,
  StreamListener,
  StreamMethod,
  UnaryCall,
  UnaryMethod
} from './boundary.js'

export interface MethodOptions {
  /** True: do not check that the context exists. */
  readonly anyContext?: boolean
}

/** A unary method whose handler returns the reply. What it throws ends the call. */
export function unaryMethod(
  path: string,
  handler: (request: Buffer, call: UnaryCall) => Buffer | Promise<Buffer>,
  options: MethodOptions = {}
): UnaryMethod {
  return {
    ...options,
    kind: 'unary',
    path,
    handle(request, call) {
      const reply = handler(request, call)
      if (Buffer.isBuffer(reply)) call.reply(reply)
      else reply.then(message => call.reply(message)).catch((error: unknown) => call.fail(error))
    }
  }
}

/** A server-streaming method whose handler returns all messages of a bounded answer. They go out as fast as the caller takes them. */
export function listMethod(
  path: string,
  handler: (request: Buffer, call: ServerCall) => Iterable<Buffer> | Promise<Iterable<Buffer>>,
  options: MethodOptions = {}
): StreamMethod {
  return { ...options, kind: 'serverStream', path, open: call => new ListAnswer(call, handler) }
}

class ListAnswer implements StreamListener {
  #messages: Iterator<Buffer> | undefined
  readonly #call: StreamCall
  readonly #handler: (request: Buffer, call: ServerCall) => Iterable<Buffer> | Promise<Iterable<Buffer>>

  constructor(
    call: StreamCall,
    handler: (request: Buffer, call: ServerCall) => Iterable<Buffer> | Promise<Iterable<Buffer>>
  ) {
    this.#call = call
    this.#handler = handler
  }

  onMessage(request: Buffer): void {
    const call = this.#call
    Promise.resolve(this.#handler(request, call))
      .then(messages => {
        if (call.cancelled) return
        this.#messages = messages[Symbol.iterator]()
        this.onDrain()
      })
      .catch((error: unknown) => call.fail(error))
  }

  onHalfClose(): void {}

  onCancel(): void {
    this.#messages = undefined
  }

  onDrain(): void {
    const messages = this.#messages
    if (messages === undefined) return
    for (;;) {
      const next = messages.next()
      if (next.done) break
      if (!this.#call.write(next.value)) return
    }
    this.#messages = undefined
    this.#call.end()
  }
}
