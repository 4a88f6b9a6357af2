import type { Contexts } from '../../src/cluster/index.js'
import type { HealthCheck } from '../../src/kernel/index.js'

/** Component `raft` of /actuator/health: who leads which context. Harnesses wait for a leader of theirs. */
export function raftHealth(contexts: Contexts): HealthCheck {
  return {
    name: 'raft',
    check: () => ({
      status: 'UP',
      details: Object.fromEntries(contexts.list().map(({ context, leader }) => [`${context}.leader`, leader]))
    })
  }
}
