import { join } from 'node:path'
import { definePlugin, HealthCheck, Logger, MetricsSource, type Services } from '../../src/kernel/index.js'
import { FileSystem, KeyValueStore } from '../../src/storage/index.js'
import type { EngineStore } from './engine-store.js'
import { stateStoreHealth } from './health.js'
import { stateStoreMetrics } from './metrics.js'
import { stateStore } from './open-state-store.js'

const VERSION = '1.0.0'

/** The state store: RocksDB or LevelDB, through the binding that works on this machine. Opened by whoever uses it. */
export default definePlugin({
  name: 'rocksdb',
  version: VERSION,
  kernel: '^0.1.0',
  provides: [KeyValueStore],
  requires: [FileSystem, Logger],
  extends: [HealthCheck, MetricsSource],
  register: ({ services, settings }) => {
    services.bind(KeyValueStore, bound =>
      stateStore({
        directory: join(settings.string('axoniq.axonserver.controldb-path')!, 'state'),
        engine: settings.string('myelin.storage.engine') ?? 'auto',
        createdBy: `myelin, plugin rocksdb ${VERSION}`,
        fs: bound.get(FileSystem),
        log: bound.get(Logger).child({ logger: 'io.axoniq.axonserver.localstorage.state' })
      })
    )
    services.add(HealthCheck, bound => stateStoreHealth(storeOf(bound)))
    services.add(MetricsSource, bound => stateStoreMetrics(storeOf(bound)))
  },
  stop: ({ services }) => storeOf(services).close()
})

function storeOf(services: Services): EngineStore {
  return services.get(KeyValueStore) as EngineStore
}
