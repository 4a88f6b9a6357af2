import type { ErrorCode } from './error-codes.js'
import type { GrpcStatus } from './grpc-status.js'

export interface ServerErrorOptions {
  readonly cause?: unknown
  /** Where a call has always ended with another gRPC status than that of the code. */
  readonly status?: GrpcStatus
}

/** An expected failure with a code of the error table; mapped to gRPC and HTTP in one place each. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly status: GrpcStatus | undefined

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: ServerErrorOptions = {}
  ) {
    super(message, options)
    this.status = options.status
  }
}
