import { type Index, type NodeId, UNLIMITED } from './types.js'

/**
 * The commit gate: besides a majority of the voters, so many of these learners must have an entry on disk before it counts as
 * committed. It only lowers what Raft already calls committed, so every majority argument stands. State of the leader alone.
 */
export class Gate {
  members: readonly NodeId[] = []
  required = 0

  /** The highest index that enough members have; no limit when nobody is needed. */
  index(match: (id: NodeId) => Index): Index {
    const needed = Math.min(this.required, this.members.length)
    if (needed <= 0) return UNLIMITED
    const matches = this.members.map(match).sort((a, b) => b - a)
    return matches[needed - 1]!
  }
}
