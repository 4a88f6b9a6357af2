import { choice, dataSize, duration, flag, group, int, list, onUnlessFalse, text } from '../property.js'

const clientSide = { accepted: 'Clients state their own permits.' }
const threads = { accepted: 'There are no thread pools of that kind.' }

export const messagingProperties = group('Messaging', 'axoniq.axonserver', [
  dataSize('.max-message-size', '4MB', 'Largest gRPC message that is taken; 0: 4MB.', {
    min: 0,
    max: 2_147_483_647
  }),
  int('.initial-nr-of-permits', 1000, 'Permits that a client starts with.', clientSide),
  int('.nr-of-new-permits', 500, 'Permits that a client adds.', clientSide),
  int('.new-permits-threshold', 500, 'Permits left at which a client adds some.', clientSide),
  duration(
    '.instruction.result.timeout',
    10,
    'How long the result of an instruction to a client is awaited.',
    {
      unit: 's'
    }
  ),
  int('.instruction-cache-capacity', 1000, 'Instructions to clients that may be in progress.', { min: 1 }),
  duration('.instruction-cache-timeout', 10_000, 'Age at which an instruction in progress has failed.'),
  duration('.default-command-timeout', 300_000, 'Age at which an unanswered command is given up.'),
  duration('.default-query-timeout', 300_000, 'Age at which an unanswered query is given up.'),
  duration('.cache-close-rate', 5000, 'How often such commands, queries and instructions are looked for.', {
    min: 1
  }),
  int(
    '.command-cache-capacity',
    0,
    'Commands in progress on this node; 0: 25000 per GiB of memory, at least 25000.',
    {
      min: 0
    }
  ),
  int(
    '.query-cache-capacity',
    0,
    'Queries in progress on this node; 0: 25000 per GiB of memory, at least 25000.',
    {
      min: 0
    }
  ),
  int(
    '.messages.context-buffer-limit',
    -1,
    'Commands or queries in progress per context; negative: no limit.'
  ),
  int('.command-queue-capacity-per-client', 10_000, 'Commands that wait for one client without permits.', {
    min: 1
  }),
  int('.query-queue-capacity-per-client', 10_000, 'Queries that wait for one client without permits.', {
    min: 1
  }),
  choice(
    '.query-handler-selector',
    ['metrics', 'round-robin'],
    'metrics',
    'How an instance of an application is chosen for a query: the fastest, or in turn.'
  ),
  int(
    '.metrics-query-handler-selector.min-requests',
    20,
    'Queries that every instance must have had before the fastest is chosen.',
    { min: 0 }
  ),
  duration('.processor-info-timeout', 30_000, 'Age at which the status of an event processor is forgotten.')
])

export const keepAliveProperties = group('Keep-alive', 'axoniq.axonserver', [
  duration('.keep-alive-time', '2500ms', 'How often the server pings a connection; 0: never.'),
  duration('.keep-alive-timeout', '5000ms', 'How long the answer to a ping may take.', { min: 1 }),
  duration('.min-keep-alive-time', '1000ms', 'Shortest time between pings that a client may choose.'),
  onUnlessFalse('.heartbeat.enabled', false, 'Send heartbeats to clients, and drop those that fall silent.'),
  duration('.client-heartbeat-timeout', 5000, 'Silence after which a client that sends heartbeats is gone.', {
    min: 1
  }),
  duration(
    '.client-heartbeat-check-initial-delay',
    10_000,
    'Pause before silent clients are first looked for.'
  ),
  duration('.client-heartbeat-check-rate', 1000, 'How often silent clients are looked for.', { min: 1 }),
  duration('.client-heartbeat-frequency', 500, 'How often heartbeats are sent.', { min: 1 }),
  duration('.client-heartbeat-initial-delay', 5000, 'Pause before heartbeats are first sent.')
])

