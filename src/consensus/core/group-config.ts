import type { ConfState, NodeId } from './types.js'

/** Who takes part in a group, and how. Joint while `outgoing` is not empty (Raft §6). */
export class GroupConfig {
  voters = new Set<NodeId>()
  outgoing = new Set<NodeId>()
  learners = new Set<NodeId>()
  /** Demoted voters that still count in the outgoing half. */
  learnersNext = new Set<NodeId>()
  autoLeave = false

  get isJoint(): boolean {
    return this.outgoing.size > 0
  }

  clone(): GroupConfig {
    const copy = new GroupConfig()
    copy.voters = new Set(this.voters)
    copy.outgoing = new Set(this.outgoing)
    copy.learners = new Set(this.learners)
    copy.learnersNext = new Set(this.learnersNext)
    copy.autoLeave = this.autoLeave
    return copy
  }

  toConfState(): ConfState {
    return {
      voters: ascending(this.voters),
      outgoing: ascending(this.outgoing),
      learners: ascending(this.learners),
      learnersNext: ascending(this.learnersNext),
      autoLeave: this.autoLeave
    }
  }

  toString(): string {
    let text = `voters=${describe(this.voters)}`
    if (this.isJoint) text += `&&${describe(this.outgoing)}`
    if (this.learners.size > 0) text += ` learners=${describe(this.learners)}`
    if (this.learnersNext.size > 0) text += ` learners_next=${describe(this.learnersNext)}`
    return this.autoLeave ? `${text} autoleave` : text
  }
}

export function ascending(ids: Iterable<NodeId>): NodeId[] {
  return [...ids].sort((a, b) => a - b)
}

function describe(ids: ReadonlySet<NodeId>): string {
  return `(${ascending(ids)
    .map(id => id.toString(16))
    .join(' ')})`
}
