import type { Clock, Timer } from '../../../src/kernel/index.js'
import type { SimulatedProcess } from './simulated-process.js'

const READ_COST_MS = 0.02
const EPOCH_MS = 1_700_000_000_000

export interface ProcessClockOptions {
  readonly process: SimulatedProcess
  /** How fast it goes; 1 is right. */
  readonly rate: number
  readonly readsTakeTime: boolean
}

/** The clock of one life of a process. Its timers end with that life, and wait while the process stands still. */
export class ProcessClock implements Clock {
  #lastMs = 0

  constructor(private readonly options: ProcessClockOptions) {}

  now(): number {
    return EPOCH_MS + Math.floor(this.#virtualMs)
  }

  monotonicMs(): number {
    const costMs = this.options.readsTakeTime ? READ_COST_MS : 0
    this.#lastMs = Math.max(this.#virtualMs, this.#lastMs + costMs)
    return this.#lastMs
  }

  after(delayMs: number, task: () => void): Timer {
    return this.options.process.later(this.#units(delayMs), task)
  }

  every(intervalMs: number, task: () => void): Timer {
    let timer: Timer
    let isCancelled = false
    const next = () => {
      timer = this.after(intervalMs, () => {
        if (!isCancelled) next()
        task()
      })
    }
    next()
    return {
      cancel: () => {
        isCancelled = true
        timer.cancel()
      }
    }
  }

  get #virtualMs(): number {
    return this.options.process.world.clock.now * this.options.rate
  }

  #units(delayMs: number): number {
    return Math.max(1, Math.round(Math.min(delayMs, 1e9) / this.options.rate))
  }
}
