import { RoundRobin } from '../routing/round-robin.js'
import type { QueryRegistration } from './query-registration.js'

/** Chooses one of the instances of a component. */
export interface HandlerSelector {
  /** Undefined only if there are no candidates. */
  next(candidates: readonly QueryRegistration[]): QueryRegistration | undefined
}

/** Every so many queries go to the next in turn, or the speed of a slow instance would never be measured again. */
const measureEvery = 20
/** Instances that are not slower than the best by more than this are as good, and take turns. */
const slackFactor = 1.25
const slackMs = 1

/** Prefers the instances that will probably answer first: short durations, little to do. */
export class MetricsSelector implements HandlerSelector {
  readonly #turns = new RoundRobin()
  #count = 0

  constructor(private readonly requestsMin: number) {}

  next(candidates: readonly QueryRegistration[]): QueryRegistration | undefined {
    this.#count = (this.#count + 1) % measureEvery
    if (this.#count === 0 || candidates.some(({ answered }) => answered < this.requestsMin)) {
      return this.#turns.next(candidates)
    }
    return this.#turns.next(fast(candidates))
  }
}

function fast(candidates: readonly QueryRegistration[]): readonly QueryRegistration[] {
  const limitMs = Math.min(...candidates.map(expectedMs)) * slackFactor + slackMs
  return candidates.filter(candidate => expectedMs(candidate) <= limitMs)
}

function expectedMs({ averageMs, stream }: QueryRegistration): number {
  return averageMs * (1 + stream.tasks.size)
}
