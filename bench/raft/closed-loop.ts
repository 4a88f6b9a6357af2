import { cpuMicros } from './process-cpu.js'

/** Starts one operation; `done` is called once, with an error where it failed. */
export type Operation = (done: (error?: Error) => void) => void

export interface ClosedLoopOptions {
  readonly inFlight: number
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Processes whose CPU is counted. */
  readonly pids: readonly number[]
}

export interface LoopResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU of all processes, per operation. */
  readonly serverMicros: number
  readonly clientMicros: number
}

/** Keeps `inFlight` operations under way and counts those that end inside the window. An error ends it. */
export async function closedLoop(operation: Operation, options: ClosedLoopOptions): Promise<LoopResult> {
  const loop = new Loop(operation)
  for (let i = 0; i < options.inFlight; i++) loop.start()
  await loop.during(options.warmUpSeconds)
  const before = { cpu: cpuMicros(options.pids), own: process.cpuUsage(), atMs: performance.now() }
  loop.latenciesMs = []
  await loop.during(options.seconds)
  const latenciesMs = loop.latenciesMs
  const elapsedSeconds = (performance.now() - before.atMs) / 1000
  const own = process.cpuUsage(before.own)
  const serverMicros = cpuMicros(options.pids) - before.cpu
  await loop.stop()
  latenciesMs.sort((a, b) => a - b)
  const count = Math.max(1, latenciesMs.length)
  return {
    perSecond: latenciesMs.length / elapsedSeconds,
    p50Ms: latenciesMs[Math.floor(count * 0.5)] ?? 0,
    p99Ms: latenciesMs[Math.floor(count * 0.99)] ?? 0,
    serverMicros: serverMicros / count,
    clientMicros: (own.user + own.system) / count
  }
}

class Loop {
  latenciesMs: number[] = []
  #underWay = 0
  #isOver = false
  #failed: (error: Error) => void = () => {}
  #drained: () => void = () => {}
  readonly #failure = new Promise<never>((_, reject) => {
    this.#failed = reject
  })

  constructor(private readonly operation: Operation) {
    this.#failure.catch(() => {})
  }

  start(): void {
    const startedMs = performance.now()
    this.#underWay++
    this.operation(error => {
      this.#underWay--
      if (error !== undefined) this.#failed(error)
      else this.latenciesMs.push(performance.now() - startedMs)
      if (!this.#isOver) this.start()
      else if (this.#underWay === 0) this.#drained()
    })
  }

  during(seconds: number): Promise<void> {
    return Promise.race([
      this.#failure,
      new Promise<void>(resolve => setTimeout(resolve, seconds * 1000))
    ]).catch(error => {
      this.#isOver = true
      throw error
    })
  }

  async stop(): Promise<void> {
    this.#isOver = true
    if (this.#underWay === 0) return
    await Promise.race([
      this.#failure,
      new Promise<void>(resolve => {
        this.#drained = resolve
      })
    ])
  }
}
