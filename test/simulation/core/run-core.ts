import type { TraceSink } from '../../../src/consensus/core/trace.js'
import type { SimulationConfig } from '../world/config.js'
import type { RunResult } from '../world/run-result.js'
import { CoreLiveness } from './core-liveness.js'
import { CoreNemesis } from './core-nemesis.js'
import { CoreWorld, TICK } from './core-world.js'

const NUDGE_TICKS = 15

/** One run on the core alone: faults for so many ticks, then the demand that everything comes right. */
export async function runCore(config: SimulationConfig, traceSink?: TraceSink): Promise<RunResult> {
  const world = new CoreWorld(config, traceSink)
  let failure: unknown
  try {
    disturb(world)
    settle(world)
  } catch (error) {
    failure = error
  }
  const { counts, observer, checker, hash, clock } = world
  return {
    failure,
    atTick: Math.floor(clock.now / TICK),
    hash: hash.hex,
    counts: {
      ...counts,
      elections: observer.elections,
      reads: checker.counts.reads + checker.counts.scans,
      appends: checker.counts.ok
    }
  }
}

function disturb(world: CoreWorld): void {
  const nemesis = new CoreNemesis(world)
  for (let step = 1; step <= world.config.steps; step++) {
    nemesis.tick()
    world.clients.tick()
    runUntil(world, step * TICK)
  }
}

function settle(world: CoreWorld): void {
  const liveness = new CoreLiveness(world)
  liveness.begin()
  for (let tick = 1; tick <= liveness.boundTicks; tick++) {
    runUntil(world, world.clock.now + TICK)
    if (tick % NUDGE_TICKS === 0) liveness.nudge()
    if (liveness.missing() === undefined) break
  }
  liveness.finish()
}

function runUntil({ clock }: CoreWorld, time: number): void {
  for (let run = clock.next(time); run !== undefined; run = clock.next(time)) run()
}
