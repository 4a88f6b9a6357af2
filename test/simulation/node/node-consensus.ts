import { Consensus } from '../../../src/consensus/index.js'
import { silentLogger } from '../../../src/kernel/index.js'
import type { LogStorage } from '../../../src/storage/index.js'
import { Violation } from '../world/violation.js'
import type { ProcessClock } from './process-clock.js'
import type { SimulatedProcess } from './simulated-process.js'

export interface NodeConsensusOptions {
  readonly process: SimulatedProcess
  readonly clock: ProcessClock
  readonly log: LogStorage
  readonly checkpointNeeded: (group: number) => void
}

/** The product's driver, on the ports of the simulator. */
export function createConsensus({ process, clock, log, checkpointNeeded }: NodeConsensusOptions): Consensus {
  const { world } = process
  const { config, nodeConfig } = world
  return new Consensus({
    node: process.name,
    log,
    clock,
    runtime: { defer: task => void process.later(0, task) },
    random: world.electionRandom,
    logger: world.logger ?? silentLogger,
    onFatal: process.onFatal(),
    transport: process.transport!,
    timing: nodeConfig.timing,
    limits: nodeConfig.limits,
    minActiveBackups: config.minActiveBackups,
    raft: nodeConfig.raft,
    events: {
      failed: (group, error) =>
        world.fail(new Violation('driver', `group ${group} on ${process.name}: ${error.message}`)),
      checkpointNeeded
    }
  })
}
