import { join } from 'node:path'
import {
  definePlugin,
  type HealthCheck,
  HealthCheck as HealthCheckToken,
  Logger
} from '../../src/kernel/index.js'
import { KeyValueStore } from '../../src/storage/index.js'
import { EngineStore } from './open-engine.js'

/** The state store: RocksDB, through the binding that works on this machine. Opened by whoever uses it. */
export default definePlugin({
  name: 'rocksdb',
  version: '1.0.0',
  kernel: '^0.1.0',
  provides: [KeyValueStore],
  requires: [Logger],
  extends: [HealthCheckToken],
  register: ({ services, settings }) => {
    services.bind(
      KeyValueStore,
      bound =>
        new EngineStore({
          directory: join(settings.string('axoniq.axonserver.controldb-path')!, 'state'),
          engine: settings.string('myelin.storage.engine') ?? 'auto',
          log: bound.get(Logger).child({ logger: 'io.axoniq.axonserver.localstorage.state' })
        })
    )
    services.add(HealthCheckToken, bound => databaseHealth(bound.get(KeyValueStore)))
  }
})

/** Component `db` of /actuator/health. */
function databaseHealth(store: KeyValueStore): HealthCheck {
  return {
    name: 'db',
    check: async () => {
      await store.get(Buffer.from([0]))
      return { status: 'UP', details: { database: store.info.engine, validationQuery: 'get' } }
    }
  }
}
