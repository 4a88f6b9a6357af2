interface Action {
  readonly time: number
  readonly sequence: number
  readonly run: () => void
  isCancelled: boolean
}

export interface Cancellable {
  cancel(): void
}

/** Time that passes only from action to action: a heap of (time, sequence, action). Actions of one time run in the order of their coming. */
export class VirtualClock {
  now = 0
  #sequence = 0
  readonly #heap: Action[] = []

  get pending(): number {
    return this.#heap.length
  }

  after(delay: number, run: () => void): Cancellable {
    const action: Action = { time: this.now + delay, sequence: this.#sequence++, run, isCancelled: false }
    this.#heap.push(action)
    this.#up(this.#heap.length - 1)
    return {
      cancel: () => {
        action.isCancelled = true
      }
    }
  }

  /** The next action up to `time`, or undefined; the clock then shows its time. */
  next(time: number): (() => void) | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.time > time) {
        this.now = Math.max(this.now, time)
        return undefined
      }
      this.#removeFirst()
      if (first.isCancelled) continue
      this.now = first.time
      return first.run
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#down(0)
  }

  #up(start: number): void {
    const heap = this.#heap
    let at = start
    const moved = heap[at]!
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(moved, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = moved
  }

  #down(start: number): void {
    const heap = this.#heap
    let at = start
    const moved = heap[at]!
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, moved)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moved
  }
}

function isBefore(a: Action, b: Action): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence)
}
