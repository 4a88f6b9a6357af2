import type { NodeId } from '../core/index.js'
import { MembershipError, NotLeaderError } from './errors.js'
import type { Group } from './group.js'
import { memberById } from './membership.js'
import { until } from './waiting.js'

/**
 * A member gets what the log has, then what has come meanwhile, and so on, until a round takes less than an election timeout: from
 * then on it does not hold the group up (Raft dissertation §4.2.1).
 */
export async function catchUp(group: Group, id: NodeId): Promise<void> {
  const { timing, replicationRoundsMax, now } = group.context
  for (let round = 0; round < replicationRoundsMax; round++) {
    const startedMs = now()
    await reach(group, id, group.node.raft.log.lastIndex)
    if (now() - startedMs < timing.minElectionMs) return
  }
  throw new MembershipError(
    'AXONIQ-10001',
    `${nameOf(group, id)} does not catch up with replication group ${group.id} within ${replicationRoundsMax} rounds; it stays a passive backup`
  )
}

async function reach(group: Group, id: NodeId, index: number): Promise<void> {
  const matchOf = () => group.node.raft.tracker.progress.get(id)?.match ?? 0
  while (matchOf() < index) {
    const last = matchOf()
    const isMoving = await until(
      group,
      group.context.timing.catchUpTimeoutMs,
      () => !group.isLeader || matchOf() > last
    )
    if (!group.isLeader) throw new NotLeaderError(group.id, group.leaderNode)
    if (isMoving || group.snapshots.isSendingTo(id)) continue
    throw new MembershipError(
      'AXONIQ-10003',
      `${nameOf(group, id)} makes no progress with replication group ${group.id}; it stays a passive backup`
    )
  }
}

function nameOf(group: Group, id: NodeId): string {
  return memberById(group.membership, id)?.node ?? `member ${id}`
}
