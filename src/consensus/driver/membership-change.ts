import { type Index, NONE, type NodeId } from '../core/index.js'
import type { Membership } from '../ports.js'
import { catchUp } from './catch-up.js'
import { MembershipError, NotLeaderError } from './errors.js'
import type { Group } from './group.js'
import { findTarget, transferLeadership } from './leadership.js'
import { type ChangePlan, confChangeTo, type MemberChange, planOf } from './membership-plan.js'
import { until } from './waiting.js'

/**
 * Changes the members of a group, one change at a time: new ones catch up as learners before they count, a leader that is to go
 * hands over first (Raft dissertation §4).
 */
export class MembershipChange {
  readonly #running = new Set<Group>()

  async run(group: Group, changes: readonly MemberChange[]): Promise<Membership> {
    if (this.#running.has(group)) {
      throw new MembershipError(
        'AXONIQ-2107',
        `members of replication group ${group.id} are being changed already`
      )
    }
    this.#running.add(group)
    try {
      return await change(group, changes)
    } finally {
      this.#running.delete(group)
    }
  }
}

async function change(group: Group, changes: readonly MemberChange[]): Promise<Membership> {
  if (!group.isLeader) throw new NotLeaderError(group.id, group.leaderNode)
  const intended = planOf(group.membership, changes)
  if (intended.leavers.has(group.self)) await handOver(group, intended)
  await previousIsOver(group)
  // Only now is it known who the members are: a change of the leader before may have been applied meanwhile.
  const plan = planOf(group.membership, changes)
  const planned = plan.staged === undefined ? group.membership : await propose(group, plan.staged)
  for (const id of plan.mustCatchUp) await catchUp(group, id)
  checkUnchanged(group, planned)
  relaxForDeadBackups(group, plan)
  return propose(group, plan.final)
}

function checkUnchanged(group: Group, { members, removed }: Membership): void {
  const now = group.membership
  if (JSON.stringify([members, removed]) === JSON.stringify([now.members, now.removed])) return
  throw new MembershipError(
    'AXONIQ-10002',
    `the members of replication group ${group.id} have changed meanwhile: try again`
  )
}

/** A leader never removes or demotes itself: the rest could be left with nobody who may lead (run 736). */
async function handOver(group: Group, { leavers }: ChangePlan): Promise<never> {
  const target = findTarget(group, leavers)
  const node = target === undefined ? undefined : group.peers.nodeOf(target)
  if (node === undefined) {
    throw new MembershipError(
      'AXONIQ-10003',
      `this node leads replication group ${group.id}, and no other primary is there to take over: it can't leave`
    )
  }
  throw new NotLeaderError(group.id, await transferLeadership(group, node))
}

async function previousIsOver(group: Group): Promise<void> {
  const { raft } = group.node
  const isOver = () =>
    !group.isLeader || (raft.pendingConfIndex <= raft.log.applied && !raft.tracker.config.isJoint)
  const isUsable = await until(
    group,
    group.context.timing.transferTimeoutMs,
    () => isOver() && raft.hasCommittedInTerm
  )
  if (!group.isLeader) throw new NotLeaderError(group.id, group.leaderNode)
  if (isUsable) return
  throw raft.hasCommittedInTerm
    ? new MembershipError(
        'AXONIQ-10002',
        `the last change of replication group ${group.id} is not committed yet`
      )
    : new MembershipError(
        'AXONIQ-10007',
        `the leader of replication group ${group.id} has not committed anything yet`
      )
}

/** Resolves when the members given are applied here. */
async function propose(group: Group, wanted: Membership): Promise<Membership> {
  const { raft } = group.node
  const { term } = raft
  const { rules } = group.membership
  const step = confChangeTo(group.membership, rules === undefined ? wanted : { ...wanted, rules })
  let index: Index = NONE
  group.tell(core => {
    const before = core.raft.pendingConfIndex
    if (core.proposeConfChange(step) === undefined && core.raft.pendingConfIndex > before) {
      index = core.raft.pendingConfIndex
    }
  })
  if (index === NONE) {
    throw new MembershipError(
      'AXONIQ-10002',
      `replication group ${group.id} takes no change of members at the moment`
    )
  }
  const isApplied = () => group.state.applied.index >= index && !raft.tracker.config.isJoint
  const isLost = () => raft.term !== term && group.state.applied.index < index
  const isOver = await until(group, group.context.timing.catchUpTimeoutMs, () => isApplied() || isLost())
  if (isOver && isApplied() && group.view.term(index) === term) return group.membership
  throw new MembershipError(
    'AXONIQ-10003',
    `outcome unknown: the change of members of replication group ${group.id} was not committed in time`
  )
}

/** Nobody can commit the removal of a backup that is gone as long as it is waited for (X02). */
function relaxForDeadBackups(group: Group, { leavers }: ChangePlan): void {
  const { gate = [] } = group.membership
  const isDead = (id: NodeId) => !group.peers.isActive(id)
  if (!gate.some(id => leavers.has(id) && isDead(id))) return
  const required = gate.filter(id => !leavers.has(id) && !isDead(id)).length
  if (required >= group.peers.gateRequired) return
  const { context, id } = group
  group.logger.warn(
    { group: id, required, leaving: [...leavers] },
    'the commit gate is relaxed to remove a backup that does not answer'
  )
  group.tell(() => group.peers.relaxGate(required, context.now() + context.timing.catchUpTimeoutMs))
}
