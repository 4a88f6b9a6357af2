import { hostname } from 'node:os'
import { type Logger, nodeIdentity, type Services, type Settings } from '../../src/kernel/index.js'
import type { MessagingNode } from '../../src/messaging/index.js'
import { GrpcEndpoint } from '../../src/wire/grpc/index.js'

const prefix = 'axoniq.axonserver'

/** This node as clients are told. The gRPC port is the one that was bound, which is known only after the start. */
export function messagingNode(settings: Settings, services: Services, log: Logger): MessagingNode {
  const { name, advertisedHost, internalAdvertisedHost, warnings } = nodeIdentity(settings, hostname())
  for (const warning of warnings) log.warn(warning)
  const configuredPort = settings.number(`${prefix}.port`)
  return {
    name,
    hostName: advertisedHost,
    get grpcPort() {
      return configuredPort === 0 ? (services.find(GrpcEndpoint)?.port ?? 0) : configuredPort
    },
    httpPort: settings.number('server.port'),
    internalHostName: internalAdvertisedHost,
    grpcInternalPort: settings.number(`${prefix}.internal-port`)
  }
}
