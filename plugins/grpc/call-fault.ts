import type { GrpcStatus } from '../../src/wire/index.js'

/** What goes wrong below the services, in gRPC itself: it ends the call with a plain status, without an AXONIQ code. */
export class CallFault extends Error {
  override readonly name = 'CallFault'

  constructor(
    readonly status: GrpcStatus,
    message: string
  ) {
    super(message)
  }
}
