/** Milliseconds; the published properties of replication where there is one. */
export interface Timing {
  /** min-election-timeout */
  readonly minElectionMs: number
  /** max-election-timeout; also how long a leader lasts without a majority */
  readonly maxElectionMs: number
  /** heartbeat-timeout */
  readonly heartbeatMs: number
  /** myelin.raft.commit-notice-delay: how long a commit may wait for an append that tells peers of it; 0 does not wait. */
  readonly commitNoticeMs: number
  /** initial-election-timeout: added to the first wait after a start */
  readonly initialElectionMs: number
  /** wait-for-leader-timeout: how long a proposal or a read waits where nobody leads */
  readonly waitForLeaderMs: number
  /** How long a proposal waits for its fate in a group of several voters. */
  readonly proposalTimeoutMs: number
  /** How long a read waits for its confirmation. */
  readonly readTimeoutMs: number
  /** How long the leader waits for a target to catch up before it hands over; and for the hand-over. */
  readonly transferTimeoutMs: number
  /** How long a joining member may make no progress. */
  readonly catchUpTimeoutMs: number
  /** How long close may take to hand leaderships over and to see pending proposals answered. */
  readonly closeTimeoutMs: number
  /** A write that takes longer ends the process: the disk is gone. */
  readonly diskTimeoutMs: number
  /** How often an append is tried again that found no room. */
  readonly fullRetryMs: number
  /** How long a better member has to be up to date before it gets the leadership, and the pause after a hand-over. */
  readonly preferAfterMs: number
  readonly preferPauseMs: number
}

export const TIMING_DEFAULTS: Timing = {
  minElectionMs: 1000,
  maxElectionMs: 2500,
  heartbeatMs: 300,
  commitNoticeMs: 2,
  initialElectionMs: 0,
  waitForLeaderMs: 2500,
  proposalTimeoutMs: 10_000,
  readTimeoutMs: 5000,
  transferTimeoutMs: 2000,
  catchUpTimeoutMs: 30_000,
  closeTimeoutMs: 2000,
  diskTimeoutMs: 20_000,
  fullRetryMs: 250,
  preferAfterMs: 5000,
  preferPauseMs: 60_000
}

export interface Ticks {
  readonly tickMs: number
  readonly electionTicks: number
  readonly electionTicksMax: number
  readonly heartbeatTicks: number
  readonly checkQuorumTicks: number
}

const TICK_MS_MIN = 10
const TICK_MS_MAX = 100

export function ticksOf({ minElectionMs, maxElectionMs, heartbeatMs }: Timing): Ticks {
  const tickMs = Math.max(TICK_MS_MIN, Math.min(TICK_MS_MAX, heartbeatMs, minElectionMs / 5))
  const heartbeatTicks = Math.max(1, Math.floor(heartbeatMs / tickMs))
  const electionTicks = Math.max(heartbeatTicks + 1, Math.ceil(minElectionMs / tickMs))
  const electionTicksMax = Math.max(electionTicks, Math.ceil(maxElectionMs / tickMs))
  return { tickMs, electionTicks, electionTicksMax, heartbeatTicks, checkQuorumTicks: electionTicksMax }
}
