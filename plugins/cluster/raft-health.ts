import { ADMIN_CONTEXT, type Contexts } from '../../src/cluster/index.js'
import type { HealthCheck } from '../../src/kernel/index.js'

/** Component `raft` of /actuator/health: who leads which context. Harnesses wait for a leader of theirs. */
export function raftHealth(contexts: Contexts): HealthCheck {
  return {
    name: 'raft',
    check: () => {
      const leaders = contexts.list().map(({ context, leader }) => [`${context}.leader`, leader])
      const details: Record<string, unknown> = Object.fromEntries(leaders)
      if (contexts.damage !== undefined) details[`${ADMIN_CONTEXT}.damage`] = contexts.damage
      return { status: contexts.damage === undefined ? 'UP' : 'WARN', details }
    }
  }
}