export const performanceProperties = group('Threads and metrics', 'axoniq.axonserver', [
  int('.executor-thread-count', 4, 'Threads for calls of clients.', threads),
  int('.cluster-executor-thread-count', 4, 'Threads for calls of nodes.', threads),
  int('.command-threads', 1, 'Threads that send commands to a client.', {
    aliases: ['.command-thread'],
    ...threads
  }),
  int('.query-threads', 1, 'Threads that send queries to a client.', {
    aliases: ['.query-thread'],
    ...threads
  }),
  int('.data-fetcher-threads', 24, 'Threads that read events.', threads),
  int('.data-writer-threads', 8, 'Threads that write events.', threads),
  int('.event-store-background-thread-count', 8, 'Threads for background work of the event store.', threads),
  int('.event-store-processors-thread-count', 8, 'Threads that process events.', threads),
  int('.grpc-buffered-messages', 500, 'Messages that a stream buffers.', {
    accepted: 'Streams are bounded in bytes, see myelin.grpc.stream-buffer-bytes.'
  }),
  duration('.websocket-update.rate', 1000, 'How often the dashboard is told what changed.', { min: 1 }),
  duration('.websocket-update.initial-delay', 10_000, 'Pause before the dashboard is first told.'),
  duration('.metrics-interval', '15m', 'Time over which percentiles and maxima are taken.', { min: 1 }),
  int('.metrics-synchronization-rate', 0, 'Rate at which metrics are synchronised.', {
    accepted: 'Metrics are computed when they are read.'
  }),
  flag('.legacy-metrics-enabled', true, 'Publish metrics under their names before 2023.2 too.')
])

const always = { accepted: 'gRPC metrics are part of all other metrics.' }
const tracing = { accepted: 'Traces are not exported to Jaeger.' }
const pages = { accepted: 'There are no zPages.' }

export const grpcMetricsProperties = group('gRPC metrics', 'axoniq.axonserver.metrics.grpc', [
  flag('.enabled', false, 'Collect gRPC metrics.', always),
  flag('.prometheus-enabled', false, 'Give gRPC metrics to Prometheus.', always),
  flag('.jaeger-enabled', false, 'Send traces to Jaeger.', tracing),
  text('.jaeger-endpoint', null, 'Address of Jaeger.', tracing),
  text('.jaeger-service-name', null, 'Name of this service in Jaeger.', tracing),
  flag('.z-paged-enabled', false, 'Serve zPages.', { aliases: ['.z-pages-enabled'], ...pages }),
  int('.z-pages-port', 8888, 'Port of zPages.', pages)
])

export const managementProperties = group('Management', 'management', [
  list(
    '.endpoints.web.exposure.include',
    'metrics,info,health,loggers,prometheus,env',
    'What /actuator offers; *: all.'
  ),
  list('.endpoints.web.exposure.exclude', null, 'What /actuator does not offer.'),
  text('.endpoints.web.base-path', '/actuator', 'Where health, metrics and the like are found.'),
  choice(
    '.endpoint.health.show-details',
    ['always', 'never', 'when-authorized'],
    'always',
    'Whether /actuator/health shows its parts.'
  ),
  flag('.endpoint.health.probes.enabled', null, 'Offer /actuator/health/liveness and /readiness.', {
    defaultText: 'true in Kubernetes'
  }),
  flag('.health.livenessstate.enabled', true, 'Show livenessState among the parts of health.'),
  flag('.health.readinessstate.enabled', true, 'Show readinessState among the parts of health.'),
  dataSize('.health.diskspace.threshold', '256MB', 'Free disk space below which health is WARN.', { min: 0 }),
  flag('.info.env.enabled', true, 'Show info.* on /actuator/info.'),
  int('.server.port', null, 'Port of its own for /actuator.', {
    inherits: 'server.port',
    min: 0,
    max: 65535
  }),
  flag('.security.enabled', false, 'Old switch.', { accepted: 'Access control has its own properties.' }),
  text('info.app.name', null, 'Name of the product on /actuator/info.', {
    inherits: 'spring.application.name'
  }),
  text('info.app.description', 'AxonIQ', 'Description on /actuator/info.'),
  text('info.app.version', null, 'Version on /actuator/info.', { defaultText: 'version of this release' })
])
