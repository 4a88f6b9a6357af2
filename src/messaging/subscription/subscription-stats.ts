/** Figures about the subscription queries of one query name, one component, or all. */
export interface SubscriptionCounts {
  /** Since the start. */
  total: number
  active: number
  updates: number
}

const keysMax = 10_000

/**
 * Counts by key, where callers choose the keys; so there are at most so many, and the oldest without active subscription query
 * makes way. When all are active, others are not counted by key.
 */
export class SubscriptionCountTable {
  readonly #counts = new Map<string, SubscriptionCounts>()

  constructor(private readonly max = keysMax) {}

  get(key: string): SubscriptionCounts {
    const found = this.#counts.get(key)
    if (found !== undefined) return found
    const created = noSubscriptions()
    if (this.#counts.size < this.max || this.#evictOldest()) this.#counts.set(key, created)
    return created
  }

  /** Zero for a key that was never counted. */
  read(key: string): Readonly<SubscriptionCounts> {
    return this.#counts.get(key) ?? noSubscriptions()
  }

  entries(): IterableIterator<[string, Readonly<SubscriptionCounts>]> {
    return this.#counts.entries()
  }

  #evictOldest(): boolean {
    for (const [key, { active }] of this.#counts) if (active === 0) return this.#counts.delete(key)
    return false
  }
}

export function noSubscriptions(): SubscriptionCounts {
  return { total: 0, active: 0, updates: 0 }
}
