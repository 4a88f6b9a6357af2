import { type ConfChange, ConfChangeType, type NodeId, Transition } from '../core/index.js'
import type { GroupRole, Member, Membership } from '../ports.js'
import { MembershipError } from './errors.js'
import { encodeTable, memberById } from './membership.js'

export type MemberChange =
  /** `id` was never used before. */
  | { readonly kind: 'add'; readonly member: Member }
  | { readonly kind: 'remove'; readonly id: NodeId }
  | { readonly kind: 'role'; readonly id: NodeId; readonly role: GroupRole }
  | { readonly kind: 'priority'; readonly id: NodeId; readonly priority: number }

export interface ChangePlan {
  /** With new members as learners that count for nothing yet; absent when nobody is new. */
  readonly staged: Membership | undefined
  /** These have to have the log before they count. */
  readonly mustCatchUp: readonly NodeId[]
  readonly final: Membership
  /** Removed, or no primary, or no active backup any more. */
  readonly leavers: ReadonlySet<NodeId>
}

const PRIORITY_MAX = 255
const LEARNING: GroupRole = 'PASSIVE_BACKUP'

export function planOf(before: Membership, changes: readonly MemberChange[]): ChangePlan {
  if (changes.length === 0) throw new MembershipError('AXONIQ-2311', 'no change of members was named')
  let members = before.members
  for (const change of changes) members = changed({ ...before, members }, change)
  if (!members.some(({ role }) => role === 'PRIMARY'))
    throw new MembershipError('AXONIQ-2310', 'a replication group needs a primary')
  const goingIds = before.members
    .filter(({ id }) => !members.some(member => member.id === id))
    .map(({ id }) => id)
  const removed = [...(before.removed ?? []), ...goingIds]
  const counting = members.filter(member => isCounting(member) && !isSameRole(before, member))
  const isNew = ({ id }: Member) => memberById(before, id) === undefined
  const newcomers = counting.filter(isNew)
  return {
    staged:
      newcomers.length === 0
        ? undefined
        : {
            ...before,
            members: [...before.members, ...newcomers.map(member => ({ ...member, role: LEARNING }))]
          },
    mustCatchUp: counting.map(({ id }) => id),
    final: { ...before, members, removed },
    leavers: leaversOf(before, members)
  }
}

/** From the members in force to the wanted ones. */
export function confChangeTo(before: Membership, { members, removed, rules }: Membership): ConfChange {
  const { voters, learners, learnersNext } = before.conf
  const steps: { type: number; node: NodeId }[] = []
  for (const { id, role } of members) {
    const isVoter = voters.includes(id)
    const isLearner = learners.includes(id) || learnersNext.includes(id)
    if (role === 'PRIMARY' && !isVoter) steps.push({ type: ConfChangeType.addVoter, node: id })
    if (role !== 'PRIMARY' && !isLearner) steps.push({ type: ConfChangeType.addLearner, node: id })
  }
  for (const { id } of before.members) {
    if (!members.some(member => member.id === id)) steps.push({ type: ConfChangeType.removeNode, node: id })
  }
  if (steps.length === 0) steps.push({ type: ConfChangeType.update, node: before.self })
  const context = encodeTable({
    members,
    ...(removed === undefined || removed.length === 0 ? {} : { removed }),
    ...(rules === undefined ? {} : { rules })
  })
  return { transition: Transition.auto, changes: steps, context }
}

function changed(before: Membership, change: MemberChange): readonly Member[] {
  const { members, removed = [] } = before
  if (change.kind === 'add') {
    const { member } = change
    if (members.some(({ id }) => id === member.id) || removed.includes(member.id))
      throw new MembershipError(
        'AXONIQ-2306',
        `id ${member.id} was given to a member before: each joining needs its own`
      )
    if (members.some(({ node }) => node === member.node))
      throw new MembershipError('AXONIQ-2306', `${member.node} is a member already`)
    checkPriority(member.priority)
    return [...members, member]
  }
  const { id } = change
  if (memberById(before, id) === undefined)
    throw new MembershipError('AXONIQ-2307', `there is no member ${id} in the group`)
  if (change.kind === 'remove') return members.filter(member => member.id !== id)
  if (change.kind === 'priority') checkPriority(change.priority)
  return members.map(member => {
    if (member.id !== id) return member
    return change.kind === 'role'
      ? { ...member, role: change.role }
      : { ...member, priority: change.priority }
  })
}

function checkPriority(priority: number): void {
  if (Number.isInteger(priority) && priority >= 0 && priority <= PRIORITY_MAX) return
  throw new MembershipError('AXONIQ-2311', `a priority is 0 to ${PRIORITY_MAX}, not ${priority}`)
}

/** Its absence may be felt: of its vote, or of its place in the gate. */
function isCounting({ role }: Member): boolean {
  return role === 'PRIMARY' || role === 'ACTIVE_BACKUP'
}

function isSameRole(before: Membership, { id, role }: Member): boolean {
  return memberById(before, id)?.role === role
}

function leaversOf(before: Membership, members: readonly Member[]): ReadonlySet<NodeId> {
  const leaving = before.members.filter(member => {
    const after = members.find(({ id }) => id === member.id)
    return isCounting(member) && after?.role !== member.role
  })
  return new Set(leaving.map(({ id }) => id))
}
