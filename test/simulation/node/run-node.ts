import type { Logger } from '../../../src/kernel/index.js'
import { CrashedError } from '../../../src/storage/testing.js'
import type { SimulationConfig } from '../world/config.js'
import type { RunResult } from '../world/run-result.js'
import type { NodeHooks } from './hooks.js'
import { drawNodeConfig, STEP_MS, type Storage } from './node-config.js'
import { NodeLiveness } from './node-liveness.js'
import { NodeNemesis } from './node-nemesis.js'
import { NodeWorld } from './node-world.js'

const NUDGE_STEPS = 15

export interface NodeRunOptions {
  readonly storage?: Storage
  readonly logger?: Logger
  readonly hooks?: NodeHooks
}

/** One run on whole nodes: the product's driver, and what is below and above it. */
export async function runNode(
  config: SimulationConfig,
  { storage, ...options }: NodeRunOptions = {}
): Promise<RunResult> {
  const world = new NodeWorld(config, drawNodeConfig(config, storage), options)
  // What a process that is gone still tried is of no interest to anybody.
  const onRejection = (error: unknown) => {
    if (!(error instanceof CrashedError)) world.fail(error)
  }
  process.on('unhandledRejection', onRejection)
  try {
    await disturb(world)
    await settle(world)
  } catch (error) {
    world.fail(error)
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  return resultOf(world)
}

async function disturb(world: NodeWorld): Promise<void> {
  const nemesis = new NodeNemesis(world)
  await drain(world)
  for (let step = 1; step <= world.config.steps; step++) {
    nemesis.step()
    await drain(world)
    world.clients.step()
    await drain(world)
    await runUntil(world, step * STEP_MS)
  }
}

async function settle(world: NodeWorld): Promise<void> {
  const liveness = new NodeLiveness(world)
  liveness.begin()
  await drain(world)
  for (let step = 1; step <= liveness.boundSteps; step++) {
    await runUntil(world, world.clock.now + STEP_MS)
    if (step % NUDGE_STEPS === 0) liveness.nudge()
    await drain(world)
    if (liveness.missing() === undefined) break
  }
  await liveness.finish()
}

async function runUntil(world: NodeWorld, time: number): Promise<void> {
  for (let run = world.clock.next(time); run !== undefined; run = world.clock.next(time)) {
    run()
    await drain(world)
  }
}

/**
 * Between two actions nothing may be left to run: an immediate comes only after the queue of micro-tasks is empty, however long it
 * has grown. Opening a disk takes real turns of the event loop, so it is waited for by itself.
 */
async function drain(world: NodeWorld): Promise<void> {
  for (;;) {
    await new Promise(resolve => setImmediate(resolve))
    const booting = [...world.processes.values()].find(process => process.booting !== undefined)
    if (booting === undefined) break
    await booting.booting
  }
  world.settle()
  if (world.failure !== undefined) throw world.failure
}

function resultOf(world: NodeWorld): RunResult {
  const { counts, groups, hash, clock, failure } = world
  const sum = (count: (group: (typeof groups)[number]) => number) =>
    groups.reduce((total, group) => total + count(group), 0)
  return {
    failure,
    atTick: Math.floor(clock.now / STEP_MS),
    hash: hash.hex,
    counts: {
      ...counts,
      confChanges: sum(({ observer }) => observer.applied.changes),
      elections: sum(({ observer }) => observer.elections),
      reads: sum(({ checker }) => checker.counts.reads + checker.counts.scans),
      appends: sum(({ checker }) => checker.counts.ok)
    }
  }
}
