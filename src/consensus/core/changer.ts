import { type ConfChange, type ConfChangeStep, ConfChangeType, leavesItself } from './conf-change.js'
import type { GroupConfig } from './group-config.js'
import { invariant } from './invariant.js'
import { Progress } from './progress.js'
import { ProgressTracker } from './tracker.js'
import type { Index, NodeId } from './types.js'

/** A change that the present configuration does not admit. Nothing has changed. */
export class ConfChangeError extends Error {
  override readonly name = 'ConfChangeError'
}

/**
 * Makes the next configuration out of the present one, which stays as it is (Raft §6; dissertation §4.3). Members keep what is
 * known of them.
 */
export class Changer {
  readonly #config: GroupConfig
  readonly #progress: Map<NodeId, Progress>

  constructor(
    private readonly tracker: ProgressTracker,
    private readonly lastIndex: Index
  ) {
    checkConfig(tracker.config, tracker.progress)
    this.#config = tracker.config.clone()
    this.#progress = new Map([...tracker.progress].map(([id, progress]) => [id, progress.clone()]))
  }

  /** At most one voter differs: old and new majorities overlap by themselves. */
  simple(changes: readonly ConfChangeStep[]): ProgressTracker {
    if (this.#config.isJoint) throw new ConfChangeError("can't apply simple config change in joint config")
    this.#apply(changes)
    const { voters } = this.tracker.config
    if (differing(voters, this.#config.voters) > 1) {
      throw new ConfChangeError('more than one voter changed without entering joint config')
    }
    return this.#finish()
  }

  /** From here on decisions need a majority of the old and of the new voters. */
  enterJoint(change: Pick<ConfChange, 'transition' | 'changes'>): ProgressTracker {
    if (this.#config.isJoint) throw new ConfChangeError('config is already joint')
    if (this.#config.voters.size === 0) throw new ConfChangeError("can't make a zero-voter config joint")
    this.#config.outgoing = new Set(this.#config.voters)
    this.#apply(change.changes)
    this.#config.autoLeave = leavesItself({ ...change, context: Buffer.alloc(0) })
    return this.#finish()
  }

  leaveJoint(): ProgressTracker {
    const config = this.#config
    if (!config.isJoint) throw new ConfChangeError("can't leave a non-joint config")
    for (const id of config.learnersNext) {
      config.learners.add(id)
      this.#progress.get(id)!.isLearner = true
    }
    for (const id of config.outgoing) {
      if (!config.voters.has(id) && !config.learners.has(id)) this.#progress.delete(id)
    }
    config.learnersNext.clear()
    config.outgoing.clear()
    config.autoLeave = false
    return this.#finish()
  }

  #apply(changes: readonly ConfChangeStep[]): void {
    for (const { type, node } of changes) {
      if (node === 0) continue
      if (type === ConfChangeType.addVoter) this.#makeVoter(node)
      else if (type === ConfChangeType.addLearner) this.#makeLearner(node)
      else if (type === ConfChangeType.removeNode) this.#remove(node)
      else if (type !== ConfChangeType.update) throw new ConfChangeError(`unexpected conf type ${type}`)
    }
    if (this.#config.voters.size === 0) throw new ConfChangeError('removed all voters')
  }

  #makeVoter(id: NodeId): void {
    const progress = this.#progress.get(id)
    if (progress === undefined) {
      this.#config.voters.add(id)
      this.#addProgress(id, false)
      return
    }
    progress.isLearner = false
    this.#config.learners.delete(id)
    this.#config.learnersNext.delete(id)
    this.#config.voters.add(id)
  }

  #makeLearner(id: NodeId): void {
    const progress = this.#progress.get(id)
    if (progress === undefined) {
      this.#config.learners.add(id)
      this.#addProgress(id, true)
      return
    }
    if (progress.isLearner) return
    this.#remove(id)
    this.#progress.set(id, progress)
    // A voter of the outgoing half counts there until that half is dropped.
    if (this.#config.outgoing.has(id)) {
      this.#config.learnersNext.add(id)
      return
    }
    progress.isLearner = true
    this.#config.learners.add(id)
  }

  #remove(id: NodeId): void {
    if (!this.#progress.has(id)) return
    this.#config.voters.delete(id)
    this.#config.learners.delete(id)
    this.#config.learnersNext.delete(id)
    if (!this.#config.outgoing.has(id)) this.#progress.delete(id)
  }

  #addProgress(id: NodeId, isLearner: boolean): void {
    const progress = new Progress(Math.max(this.lastIndex, 1), isLearner, this.tracker.limits)
    // Counts as alive until it had a chance to answer: adding a voter must not depose the leader.
    progress.recentActive = true
    this.#progress.set(id, progress)
  }

  #finish(): ProgressTracker {
    checkConfig(this.#config, this.#progress)
    return new ProgressTracker(this.#config, this.#progress, this.tracker.limits)
  }
}

function differing(before: ReadonlySet<NodeId>, after: ReadonlySet<NodeId>): number {
  let count = 0
  for (const id of before) if (!after.has(id)) count++
  for (const id of after) if (!before.has(id)) count++
  return count
}

/** A12: every member has progress, nobody is two things at once, and what only a joint configuration has is only there. */
function checkConfig(config: GroupConfig, progress: ReadonlyMap<NodeId, Progress>): void {
  const { voters, outgoing, learners, learnersNext, autoLeave } = config
  for (const id of [...voters, ...outgoing, ...learners, ...learnersNext]) {
    invariant(progress.has(id), () => `no progress for ${id}`)
  }
  for (const id of learnersNext) {
    invariant(outgoing.has(id), () => `${id} is in LearnersNext, but not outgoing`)
    invariant(
      !progress.get(id)!.isLearner,
      () => `${id} is in LearnersNext, but is already marked as learner`
    )
  }
  for (const id of learners) {
    invariant(!outgoing.has(id) && !voters.has(id), () => `${id} is a learner and a voter`)
    invariant(progress.get(id)!.isLearner, () => `${id} is in Learners, but is not marked as learner`)
  }
  if (config.isJoint) return
  invariant(learnersNext.size === 0, 'LearnersNext must be empty when not joint')
  invariant(!autoLeave, 'AutoLeave must be false when not joint')
}
