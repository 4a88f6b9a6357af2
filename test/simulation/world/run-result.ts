export interface RunCounts {
  readonly elections: number
  readonly commits: number
  readonly confChanges: number
  readonly snapshots: number
  readonly crashes: number
  readonly messages: number
  readonly reads: number
  readonly appends: number
}

export interface RunResult {
  /** Undefined when every rule was kept. */
  readonly failure: unknown
  readonly atTick: number
  /** Of everything that happened: equal for equal seeds. */
  readonly hash: string
  readonly counts: RunCounts
}
