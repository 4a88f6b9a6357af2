import type { HealthCheck } from '../../src/kernel/index.js'
import type { EngineStore } from './engine-store.js'

const ANY_KEY = Buffer.from([0])

/** Component `db` of /actuator/health. */
export function stateStoreHealth(store: EngineStore): HealthCheck {
  return {
    name: 'db',
    check: async () => {
      const details = { database: store.info.engine, validationQuery: 'get' }
      try {
        await store.get(ANY_KEY)
      } catch (error) {
        return { status: 'DOWN', details: { ...details, error: (error as Error).message } }
      }
      const { writeFailure } = store
      if (writeFailure !== undefined) return { status: 'WARN', details: { ...details, error: writeFailure } }
      return { status: 'UP', details }
    }
  }
}
