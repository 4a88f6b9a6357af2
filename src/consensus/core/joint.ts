import { majorityCommitted, majorityVote, VoteResult } from './majority.js'
import type { Index, NodeId } from './types.js'

/** While a configuration is joint, decisions need a majority of each half (Raft §6). */
export function jointCommitted(
  incoming: ReadonlySet<NodeId>,
  outgoing: ReadonlySet<NodeId>,
  acknowledged: (id: NodeId) => Index | undefined
): Index {
  return Math.min(majorityCommitted(incoming, acknowledged), majorityCommitted(outgoing, acknowledged))
}

export function jointVote(
  incoming: ReadonlySet<NodeId>,
  outgoing: ReadonlySet<NodeId>,
  votes: (id: NodeId) => boolean | undefined
): VoteResult {
  const first = majorityVote(incoming, votes)
  const second = majorityVote(outgoing, votes)
  if (first === second) return first
  return first === VoteResult.lost || second === VoteResult.lost ? VoteResult.lost : VoteResult.pending
}
