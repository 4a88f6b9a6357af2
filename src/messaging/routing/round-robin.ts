/** Takes turns among candidates that may change from one time to the next. */
export class RoundRobin {
  #turn = 0

  /** Undefined only if there are no candidates. */
  next<C>(candidates: readonly C[]): C | undefined {
    if (candidates.length === 0) return undefined
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER
    return candidates[this.#turn % candidates.length]
  }
}
