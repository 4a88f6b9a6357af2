import type { Group } from './group.js'
import { memberById } from './membership.js'
import type { Timing } from './timing.js'

/** A member of higher priority that has been up to date for a while gets the leadership; not again soon after. */
export class Preference {
  #candidate: string | undefined
  #sinceMs = 0
  #pausedUntilMs = 0

  constructor(private readonly timing: Timing) {}

  /** The node to hand over to now. */
  find(group: Group, nowMs: number): string | undefined {
    const candidate = betterMember(group)
    if (candidate !== this.#candidate) {
      this.#candidate = candidate
      this.#sinceMs = nowMs
    }
    if (candidate === undefined || nowMs < this.#pausedUntilMs) return undefined
    if (nowMs - this.#sinceMs < this.timing.preferAfterMs) return undefined
    this.#pausedUntilMs = nowMs + this.timing.preferPauseMs
    return candidate
  }
}

function betterMember(group: Group): string | undefined {
  const { tracker, log } = group.node.raft
  const own = memberById(group.membership, group.self)?.priority ?? 0
  let best: { readonly node: string; readonly priority: number } | undefined
  for (const { id, node, priority } of group.membership.members) {
    const progress = tracker.progress.get(id)
    const isUpToDate = progress?.match === log.lastIndex && group.peers.isActive(id)
    if (!tracker.config.voters.has(id) || !isUpToDate || priority <= (best?.priority ?? own)) continue
    best = { node, priority }
  }
  return best?.node
}
