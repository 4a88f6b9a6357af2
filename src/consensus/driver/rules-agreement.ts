import { ConfChangeType, Transition } from '../core/index.js'
import type { Group } from './group.js'
import { encodeTable } from './membership.js'

/**
 * The rules of apply change by an entry that is committed once every member has said that it knows them: a rolling update can not
 * make members decide differently.
 */
export function agreeOnRules(group: Group): void {
  const { membership, machine, self } = group
  const { raft } = group.node
  const { rules = 1, members, removed } = membership
  let known = machine.rulesMax ?? 1
  for (const { id } of members) {
    if (id !== self) known = Math.min(known, group.peers.reportOf(id)?.rules ?? 1)
  }
  const isBusy = raft.pendingConfIndex > raft.log.applied || raft.tracker.config.isJoint
  if (known <= rules || isBusy) return
  group.logger.info(
    { group: group.id, rules: known },
    'all members know newer rules of apply: they come into force'
  )
  const context = encodeTable({ members, rules: known, ...(removed === undefined ? {} : { removed }) })
  group.tell(core => {
    core.proposeConfChange({
      transition: Transition.auto,
      changes: [{ type: ConfChangeType.update, node: self }],
      context
    })
  })
}
