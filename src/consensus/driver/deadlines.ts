import type { Group } from './group.js'

/** Answers with words what has waited too long in a group: proposals, reads, and both where nobody leads. */
export function checkDeadlines(group: Group, nowMs: number): void {
  if (group.pending.count > 0) expireProposals(group, nowMs)
  if (group.reads.count > 0) expireReads(group, nowMs)
}

/** Whoever decides alone decides; nobody has to be waited for. */
function expireProposals(group: Group, nowMs: number): void {
  const { proposalTimeoutMs, waitForLeaderMs } = group.context.timing
  if (!group.isSoleVoter) group.pending.expire(nowMs - proposalTimeoutMs)
  if (!group.isLeader) group.pending.expireWaiting(nowMs - waitForLeaderMs, () => group.notLeader())
}

function expireReads(group: Group, nowMs: number): void {
  const { readTimeoutMs, waitForLeaderMs } = group.context.timing
  group.reads.expire(nowMs - readTimeoutMs)
  if (!group.hasLeader) group.reads.expireWaiting(nowMs - waitForLeaderMs, () => group.notLeader())
}
