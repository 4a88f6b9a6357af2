import { demand } from '../world/violation.js'
import type { SimulatedProcess } from './simulated-process.js'

/** S7: whom a leader waits for are the active backups of the members in force, neither more nor fewer. */
export function checkGate(process: SimulatedProcess, group: number): void {
  const { raft } = process.raftOf(group)!
  // While the configuration is joint, it is still the gate from before, without those that are gone.
  if (raft.tracker.config.isJoint) return
  const { membership } = process.host!.consensus.applied(group)
  if (membership === undefined) return
  const backups = membership.members.filter(
    ({ id, role }) => role === 'ACTIVE_BACKUP' && raft.tracker.config.learners.has(id)
  )
  const wanted = backups.map(({ id }) => id).sort((a, b) => a - b)
  const gate = [...raft.gate.members].sort((a, b) => a - b)
  demand(String(gate) === String(wanted), 'S7', () => {
    return `leader ${process.id} of group ${group} waits for ${gate}, the active backups are ${wanted}`
  })
}
