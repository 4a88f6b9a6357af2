import { GroupConfig } from './group-config.js'
import { invariant } from './invariant.js'
import type { RaftOptions } from './options.js'
import { Progress, type ProgressLimits } from './progress.js'
import type { Raft } from './raft.js'
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

/** What the state contains is committed, whatever the stored commit index says: pure commit updates need not be written. */
export function restoreState(raft: Raft, { hardState: hard, applied }: RaftOptions): void {
  const { log, hex } = raft
  invariant(applied >= log.applied, () => {
    return `${hex} applied ${applied} is below the first index ${log.firstIndex}: entries that the state needs are gone`
  })
  const commit = Math.max(hard.commit, applied)
  invariant(commit <= log.lastIndex, () => {
    return `${hex} state.commit ${commit} is out of range [${log.committed}, ${log.lastIndex}]`
  })
  log.committed = commit
  raft.term = hard.term
  raft.vote = hard.vote
  log.appliedTo(applied, 0)
}
