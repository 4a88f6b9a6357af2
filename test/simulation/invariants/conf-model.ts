import { type ConfChange, ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import type { ConfState, NodeId } from '../../../src/consensus/core/types.js'
import { demand } from '../world/violation.js'

/** Raft's membership rules once more, written for clarity alone: what a configuration entry makes of a configuration (S9). */
export function nextConf(conf: ConfState, { transition, changes }: ConfChange): ConfState {
  if (changes.length === 0 && transition === Transition.auto) return leave(conf)
  const isJoint = transition !== Transition.auto || changes.length > 1
  demand(conf.outgoing.length === 0, 'S9', () => 'a change was applied to a joint configuration')
  const outgoing = isJoint ? conf.voters : []
  let { voters, learners, learnersNext } = conf
  const without = (ids: readonly NodeId[], id: NodeId) => ids.filter(each => each !== id)
  for (const { type, node } of changes) {
    const isVoter = voters.includes(node)
    const isKnown =
      isVoter || learners.includes(node) || learnersNext.includes(node) || outgoing.includes(node)
    if (type === ConfChangeType.addVoter) {
      voters = [...without(voters, node), node]
      learners = without(learners, node)
      learnersNext = without(learnersNext, node)
    } else if (type === ConfChangeType.removeNode && isKnown) {
      voters = without(voters, node)
      learners = without(learners, node)
      learnersNext = without(learnersNext, node)
    } else if (type === ConfChangeType.addLearner && !learners.includes(node)) {
      voters = without(voters, node)
      if (outgoing.includes(node)) learnersNext = [...without(learnersNext, node), node]
      else learners = [...learners, node]
    }
  }
  const autoLeave = isJoint && transition !== Transition.jointExplicit
  const next = sorted({ voters, outgoing, learners, learnersNext, autoLeave })
  checkOverlap(conf, next, isJoint)
  return next
}

export function confKey({ voters, outgoing, learners, learnersNext, autoLeave }: ConfState): string {
  return `${voters}|${outgoing}|${learners}|${learnersNext}|${autoLeave}`
}

function leave(conf: ConfState): ConfState {
  demand(conf.outgoing.length > 0, 'S9', () => 'a configuration that is not joint was left')
  const learners = [...conf.learners, ...conf.learnersNext]
  return sorted({ voters: conf.voters, outgoing: [], learners, learnersNext: [], autoLeave: false })
}

/** Either both halves decide, or old and new majorities overlap because one voter at most differs (Raft §6, dissertation §4.1). */
function checkOverlap(before: ConfState, after: ConfState, isJoint: boolean): void {
  if (isJoint) return
  const gone = before.voters.filter(id => !after.voters.includes(id)).length
  const come = after.voters.filter(id => !before.voters.includes(id)).length
  demand(gone + come <= 1, 'S9', () => `${gone + come} voters changed without a joint configuration`)
}

function sorted(conf: ConfState): ConfState {
  const up = (ids: readonly NodeId[]) => [...ids].sort((a, b) => a - b)
  return {
    voters: up(conf.voters),
    outgoing: up(conf.outgoing),
    learners: up(conf.learners),
    learnersNext: up(conf.learnersNext),
    autoLeave: conf.autoLeave
  }
}
