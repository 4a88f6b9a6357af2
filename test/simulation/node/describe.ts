import { roleName } from '../../../src/consensus/core/names.js'
import { confKey } from '../invariants/conf-model.js'
import type { NodeWorld } from './node-world.js'
import type { SimulatedProcess } from './simulated-process.js'

/** Where everybody is, for whoever has to find out why nothing moves. */
export function describeGroup(world: NodeWorld, group: number): string {
  return [...world.processes.values()].map(process => `\n  ${describeMember(process, group)}`).join('')
}

function describeMember(process: SimulatedProcess, group: number): string {
  const raft = process.raftOf(group)?.raft
  if (raft === undefined) return `${process.name}: not running`
  const { term, vote, leader, role, log, tracker, gate } = raft
  const last = `last ${log.lastIndex}@${log.term(log.lastIndex)}`
  const place = `first ${log.firstIndex} applied ${log.applied} commit ${log.committed} ${last}`
  const members = `members ${confKey(tracker.config.toConfState())} gate ${gate.required} of ${gate.members}`
  return `${process.name}: ${roleName(role)} term ${term} vote ${vote} leader ${leader} ${place} ${members}`
}
