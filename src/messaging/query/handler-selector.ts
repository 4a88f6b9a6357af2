import { RoundRobin } from '../routing/round-robin.js'
import type { QueryRegistration } from './query-registration.js'

/** Chooses one of the instances of a component. */
export interface HandlerSelector {
  /** Undefined only if there are no candidates. */
  next(candidates: readonly QueryRegistration[]): QueryRegistration | undefined
}

/** Every so many queries go to the next in turn, or the speed of a slow instance would never be measured again. */
const measureEvery = 20

/** Prefers the instance that will probably answer first: short durations, little to do. */
export class MetricsSelector implements HandlerSelector {
  readonly #turns = new RoundRobin()
  #count = 0

  constructor(private readonly requestsMin: number) {}

  next(candidates: readonly QueryRegistration[]): QueryRegistration | undefined {
    this.#count = (this.#count + 1) % measureEvery
    if (this.#count === 0 || candidates.some(({ answered }) => answered < this.requestsMin)) {
      return this.#turns.next(candidates)
    }
    return fastest(candidates)
  }
}

function fastest(candidates: readonly QueryRegistration[]): QueryRegistration | undefined {
  let best: QueryRegistration | undefined
  let bestMs = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const expectedMs = candidate.averageMs * (1 + candidate.stream.tasks.size)
    if (best !== undefined && expectedMs >= bestMs) continue
    best = candidate
    bestMs = expectedMs
  }
  return best
}
