import { type ErrorCode, errorCodes } from '../error-codes.js'
import type { GrpcStatus } from '../grpc-status.js'
import { ServerError } from '../server-error.js'

/** The trailer from which clients read the code; they ignore the one in the description. */
export const errorCodeTrailer = 'AxonIQ-ErrorCode'

/** Trailers share the client's header limit, 8 KiB by default, and one character may take nine bytes on the wire. */
const descriptionCharactersMax = 700

export interface CallStatus {
  readonly status: GrpcStatus
  readonly description: string
  readonly errorCode: ErrorCode
}

/** How an error leaves a call. Bytes that cannot be read, too, are AXONIQ-0001: the table has no code for them. */
export function statusOf(error: unknown): CallStatus {
  const errorCode = error instanceof ServerError ? error.code : 'AXONIQ-0001'
  const message = error instanceof Error ? error.message : String(error)
  const description = error instanceof ServerError ? `[${errorCode}] ${message}` : message
  const status = error instanceof ServerError ? error.status : undefined
  return {
    status: status ?? errorCodes[errorCode].grpcStatus,
    description: sendable(description),
    errorCode
  }
}

/** Short enough for the trailers, and without the halves of characters that cutting or a handler may leave. */
function sendable(text: string): string {
  const short =
    text.length <= descriptionCharactersMax ? text : `${text.slice(0, descriptionCharactersMax - 1)}…`
  return Buffer.from(short).toString()
}
