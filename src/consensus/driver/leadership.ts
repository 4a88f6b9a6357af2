import { Message, MessageType, NONE, type NodeId } from '../core/index.js'
import { MembershipError, NotLeaderError } from './errors.js'
import type { Group } from './group.js'
import { memberById } from './membership.js'
import { until } from './waiting.js'

/** Resolves with the name of the new leader's node; rejects in words when nobody took over in time. */
export async function transferLeadership(group: Group, node?: string): Promise<string> {
  if (!group.isLeader) throw new NotLeaderError(group.id, group.leaderNode)
  const target = node === undefined ? bestTarget(group) : namedTarget(group, node)
  const { metrics, timing } = group.context
  metrics.transfersStarted++
  try {
    await awaitReadiness(group, target)
    group.tell(core => core.transferLeadership(target))
    const hasMoved = () => !group.isLeader && group.node.raft.leader !== NONE
    // The core gives up by itself after an election timeout: the old leader goes on, and nothing has happened.
    const hasGivenUp = () => group.isLeader && group.node.raft.leadTransferee === NONE
    await until(group, timing.transferTimeoutMs, () => hasMoved() || hasGivenUp())
    if (!hasMoved()) {
      throw new MembershipError('AXONIQ-10003', `member ${target} did not take the leadership over in time`)
    }
    return group.leaderNode ?? ''
  } catch (error) {
    metrics.transfersFailed++
    throw error
  }
}

/** An active voter, with the highest priority, that lacks the least; undefined when there is none. */
export function findTarget(group: Group, excluded: ReadonlySet<NodeId> = new Set()): NodeId | undefined {
  const { tracker } = group.node.raft
  const rank = (id: NodeId) => memberById(group.membership, id)?.priority ?? 0
  const candidates = [...tracker.config.voters].filter(
    id => id !== group.self && !excluded.has(id) && group.peers.isActive(id)
  )
  candidates.sort(
    (a, b) => rank(b) - rank(a) || tracker.progress.get(b)!.match - tracker.progress.get(a)!.match || a - b
  )
  return candidates[0]
}

function bestTarget(group: Group): NodeId {
  const target = findTarget(group)
  if (target !== undefined) return target
  throw new MembershipError('AXONIQ-2100', `replication group ${group.id} has no other active primary`)
}

function namedTarget(group: Group, node: string): NodeId {
  const member = group.membership.members.find(candidate => candidate.node === node)
  if (member === undefined) {
    throw new MembershipError('AXONIQ-2307', `${node} is no member of replication group ${group.id}`)
  }
  const { tracker } = group.node.raft
  if (!tracker.config.voters.has(member.id)) {
    throw new MembershipError(
      'AXONIQ-2307',
      `${node} is ${member.role} in replication group ${group.id} and can't lead`
    )
  }
  if (member.id === group.self) {
    throw new MembershipError('AXONIQ-2307', `${node} leads replication group ${group.id} already`)
  }
  if (!group.peers.isActive(member.id)) {
    throw new MembershipError('AXONIQ-1500', `${node} does not answer`)
  }
  return member.id
}

/**
 * The core hands over only to whom it has heard since its last check; and a new leader that is far behind with applying would not
 * be useful for a while.
 */
async function awaitReadiness(group: Group, target: NodeId): Promise<void> {
  const { limits, timing } = group.context
  const { raft } = group.node
  const hasAnswered = () => raft.tracker.progress.get(target)?.recentActive === true
  const isNear = () => (group.peers.reportOf(target)?.applied ?? 0) + limits.applyLagMax >= raft.log.committed
  if (!hasAnswered() || !isNear()) group.tell(core => core.raft.step(new Message(MessageType.beat)))
  const isReady = () => !group.isLeader || (hasAnswered() && isNear())
  if (!(await until(group, timing.transferTimeoutMs, isReady))) {
    throw isNear()
      ? new MembershipError('AXONIQ-1500', `member ${target} does not answer`)
      : new MembershipError('AXONIQ-10001', `member ${target} is too far behind with applying to lead`)
  }
  if (!group.isLeader) throw new NotLeaderError(group.id, group.leaderNode)
}
