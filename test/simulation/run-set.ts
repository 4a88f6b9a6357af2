import { runCore } from './core/run-core.js'
import { runNode } from './node/run-node.js'
import { type ConfigRequest, drawConfig } from './world/config.js'
import type { RunCounts, RunResult } from './world/run-result.js'

export const LEVELS = ['core', 'node'] as const
export type Level = (typeof LEVELS)[number]

export interface SeedRequest extends ConfigRequest {
  readonly level: Level
}

export interface FailedSeed {
  readonly request: SeedRequest
  readonly result: RunResult
}

export type CountTotals = { -readonly [Name in keyof RunCounts]: number }

export function runSeed(request: SeedRequest): Promise<RunResult> {
  const config = drawConfig(request)
  return request.level === 'core' ? runCore(config) : runNode(config)
}

/** Runs of many seeds and what they came across. */
export class RunSet {
  runs = 0
  steps = 0
  readonly failures: FailedSeed[] = []
  readonly totals: CountTotals = {
    elections: 0,
    commits: 0,
    confChanges: 0,
    snapshots: 0,
    crashes: 0,
    messages: 0,
    reads: 0,
    appends: 0
  }

  async run(request: SeedRequest): Promise<RunResult> {
    const result = await runSeed(request)
    this.runs++
    this.steps += request.steps
    for (const name of Object.keys(this.totals) as (keyof RunCounts)[]) this.totals[name] += result.counts[name]
    if (result.failure !== undefined) this.failures.push({ request, result })
    return result
  }

  /** Words on what too little of happened; a simulator that stops coming across elections is broken. */
  get tooFew(): string[] {
    const { elections, commits, confChanges, snapshots, crashes, reads } = this.totals
    const { runs, steps } = this
    const least = { elections: runs, commits: steps / 20, confChanges: runs / 4, snapshots: runs / 8, crashes: runs / 2, reads: runs }
    const had = { elections, commits, confChanges, snapshots, crashes, reads }
    return (Object.keys(least) as (keyof typeof least)[])
      .filter(name => had[name] < least[name])
      .map(name => `${had[name]} ${name}, at least ${Math.ceil(least[name])} were expected of ${runs} runs`)
  }
}
