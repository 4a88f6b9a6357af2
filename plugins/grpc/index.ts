import {
  Clock,
  definePlugin,
  HealthCheck,
  Logger,
  MetricsSource,
  type Settings
} from '../../src/kernel/index.js'
import { ContextGate, GrpcEndpoint, GrpcService } from '../../src/wire/grpc/index.js'
import { Gateway, type GatewayOptions, GatewayToken } from './gateway.js'

const PREFIX = 'axoniq.axonserver'
const messageBytesDefault = 4 * 1024 * 1024

/** The port for clients. It opens when all that serves calls has started, and closes first. */
export default definePlugin({
  name: 'grpc',
  version: '1.0.0',
  kernel: '^0.1.0',
  requires: [Logger, Clock],
  optional: [ContextGate],
  collects: [GrpcService, HealthCheck],
  extends: [MetricsSource],
  provides: [GatewayToken, GrpcEndpoint],
  register: ({ services, settings }) => {
    services.bind(GatewayToken, bound => {
      const log = bound.get(Logger).child({ logger: 'io.axoniq.axonserver.grpc.Gateway' })
      return new Gateway({ ...optionsOf(settings), clock: bound.get(Clock), log })
    })
    services.bind(GrpcEndpoint, bound => bound.get(GatewayToken))
    services.add(MetricsSource, bound => bound.get(GatewayToken))
  },
  start: async ({ services, settings }) => {
    refuseTls(settings)
    await services.get(GatewayToken).start({
      services: services.all(GrpcService),
      checks: services.all(HealthCheck),
      gate: services.find(ContextGate)
    })
  },
  stop: ({ services }) => services.get(GatewayToken).stop()
})

function optionsOf(settings: Settings): Omit<GatewayOptions, 'clock' | 'log'> {
  return {
    port: settings.number(`${PREFIX}.port`),
    keepAliveMs: settings.number(`${PREFIX}.keep-alive-time`),
    keepAliveTimeoutMs: settings.number(`${PREFIX}.keep-alive-timeout`),
    messageBytesMax: settings.number(`${PREFIX}.max-message-size`) || messageBytesDefault,
    streamBufferBytes: settings.number('myelin.grpc.stream-buffer-bytes'),
    connectionsMax: settings.number('myelin.grpc.max-connections'),
    drainMs: settings.number('myelin.grpc.drain-timeout')
  }
}

/** Whoever asks for TLS must not get a port without it. */
function refuseTls(settings: Settings): void {
  if (!settings.boolean(`${PREFIX}.ssl.enabled`)) return
  throw new Error(
    `${PREFIX}.ssl.enabled is true, but this server cannot serve TLS on the gRPC port. Set it to false and let a proxy speak TLS.`
  )
}
