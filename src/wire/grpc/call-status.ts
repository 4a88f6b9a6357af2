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
  return { status: status ?? errorCodes[errorCode].grpcStatus, description: shortened(description), errorCode }
}

function shortened(text: string): string {
  return text.length <= descriptionCharactersMax ? text : `${text.slice(0, descriptionCharactersMax - 1)}…`
}
