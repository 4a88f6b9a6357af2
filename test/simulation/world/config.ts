import type { RaftDefaults } from '../../../src/consensus/core/options.js'
import { UNLIMITED } from '../../../src/consensus/core/types.js'
import { FAULTS, type Fault, type FaultSet } from './faults.js'
import { PROFILE_RULES, PROFILES, type Profile, type Rates } from './profiles.js'
import { between, pick, randomFor } from './randoms.js'

/** Everything that is drawn before a run begins. */
export interface SimulationConfig {
  readonly seed: number
  readonly profile: Profile
  readonly rates: Rates
  readonly steps: number
  readonly faults: FaultSet
  readonly voters: number
  readonly backups: number
  readonly learners: number
  readonly minActiveBackups: number
  readonly clients: number
  /** Entries between two checkpoints of the state. */
  readonly checkpointEvery: number
  /** Entries below the checkpoint that stay in the log for slow peers. */
  readonly retainedEntries: number
  /** A hard state that brings nothing but a newer commit index need not be written. */
  readonly skipsCommitWrites: boolean
  readonly dropShare: number
  readonly duplicateShare: number
  /** In ticks. */
  readonly delayMax: number
  readonly diskDelayMax: number
  readonly raft: Partial<RaftDefaults>
}

export interface ConfigRequest {
  readonly seed: number
  readonly steps: number
  /** By the seed when absent. */
  readonly profile?: Profile
  readonly without?: readonly Fault[]
}

/** Swarm testing: every run has its own cluster, limits and faults, so that no two hide the same thing. */
export function drawConfig({
  seed,
  steps,
  profile = PROFILES[seed % PROFILES.length]!,
  without = []
}: ConfigRequest): SimulationConfig {
  const random = randomFor(seed, 'config')
  const { rates, always, never } = PROFILE_RULES[profile]
  const faults = drawFaults(seed, { always, never, without })
  const backups = random.below(3)
  return {
    seed,
    profile,
    rates,
    steps,
    faults,
    voters: pick(random, [1, 2, 3, 3, 3, 4, 5]),
    backups,
    learners: random.below(3),
    minActiveBackups: random.below(backups + 1),
    clients: between(random, 1, 6),
    checkpointEvery: faults.staleState ? between(random, 20, 80) : between(random, 1, 15),
    retainedEntries: pick(random, [0, 0, 3, 20]),
    skipsCommitWrites: random.chance(0.5),
    dropShare: faults.drop ? random.next() * 0.3 : 0,
    duplicateShare: faults.duplicate ? random.next() * 0.4 : 0,
    delayMax: faults.delay ? between(random, 2, 20) : 1,
    diskDelayMax: faults.slowDisk ? between(random, 1, 8) : 0.5,
    raft: drawRaft(seed, faults)
  }
}

function drawFaults(
  seed: number,
  { always, never, without }: { always: readonly Fault[]; never: readonly Fault[]; without: readonly Fault[] }
): FaultSet {
  const random = randomFor(seed, 'faults')
  const drawn: Partial<Record<Fault, boolean>> = {}
  for (const fault of FAULTS) {
    const isDrawn = random.chance(0.5)
    drawn[fault] = !without.includes(fault) && !never.includes(fault) && (isDrawn || always.includes(fault))
  }
  return drawn as FaultSet
}

function drawRaft(seed: number, faults: FaultSet): Partial<RaftDefaults> {
  const random = randomFor(seed, 'raft')
  const electionTicks = between(random, 5, 10)
  return {
    electionTicks,
    electionTicksMax: electionTicks + between(random, electionTicks - 1, electionTicks * 2),
    heartbeatTicks: between(random, 1, 3),
    checkQuorumTicks: electionTicks + random.below(electionTicks),
    messageBytesMax: pick(random, [1, 120, UNLIMITED]),
    messageEntriesMax: pick(random, [1, 3, UNLIMITED]),
    inflightMessagesMax: pick(random, [1, 2, 4, 256]),
    inflightBytesMax: pick(random, [100, 1000, UNLIMITED]),
    uncommittedBytesMax: faults.overload ? pick(random, [64, 300]) : UNLIMITED,
    applyBytesMax: pick(random, [1, 150, UNLIMITED]),
    waitingReadsMax: pick(random, [1, 3, 1000]),
    asyncStorageWrites: random.chance(0.75),
    // By the seed's number, so that seeds that were kept are the runs that they were.
    holdsCommits: seed % 3 === 0
  }
}
