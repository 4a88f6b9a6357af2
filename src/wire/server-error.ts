import type { ErrorCode } from './error-codes.js'

/** An expected failure with a code of the error table; mapped to gRPC and HTTP in one place each. */
export class ServerError extends Error {
  override readonly name = 'ServerError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown }
  ) {
    super(message, options)
  }
}
