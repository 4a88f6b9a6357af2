import type { HealthCheck } from '../../src/kernel/index.js'
import type { Queries } from '../../src/messaging/index.js'

/** Component `query` of /actuator/health: WARN when queries wait for a handler that gives no permits. */
export function queryHealth(queries: Queries): HealthCheck {
  return {
    name: 'query',
    check: () => {
      const details: Record<string, unknown> = {}
      let isStuck = false
      for (const { streamId, context, queue } of queries.handlers()) {
        details[`${streamId}.${context}.waitingQueries`] = queue.waiting
        details[`${streamId}.${context}.permits`] = queue.permits
        if (queue.waiting > 0 && queue.permits <= 0) isStuck = true
      }
      return { status: isStuck ? 'WARN' : 'UP', details }
    }
  }
}
