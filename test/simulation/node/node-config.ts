import type { RaftDefaults } from '../../../src/consensus/core/options.js'
import type { Timing } from '../../../src/consensus/driver/timing.js'
import type { Limits } from '../../../src/consensus/index.js'
import type { SimulationConfig } from '../world/config.js'
import { between, pick, randomFor } from '../world/randoms.js'

/** Milliseconds of one step. */
export const STEP_MS = 20

/** memory: a simulated disk. journal: the product's journal on a disk that tears. store: journal, event store and checkpoints. */
export const STORAGES = ['memory', 'journal', 'store'] as const
export type Storage = (typeof STORAGES)[number]

/** What a run of whole nodes draws besides. */
export interface NodeConfig {
  readonly storage: Storage
  readonly groups: number
  /** Messages go through the product's wire format. */
  readonly usesCodec: boolean
  /** Reading the clock takes time, so that slices end and the loop yields. */
  readonly readsTakeTime: boolean
  readonly hasPriorities: boolean
  /** Share of the writes to the log that find the disk full. */
  readonly fullShare: number
  readonly timing: Partial<Timing>
  readonly limits: Partial<Limits>
  readonly raft: Partial<RaftDefaults>
}

export function drawNodeConfig(config: SimulationConfig, storage?: Storage): NodeConfig {
  const random = randomFor(config.seed, 'node')
  const drawn = pick(random, ['memory', 'memory', 'journal', 'store'] as const)
  return {
    storage: storage ?? drawn,
    groups: pick(random, [1, 1, 2, 3]),
    usesCodec: random.chance(0.5),
    readsTakeTime: random.chance(0.5),
    hasPriorities: random.chance(0.5),
    fullShare: config.faults.overload ? 0.02 : 0,
    timing: drawTiming(config),
    limits: {
      queueBytesMax: config.faults.overload ? 400 : 1024 * 1024,
      batchBytesMax: pick(random, [64, 1000, 4 * 1024 * 1024]),
      loadBytesMax: pick(random, [1, 200, 1024 * 1024]),
      loadsMax: pick(random, [1, 4]),
      cacheBytesMax: config.faults.coldLog ? pick(random, [1, 500]) : 1024 * 1024,
      inboxMessagesMax: config.faults.overload ? between(random, 4, 20) : 4096,
      sliceMessagesMax: pick(random, [1, 64]),
      readsMax: pick(random, [2, 1000])
    },
    raft: limitsOnly(config.raft)
  }
}

/** In steps, as the core's ticks are. */
function drawTiming({ raft, seed }: SimulationConfig): Partial<Timing> {
  const random = randomFor(seed, 'timing')
  const { electionTicks = 10, electionTicksMax = 25, heartbeatTicks = 3 } = raft
  return {
    minElectionMs: electionTicks * STEP_MS,
    maxElectionMs: electionTicksMax * STEP_MS,
    heartbeatMs: heartbeatTicks * STEP_MS,
    proposalTimeoutMs: between(random, 20, 200) * STEP_MS,
    readTimeoutMs: 40 * STEP_MS,
    transferTimeoutMs: 25 * STEP_MS,
    catchUpTimeoutMs: 80 * STEP_MS,
    closeTimeoutMs: 50 * STEP_MS,
    diskTimeoutMs: 200 * STEP_MS,
    fullRetryMs: 5 * STEP_MS,
    preferAfterMs: between(random, 5, 50) * STEP_MS,
    preferPauseMs: between(random, 20, 200) * STEP_MS,
    commitNoticeMs: between(random, 0, 2) * STEP_MS
  }
}

function limitsOnly(raft: Partial<RaftDefaults>): Partial<RaftDefaults> {
  const {
    electionTicks: _e,
    electionTicksMax: _m,
    heartbeatTicks: _h,
    checkQuorumTicks: _c,
    asyncStorageWrites: _a,
    ...limits
  } = raft
  return limits
}
