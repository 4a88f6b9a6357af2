/** Wakes whoever waits for the next event of a context. */
export class TailNotifier {
  #waiting = new Set<() => void>()

  get size(): number {
    return this.#waiting.size
  }

  /** `wake` is called once, after the next append has been applied. */
  wait(wake: () => void): void {
    this.#waiting.add(wake)
  }

  forget(wake: () => void): void {
    this.#waiting.delete(wake)
  }

  notify(): void {
    if (this.#waiting.size === 0) return
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const wake of waiting) wake()
  }
}
