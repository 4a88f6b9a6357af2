import { type ConfChange, ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import { type ConfState, type NodeId, UNLIMITED } from '../../../src/consensus/core/types.js'
import type { TestNode } from './support/harness.js'

export type Step = [keyof typeof ConfChangeType, NodeId]

export function change(...steps: Step[]): ConfChange {
  return changeBy(Transition.auto, ...steps)
}

export function changeBy(transition: number, ...steps: Step[]): ConfChange {
  const changes = steps.map(([type, id]) => ({ type: ConfChangeType[type], node: id }))
  return { transition, changes, context: Buffer.alloc(0) }
}

/** Applies a change as if its entry came next. */
export function apply(member: TestNode, next: ConfChange): ConfState {
  return member.raw.applyConfChange(member.raft.confIndex + 1, next)
}

export function lastEntry(member: TestNode) {
  const { log } = member.raft
  return log.slice(log.lastIndex, log.lastIndex + 1, UNLIMITED)![0]!
}
