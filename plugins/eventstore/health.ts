import type { EventStore } from '../../src/eventstore/index.js'
import type { HealthCheck } from '../../src/kernel/index.js'

/** Component `localEventStore` of /actuator/health. */
export function eventStoreHealth(eventStore: EventStore): HealthCheck {
  return {
    name: 'localEventStore',
    check: () => {
      const details: Record<string, unknown> = {}
      const damages = new Map(eventStore.refused)
      for (const store of eventStore.stores()) {
        details[`${store.name}.lastEvent`] = store.lastToken()
        details[`${store.name}.lastSnapshot`] = store.state.snapshots.count - 1
        details[`${store.name}.waitingEventTransactions`] = store.stats.pendingAppends
        details[`${store.name}.waitingSnapshotTransactions`] = 0
        if (store.damage !== undefined) damages.set(store.name, store.damage)
      }
      for (const [name, reason] of damages) details[`${name}.damage`] = reason
      if (eventStore.writesRefused !== undefined) details.writesRefused = eventStore.writesRefused
      const isWell = damages.size === 0 && eventStore.writesRefused === undefined
      return { status: isWell ? 'UP' : 'WARN', details }
    }
  }
}
