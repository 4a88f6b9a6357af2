import type { GroupConfig } from '../../../src/consensus/core/group-config.js'
import type { ProgressTracker } from '../../../src/consensus/core/tracker.js'
import type { Index, NodeId } from '../../../src/consensus/core/types.js'

/** Arithmetic of majorities, written once more by counting, so that a wrong one in the core is seen. */
export function isMajorityOfBoth({ voters, outgoing }: GroupConfig, has: (id: NodeId) => boolean): boolean {
  return isMajority(voters, has) && (outgoing.size === 0 || isMajority(outgoing, has))
}

function isMajority(ids: ReadonlySet<NodeId>, has: (id: NodeId) => boolean): boolean {
  let count = 0
  for (const id of ids) if (has(id)) count++
  return count * 2 > ids.size
}

/** The highest index that a majority of each half has acknowledged. */
export function quorumIndex({ config, progress }: ProgressTracker): Index {
  let highest = 0
  for (const id of [...config.voters, ...config.outgoing]) {
    const match = progress.get(id)?.match ?? 0
    if (match <= highest) continue
    if (isMajorityOfBoth(config, each => (progress.get(each)?.match ?? 0) >= match)) highest = match
  }
  return highest
}

export interface GateInForce {
  readonly members: readonly NodeId[]
  readonly required: number
}

export function isGatePassed({ members, required }: GateInForce, has: (id: NodeId) => boolean): boolean {
  return members.filter(has).length >= Math.min(required, members.length)
}
