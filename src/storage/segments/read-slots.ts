/** How many reads may be in the thread pool at once, so that readers never keep the journal from its sync. */
export class ReadSlots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(readonly max: number) {
    this.#free = max
  }

  get free(): number {
    return this.#free
  }

  /** Each waiting task is one reader that does nothing else meanwhile, so the number of readers bounds the queue. */
  get waiting(): number {
    return this.#waiting.length
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
