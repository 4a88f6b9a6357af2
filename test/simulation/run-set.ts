import { runCore } from './core/run-core.js'
import type { Storage } from './node/node-config.js'
import { runNode } from './node/run-node.js'
import { type ConfigRequest, drawConfig } from './world/config.js'
import type { RunCounts, RunResult } from './world/run-result.js'

/** core: the consensus core with simulated disks. node: the product's driver, and in part journal, checkpoints and event store. */
export type Level = 'core' | 'node'

export interface SeedRequest extends ConfigRequest {
  readonly level: Level
  /** Of whole nodes; by the seed when absent. */
  readonly storage?: Storage
}

export type CountTotals = { -readonly [Name in keyof RunCounts]: number }

export function runSeed(request: SeedRequest): Promise<RunResult> {
  const { level, storage } = request
  const config = drawConfig(request)
  return level === 'core' ? runCore(config) : runNode(config, storage === undefined ? {} : { storage })
}

/** Runs of many seeds and what they came across. */
export class RunSet {
  runs = 0
  steps = 0
  failed = 0
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
    if (result.failure !== undefined) this.failed++
    for (const name of Object.keys(this.totals) as (keyof RunCounts)[])
      this.totals[name] += result.counts[name]
    return result
  }

  /** What too little of happened, in words: a simulator that stops coming across elections is broken. */
  get tooFew(): string[] {
    const { elections, commits, confChanges, snapshots, crashes, reads } = this.totals
    const { runs, steps } = this
    const had = { elections, commits, confChanges, snapshots, crashes, reads }
    const least = {
      elections: runs,
      commits: steps / 20,
      confChanges: runs / 4,
      snapshots: runs / 8,
      crashes: runs / 2,
      reads: runs
    }
    return (Object.keys(least) as (keyof typeof least)[])
      .filter(name => had[name] < least[name])
      .map(name => `${had[name]} ${name} in ${runs} runs, at least ${Math.ceil(least[name])} were expected`)
  }
}
