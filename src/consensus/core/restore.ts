import { GroupConfig } from './group-config.js'
import { Progress, type ProgressLimits } from './progress.js'
import { ProgressTracker } from './tracker.js'
import type { ConfState, Index, NodeId } from './types.js'

/** The tracker of a stored configuration. Nothing is known of the members yet. */
export function restoreConfig(conf: ConfState, lastIndex: Index, limits: ProgressLimits): ProgressTracker {
  const config = new GroupConfig()
  config.voters = new Set(conf.voters)
  config.outgoing = new Set(conf.outgoing)
  config.learners = new Set(conf.learners)
  config.learnersNext = new Set(conf.learnersNext)
  config.autoLeave = conf.autoLeave
  const progress = new Map<NodeId, Progress>()
  const add = (id: NodeId, isLearner: boolean) => {
    const fresh = new Progress(Math.max(lastIndex, 1), isLearner, limits)
    fresh.recentActive = true
    progress.set(id, fresh)
  }
  for (const id of [...config.voters, ...config.outgoing, ...config.learnersNext]) add(id, false)
  for (const id of config.learners) add(id, true)
  return new ProgressTracker(config, progress, limits)
}
