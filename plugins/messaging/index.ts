import { randomUUID } from 'node:crypto'
import { Clock, definePlugin, HealthCheck, Logger, MetricsSource } from '../../src/kernel/index.js'
import { Messaging, MessagingToken } from '../../src/messaging/index.js'
import { GrpcService } from '../../src/wire/grpc/index.js'
import { commandHealth } from './command-health.js'
import { commandMetrics } from './command-metrics.js'
import { commandService } from './command-service.js'
import { logConnections } from './connection-log.js'
import { connectionMetrics } from './connection-metrics.js'
import { messagingNode } from './node.js'
import { messagingOptions } from './options.js'
import { platformService } from './platform-service.js'
import { processorAdminService } from './processor-admin-service.js'
import { queryHealth } from './query-health.js'
import { queryMetrics } from './query-metrics.js'
import { queryOptions } from './query-options.js'
import { queryService } from './query-service.js'

const grpcLogger = 'io.axoniq.axonserver.grpc'

/** Commands, queries, platform streams and event processors: their services, health and figures. */
export default definePlugin({
  name: 'messaging',
  version: '1.0.0',
  kernel: '^0.1.0',
  provides: [MessagingToken],
  requires: [Clock, Logger],
  extends: [GrpcService, HealthCheck, MetricsSource],
  register: ({ services, settings, log }) => {
    services.bind(MessagingToken, bound => {
      const messaging = new Messaging(
        { ...messagingOptions(settings), queries: queryOptions(settings) },
        {
          clock: bound.get(Clock),
          log: bound.get(Logger).child({ logger: 'io.axoniq.axonserver.message' }),
          randomId: randomUUID,
          node: messagingNode(settings, bound, log)
        }
      )
      logConnections(messaging, bound.get(Logger).child({ logger: 'io.axoniq.axonserver.logging' }))
      return messaging
    })
    services.add(GrpcService, bound =>
      commandService(bound.get(MessagingToken), bound.get(Logger).child({ logger: grpcLogger }))
    )
    services.add(GrpcService, bound =>
      platformService(bound.get(MessagingToken), bound.get(Logger).child({ logger: grpcLogger }))
    )
    services.add(GrpcService, bound =>
      queryService({
        queries: bound.get(MessagingToken).queries,
        nodeName: bound.get(MessagingToken).node.name,
        log: bound.get(Logger).child({ logger: grpcLogger })
      })
    )
    services.add(GrpcService, bound => processorAdminService(bound.get(MessagingToken).processors))
    services.add(HealthCheck, bound => commandHealth(bound.get(MessagingToken).commands))
    services.add(HealthCheck, bound => queryHealth(bound.get(MessagingToken).queries))
    services.add(MetricsSource, bound =>
      commandMetrics(
        bound.get(MessagingToken).commands,
        settings.boolean('axoniq.axonserver.legacy-metrics-enabled')
      )
    )
    services.add(MetricsSource, bound =>
      queryMetrics(
        bound.get(MessagingToken).queries,
        settings.boolean('axoniq.axonserver.legacy-metrics-enabled')
      )
    )
    services.add(MetricsSource, bound => connectionMetrics(bound.get(MessagingToken)))
  },
  stop: ({ services }) => services.get(MessagingToken).stop()
})
