import type { Timer } from '../../kernel/index.js'
import type { Index } from '../core/index.js'
import type { Group } from './group.js'

/**
 * Leaders hold the commit of a lone entry back: the next append tells it to the peers, at no cost. Where none comes soon, they are
 * told by a message of its own, after at most twice the delay: one timer serves all groups.
 */
export class CommitNotices {
  #due = new Map<Group, Index>()
  #timer: Timer | undefined

  constructor(
    private readonly delayMs: number,
    private readonly after: (delayMs: number, task: () => void) => Timer
  ) {}

  /** Peers may not know yet of what is committed beyond `told`. */
  note(group: Group, told: Index): void {
    const { raft } = group.node
    const { committed } = raft.log
    if (!raft.options.holdsCommits || !group.isLeader || committed <= told) return
    if (raft.tracker.ids.length === 1) return
    if (!this.#due.has(group)) this.#due.set(group, committed)
    this.#timer ??= this.after(this.delayMs, () => this.#tellAll())
  }

  forget(group: Group): void {
    this.#due.delete(group)
  }

  #tellAll(): void {
    this.#timer = undefined
    const due = this.#due
    this.#due = new Map()
    for (const [group, commit] of due) {
      group.tell(node => {
        group.context.metrics.commitNotices += node.tellCommit(commit)
      })
      this.note(group, commit)
    }
  }
}
