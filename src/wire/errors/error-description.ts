import type { GrpcStatus } from '../grpc-status.js'

export interface ErrorDescription {
  readonly name: string
  readonly grpcStatus: GrpcStatus
  readonly httpStatus: number
  /** The caller can avoid it; logged at info instead of warn. */
  readonly callerFault: boolean
  /** What has happened. */
  readonly sentence: string
  /** What to do about it. */
  readonly remedy: string
}
