export interface QueryOptions {
  /** Queries in progress on this node; those beyond get AXONIQ-1900. */
  readonly activeMax: number
  /** Queries in progress in one context. */
  readonly activePerContextMax: number
  /** Messages that wait for one handler stream, see PermitQueue. */
  readonly waitingMax: number
  /** Age at which a query that is not streaming is given up; found at the next scan. */
  readonly timeoutMs: number
  readonly scanIntervalMs: number
  /** How long a query may wait for its handler if it does not say. */
  readonly waitMs: number
  /** Bytes that may lie unsent in the transport of one stream before the stream is cut off. */
  readonly unsentBytesMax: number
  /** Query names that one handler stream may register. */
  readonly registrationsMax: number
  /** Subscription queries in progress on this node. */
  readonly subscriptionsMax: number
  readonly selector: 'round-robin' | 'metrics'
  /** Queries that every instance must have answered before `metrics` takes their speed into account. */
  readonly selectorRequestsMin: number
}

export const defaultQueryOptions: QueryOptions = {
  activeMax: 25_000,
  activePerContextMax: Number.POSITIVE_INFINITY,
  waitingMax: 10_000,
  timeoutMs: 300_000,
  scanIntervalMs: 5_000,
  waitMs: 5_000,
  unsentBytesMax: 32 * 1024 * 1024,
  registrationsMax: 10_000,
  subscriptionsMax: 25_000,
  selector: 'round-robin',
  selectorRequestsMin: 20
}
