import type { Timer } from '../../kernel/index.js'
import type { Index } from '../core/index.js'

/** A group that leads, and holds commit indexes back. */
export interface CommittingGroup {
  /** Tells peers that do not know yet that everything up to `index` is committed. */
  tellCommit(index: Index): void
}

/**
 * Under load the next append tells the peers what is committed, at no cost. Where none comes soon, they are told by a message of its
 * own, after at most twice the delay: one timer serves all groups.
 */
export class CommitNotices {
  #due = new Map<CommittingGroup, Index>()
  #timer: Timer | undefined

  constructor(
    private readonly delayMs: number,
    private readonly after: (delayMs: number, task: () => void) => Timer
  ) {}

  /** Peers may not know of this commit index. */
  add(group: CommittingGroup, commit: Index): void {
    if (!this.#due.has(group)) this.#due.set(group, commit)
    this.#timer ??= this.after(this.delayMs, () => this.#tellAll())
  }

  forget(group: CommittingGroup): void {
    this.#due.delete(group)
  }

  #tellAll(): void {
    this.#timer = undefined
    const due = this.#due
    this.#due = new Map()
    for (const [group, commit] of due) group.tellCommit(commit)
  }
}
