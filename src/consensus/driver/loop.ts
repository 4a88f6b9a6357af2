import type { Runtime } from './options.js'

/** What the loop gives turns to. */
export interface LoopTask {
  /** Takes its input, at most until the time given. True: there is more. */
  step(untilMs: number): boolean
  /** Applies what is committed. True: there is more. */
  apply(untilMs: number): boolean
}

export interface LoopOptions {
  readonly runtime: Runtime
  readonly now: () => number
  readonly sliceMs: number
  /** Between taking input and applying: messages leave, then the next write begins. */
  readonly flush: () => void
}

/**
 * Gives turns to the groups that have something to do. Work that comes while the loop is idle starts it in the same turn of the
 * event loop; a round that has used up its time goes on in a later one, so that sockets are read in between.
 */
export class Loop {
  rounds = 0
  yields = 0
  #dirty = new Set<LoopTask>()
  #applying = new Set<LoopTask>()
  #isScheduled = false
  #isRunning = false

  constructor(private readonly options: LoopOptions) {}

  get isIdle(): boolean {
    return this.#dirty.size === 0 && this.#applying.size === 0
  }

  get waiting(): number {
    return this.#dirty.size
  }

  wake(task: LoopTask): void {
    this.#dirty.add(task)
    this.schedule()
  }

  wakeApply(task: LoopTask): void {
    this.#applying.add(task)
    this.schedule()
  }

  forget(task: LoopTask): void {
    this.#dirty.delete(task)
    this.#applying.delete(task)
  }

  schedule(): void {
    if (this.#isScheduled || this.#isRunning) return
    this.#isScheduled = true
    // What comes in this turn of the event loop goes together.
    queueMicrotask(() => {
      this.#isScheduled = false
      this.run()
    })
  }

  /** Runs until nothing is left, or the time is used up; unless a run is under way, or about to come. */
  run(): void {
    if (this.#isRunning || this.#isScheduled) return
    this.#isRunning = true
    try {
      this.#runUntil(this.options.now() + this.options.sliceMs)
    } finally {
      this.#isRunning = false
    }
  }

  #runUntil(untilMs: number): void {
    for (;;) {
      this.rounds++
      this.#stepAll(untilMs)
      this.options.flush()
      this.#applyAll(untilMs)
      if (this.isIdle) return
      if (this.options.now() >= untilMs) {
        this.#yield()
        return
      }
    }
  }

  /** Each group has one turn; who comes meanwhile has it in the next round. */
  #stepAll(untilMs: number): void {
    if (this.#dirty.size === 0) return
    const tasks = this.#dirty
    this.#dirty = new Set()
    let isLate = false
    for (const task of tasks) {
      if (isLate) this.#dirty.add(task)
      else {
        if (task.step(this.options.now() + this.options.sliceMs)) this.#dirty.add(task)
        isLate = this.options.now() >= untilMs
      }
    }
  }

  #applyAll(untilMs: number): void {
    if (this.#applying.size === 0) return
    const tasks = this.#applying
    this.#applying = new Set()
    let isLate = false
    for (const task of tasks) {
      if (isLate) this.#applying.add(task)
      else {
        if (task.apply(this.options.now() + this.options.sliceMs)) this.#applying.add(task)
        isLate = this.options.now() >= untilMs
      }
    }
  }

  #yield(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.yields++
    this.options.runtime.defer(() => {
      this.#isScheduled = false
      this.run()
    })
  }
}
