import { token } from '../../kernel/index.js'

/**
 * The gRPC boundary: what a service sees of a call. Messages are the bytes of one protobuf message, without the five bytes of
 * gRPC framing. Nothing here knows which HTTP/2 library is below.
 */
export interface CallMetadata {
  /** First value of an ASCII header; `name` in lower case. */
  get(name: string): string | undefined
}

export interface ServerCall {
  readonly path: string
  readonly metadata: CallMetadata
  /** The context of the call: header `axoniq-context`, else `context`, else `default`; it exists, unless the method is `anyContext`. */
  readonly context: string
  /** Address of the caller, for logs. */
  readonly peer: string
  /** True once the caller cancelled or the transport broke. Nothing written afterwards arrives. */
  readonly cancelled: boolean
  /** Ends the call with an error: a `ServerError` by its code, anything else as AXONIQ-0001. No effect after `end` or `fail`. */
  fail(error: unknown): void
}

export interface UnaryCall extends ServerCall {
  reply(message: Buffer): void
  /** Runs once if the caller goes away before the reply. */
  onCancel(listener: () => void): void
}

export interface StreamCall extends ServerCall {
  /** Sends one message. False: the transport is behind; stop until `onDrain`. The message is taken all the same. */
  write(message: Buffer): boolean
  /** Half-closes our side with status OK. */
  end(): void
  /** Stops taking messages from the caller, so that HTTP/2 flow control holds it back, until `resume`. */
  pause(): void
  resume(): void
}

/**
 * What the caller does, told in order. Exactly one of `onHalfClose` and `onCancel` ends the inbound side; `onCancel` may also
 * follow `onHalfClose` while the call is not ended. A call ended by us hears nothing more.
 */
export interface StreamListener {
  onMessage(message: Buffer): void
  /** The caller has finished sending, and the transport has confirmed that it is still there. */
  onHalfClose(): void
  onCancel(): void
  onDrain?(): void
}

interface MethodBase {
  /** `/package.Service/Method` */
  readonly path: string
  /** True: do not check that the context exists. */
  readonly anyContext?: boolean
}

export interface UnaryMethod extends MethodBase {
  readonly kind: 'unary'
  handle(request: Buffer, call: UnaryCall): void
}

/** Server-streaming calls get their request as the first and only message, followed by `onHalfClose`. */
export interface StreamMethod extends MethodBase {
  readonly kind: 'clientStream' | 'serverStream' | 'bidiStream'
  open(call: StreamCall): StreamListener
}

export type GrpcMethod = UnaryMethod | StreamMethod

/** A gRPC service, contributed by a plugin, served by the `grpc` plugin. */
export interface GrpcService {
  readonly methods: readonly GrpcMethod[]
  /** The server stops: streams that would never end by themselves are ended now, so that their clients go elsewhere. */
  drain?(): void
}

export const GrpcService = token<GrpcService>('wire/GrpcService@1')
