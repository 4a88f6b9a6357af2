import type { HealthCheck } from '../../src/kernel/index.js'
import type { RaftNode } from './raft-node.js'

/** Component `consensus` of /actuator/health: how each replication group stands on this node. */
export function consensusHealth({ consensus, transport }: RaftNode): HealthCheck {
  return {
    name: 'consensus',
    check: () => {
      const details: Record<string, unknown> = {}
      let isWell = true
      for (const group of consensus.groups()) {
        const status = consensus.status(group)
        if (status === undefined) continue
        const { role, term, leader = null, commit, applied, failure } = status
        details[`group.${group}`] = { role, term, leader, commit, applied, ...(failure && { failure }) }
        if (leader === null || role === 'fatal' || role === 'removed') isWell = false
      }
      for (const { node, connected } of transport.peers) {
        details[`node.${node}`] = connected ? 'connected' : 'not connected'
        if (!connected) isWell = false
      }
      return { status: isWell ? 'UP' : 'WARN', details }
    }
  }
}
