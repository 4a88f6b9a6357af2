import type { Logger } from '../../src/kernel/index.js'
import type { ActiveQuery, Queries } from '../../src/messaging/index.js'
import type { GrpcService, StreamCall, StreamListener } from '../../src/wire/grpc/index.js'
import { QueryStreamCall } from './query-stream-call.js'

const service = '/io.axoniq.axonserver.grpc.query.QueryService'

export interface QueryServiceOptions {
  readonly queries: Queries
  readonly nodeName: string
  readonly log: Logger
}

/** io.axoniq.axonserver.grpc.query.QueryService */
export function queryService(options: QueryServiceOptions): GrpcService {
  const { queries } = options
  return {
    methods: [
      { path: `${service}/OpenStream`, kind: 'bidiStream', open: call => new QueryStreamCall(call, options) },
      { path: `${service}/Query`, kind: 'serverStream', open: call => new QueryCall(call, queries) },
      {
        path: `${service}/Subscription`,
        kind: 'bidiStream',
        open: call => queries.openSubscription(call.context, call)
      }
    ]
  }
}

/** One query of a caller. */
class QueryCall implements StreamListener {
  #query: ActiveQuery | undefined

  constructor(
    private readonly call: StreamCall,
    private readonly queries: Queries
  ) {}

  onMessage(request: Buffer): void {
    try {
      this.#query = this.queries.query(this.call.context, request, this.call)
    } catch (error) {
      this.call.fail(error)
    }
  }

  onHalfClose(): void {}

  onCancel(): void {
    this.#query?.cancel()
  }

  onDrain(): void {
    this.#query?.resume()
  }
}
