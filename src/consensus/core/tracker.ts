import { ascending, GroupConfig } from './group-config.js'
import { jointCommitted, jointVote } from './joint.js'
import { VoteResult } from './majority.js'
import { Progress, type ProgressLimits } from './progress.js'
import type { Index, NodeId } from './types.js'

/** The active configuration, what is known of each member, and the votes of a running campaign. */
export class ProgressTracker {
  /** All members in ascending order: in this order they are visited. */
  readonly ids: readonly NodeId[]
  readonly #voterIds: readonly NodeId[]
  readonly #votes = new Map<NodeId, boolean>()

  constructor(
    readonly config: GroupConfig,
    readonly progress: Map<NodeId, Progress>,
    readonly limits: ProgressLimits
  ) {
    this.ids = ascending(progress.keys())
    this.#voterIds = ascending(new Set([...config.voters, ...config.outgoing]))
  }

  static empty(limits: ProgressLimits): ProgressTracker {
    return new ProgressTracker(new GroupConfig(), new Map(), limits)
  }

  /** Voters of both halves, ascending. */
  voterIds(): readonly NodeId[] {
    return this.#voterIds
  }

  get isSingleton(): boolean {
    return this.config.voters.size === 1 && !this.config.isJoint
  }

  /** The highest index that a quorum has on disk. */
  committed(): Index {
    return jointCommitted(this.config.voters, this.config.outgoing, id => this.progress.get(id)?.match)
  }

  /** Whether a quorum has answered since the last check; learners do not count. */
  quorumActive(): boolean {
    return this.#result(id => this.progress.get(id)?.recentActive) === VoteResult.won
  }

  resetVotes(): void {
    this.#votes.clear()
  }

  /** The first answer counts. */
  recordVote(id: NodeId, isGranted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, isGranted)
  }

  tallyVotes(): { granted: number; rejected: number; result: VoteResult } {
    let granted = 0
    let rejected = 0
    for (const [id, progress] of this.progress) {
      const vote = progress.isLearner ? undefined : this.#votes.get(id)
      if (vote === true) granted++
      else if (vote === false) rejected++
    }
    return { granted, rejected, result: this.#result(id => this.#votes.get(id)) }
  }

  /** A new term begins: nothing is known of the others, and everything in the own log is the own log. */
  resetProgress(lastIndex: Index, self: NodeId): void {
    for (const id of this.ids) {
      const fresh = new Progress(lastIndex + 1, this.progress.get(id)!.isLearner, this.limits)
      if (id === self) fresh.match = lastIndex
      this.progress.set(id, fresh)
    }
  }

  #result(votes: (id: NodeId) => boolean | undefined): VoteResult {
    return jointVote(this.config.voters, this.config.outgoing, votes)
  }
}
