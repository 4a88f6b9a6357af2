import { token } from '../../kernel/index.js'

/** Where clients reach this node by gRPC. */
export interface GrpcEndpoint {
  /** The port that was bound, also when the configured one is 0; 0 before the start. */
  readonly port: number
}

export const GrpcEndpoint = token<GrpcEndpoint>('wire/GrpcEndpoint@1')
