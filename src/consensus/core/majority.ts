import { type Index, type NodeId, UNLIMITED } from './types.js'

export const VoteResult = { pending: 0, lost: 1, won: 2 } as const
export type VoteResult = (typeof VoteResult)[keyof typeof VoteResult]

/**
 * The highest index that a majority of the voters has acknowledged (Raft §5.3). Who is not known counts as 0; without voters
 * nothing limits it, so that an empty half of a joint configuration drops out.
 */
export function majorityCommitted(
  voters: ReadonlySet<NodeId>,
  acknowledged: (id: NodeId) => Index | undefined
): Index {
  if (voters.size === 0) return UNLIMITED
  const indexes: Index[] = []
  for (const id of voters) indexes.push(acknowledged(id) ?? 0)
  if (indexes.length > 1) indexes.sort((a, b) => a - b)
  return indexes[indexes.length - majority(indexes.length)]!
}

/** Won once a majority consents, lost once none can consent any more (Raft §5.2). Without voters it is won. */
export function majorityVote(
  voters: ReadonlySet<NodeId>,
  votes: (id: NodeId) => boolean | undefined
): VoteResult {
  if (voters.size === 0) return VoteResult.won
  let granted = 0
  let missing = 0
  for (const id of voters) {
    const vote = votes(id)
    if (vote === undefined) missing++
    else if (vote) granted++
  }
  const needed = majority(voters.size)
  if (granted >= needed) return VoteResult.won
  return granted + missing >= needed ? VoteResult.pending : VoteResult.lost
}

function majority(voters: number): number {
  return Math.floor(voters / 2) + 1
}
