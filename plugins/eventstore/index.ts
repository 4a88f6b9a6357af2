import { randomUUID } from 'node:crypto'
import { EventStore, type EventStoreOptions, EventStoreToken, Sequencer } from '../../src/eventstore/index.js'
import {
  Clock,
  definePlugin,
  HealthCheck,
  Logger,
  MetricsSource,
  type Services,
  type Settings
} from '../../src/kernel/index.js'
import { FileSystem, KeyValueStore } from '../../src/storage/index.js'
import { GrpcService } from '../../src/wire/grpc/index.js'
import { ReceiveBudget } from './append-event.js'
import { eventService } from './event-service.js'
import { eventStoreHealth } from './health.js'
import { eventStoreMetrics } from './metrics.js'
import { schedulerService } from './scheduler-service.js'

const PREFIX = 'axoniq.axonserver'
const RECEIVE_BYTES_MAX = 256 * 1024 * 1024

/** Event store and scheduler: their services, health and figures. Opened by the plugin that knows the contexts. */
export default definePlugin({
  name: 'eventstore',
  version: '1.0.0',
  kernel: '^0.1.0',
  provides: [EventStoreToken],
  requires: [Sequencer, KeyValueStore, FileSystem, Clock, Logger],
  extends: [GrpcService, HealthCheck, MetricsSource],
  register: ({ services, settings }) => {
    const budget = new ReceiveBudget(RECEIVE_BYTES_MAX)
    services.bind(EventStoreToken, bound => new EventStore(optionsOf(settings), portsOf(bound)))
    services.add(GrpcService, bound =>
      eventService(bound.get(EventStoreToken), {
        clock: bound.get(Clock),
        stallTimeoutMs: settings.number(`${PREFIX}.event.aggregate.timeout`),
        budget
      })
    )
    services.add(GrpcService, bound => schedulerService(bound.get(EventStoreToken)))
    services.add(HealthCheck, bound => eventStoreHealth(bound.get(EventStoreToken)))
    services.add(MetricsSource, bound => eventStoreMetrics(bound.get(EventStoreToken), budget))
  }
})

function optionsOf(settings: Settings): EventStoreOptions {
  return {
    directory: settings.string(`${PREFIX}.event.storage`)!,
    suffix: settings.string(`${PREFIX}.event.events-suffix`)!,
    segmentBytesMax: settings.number(`${PREFIX}.event.segment-size`),
    tailBytesMax: settings.number('myelin.event.tail-cache-size'),
    readCacheBytesMax: settings.number('myelin.event.read-cache-size'),
    unwrittenBytesMax: settings.number('myelin.event.unwritten-bytes-max'),
    limits: {
      eventsMax: settings.number(`${PREFIX}.max-events-per-transaction`),
      transactionBytesMax: settings.number('myelin.event.max-transaction-size')
    },
    tracker: {
      newPermitsTimeoutMs: settings.number(`${PREFIX}.new-permits-timeout`),
      blacklistedSendAfter: settings.number(`${PREFIX}.blacklisted-send-after`)
    },
    checkSnapshotSequence: settings.boolean(`${PREFIX}.check-sequence-nr-for-snapshots`),
    checkpointIntervalMs: settings.number('myelin.checkpoint.interval'),
    replayBytesMax: settings.number('myelin.checkpoint.replay-bytes-max'),
    freeBytesMin: settings.number('myelin.storage.free-bytes-min'),
    otherDirectories: [
      settings.string(`${PREFIX}.controldb-path`)!,
      settings.string('myelin.journal.directory')!
    ]
  }
}

function portsOf(services: Services) {
  const log = services.get(Logger).child({ logger: 'io.axoniq.axonserver.localstorage' })
  return {
    fs: services.get(FileSystem),
    store: services.get(KeyValueStore),
    sequencer: services.get(Sequencer),
    clock: services.get(Clock),
    log,
    randomId: randomUUID,
    onFatal: (error: unknown): never => {
      log.error(
        { error },
        'the disk failed: the process ends, because what was written can not be believed any more'
      )
      process.exit(FATAL_STORAGE_EXIT_CODE)
    }
  }
}

const FATAL_STORAGE_EXIT_CODE = 99
