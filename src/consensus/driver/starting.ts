import { Role } from '../core/index.js'
import type { Group } from './group.js'

/**
 * Resolves when everything is applied that the log holds and that can be known to be committed. A node that is the only voter
 * knows it of all entries once one of its own is; nobody else has to be asked for that, unless backups guard the commits: those
 * may need a state from this node first, which it can't give before it has started.
 */
export function startGroup(group: Group): Promise<void> {
  const { raft } = group.node
  const committed = raft.log.committed
  return new Promise((resolve, reject) => {
    let hasCampaigned = false
    const check = () => {
      if (group.failure !== undefined) return finish(() => reject(group.failure))
      // The core, too, must know: it refuses to campaign with a configuration that it has not seen applied.
      if (group.state.applied.index < committed || raft.log.applied < committed) return
      if (group.isSoleVoter && raft.role !== Role.leader && !hasCampaigned) {
        hasCampaigned = true
        group.tell(node => node.campaign())
        return
      }
      const isDecidedHere = group.isSoleVoter && group.peers.gateRequired === 0
      const isReady = isDecidedHere
        ? raft.role === Role.leader && group.state.applied.term === raft.term
        : !group.isBusy
      if (isReady) finish(resolve)
    }
    const finish = (settle: () => void) => {
      group.watchers.delete(check)
      group.isRunning = group.failure === undefined
      settle()
    }
    group.watchers.add(check)
    if (!group.isSoleVoter) group.writeFounding()
    group.context.wake(group)
    check()
  })
}
