import { type Index, type NodeId, UNLIMITED } from '../../../src/consensus/core/types.js'

/** The committed index by counting, for each acknowledged index, who has at least that much. */
export function countedCommitted(
  voters: ReadonlySet<NodeId>,
  acknowledged: (id: NodeId) => Index | undefined
): Index {
  if (voters.size === 0) return UNLIMITED
  const indexes = [...voters].map(id => acknowledged(id) ?? 0)
  const hasQuorum = (index: Index) => indexes.filter(other => other >= index).length * 2 > voters.size
  return Math.max(0, ...indexes.filter(hasQuorum))
}
