import type { QueryHandlerStream } from './query-handler-stream.js'

const resultNamesMax = 100
/** How much the latest duration counts. */
const weight = 0.1

/** That a stream handles a query, and how it has done so far. */
export class QueryRegistration {
  readonly resultNames = new Set<string>()
  /** Queries finished. */
  answered = 0
  /** Moving average. */
  averageMs = 0

  constructor(
    readonly query: string,
    readonly stream: QueryHandlerStream
  ) {}

  /** Result names are for people only, so those beyond the first hundred are left out. */
  addResultName(resultName: string): void {
    if (this.resultNames.size < resultNamesMax) this.resultNames.add(resultName)
  }

  recordDuration(durationMs: number): void {
    this.averageMs =
      this.answered === 0 ? durationMs : this.averageMs + weight * (durationMs - this.averageMs)
    this.answered++
  }
}
