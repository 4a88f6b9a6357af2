import type { Membership } from '../ports.js'
import { memberById } from './membership.js'

/**
 * Members of the highest priority tend to stand for election first: they draw from the first third of the span, the others from
 * the rest. A hint only; no vote is ever refused for it.
 */
export function shapedTimeout(drawn: number, membership: Membership): number {
  const own = memberById(membership, membership.self)?.priority ?? 0
  let highest = 0
  let lowest = 255
  for (const { id, priority } of membership.members) {
    if (!membership.conf.voters.includes(id)) continue
    highest = Math.max(highest, priority)
    lowest = Math.min(lowest, priority)
  }
  if (highest <= lowest) return drawn
  return own === highest ? drawn / 3 : (1 + 2 * drawn) / 3
}
