import type { Clock } from '../../kernel/index.js'
import { noSubscriptions } from '../subscription/subscription-stats.js'
import type { QueryOptions } from './query-options.js'
import { QueryStats } from './query-stats.js'

/** What the queries of all contexts share. */
export class QueryNode {
  readonly stats: QueryStats
  readonly subscriptions = noSubscriptions()
  /** Queries in progress. */
  active = 0
  isStopped = false

  constructor(
    readonly options: QueryOptions,
    readonly clock: Clock,
    readonly randomId: () => string
  ) {
    this.stats = new QueryStats(clock)
  }
}
