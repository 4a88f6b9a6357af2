import type { ConsensusOptions, Timing } from '../../src/consensus/index.js'
import type { Settings } from '../../src/kernel/index.js'

const PREFIX = 'axoniq.axonserver.replication'

/** What the properties say about replication. Throws in words where they contradict each other. */
export function consensusSettings(
  settings: Settings
): Pick<
  ConsensusOptions,
  'timing' | 'limits' | 'minActiveBackups' | 'replicationRoundsMax' | 'transfer' | 'raft'
> {
  return {
    timing: timingOf(settings),
    limits: {
      queueBytesMax: settings.number('myelin.journal.queue-bytes-max'),
      batchBytesMax: settings.number('myelin.journal.batch-bytes-max')
    },
    minActiveBackups: settings.number(`${PREFIX}.min-active-backups`),
    replicationRoundsMax: settings.number(`${PREFIX}.max-replication-round`),
    transfer: { windowPieces: settings.number(`${PREFIX}.snapshot-flow-buffer`) },
    raft: { inflightMessagesMax: settings.number(`${PREFIX}.flow-buffer`) }
  }
}

function timingOf(settings: Settings): Partial<Timing> {
  const minElectionMs = settings.number(`${PREFIX}.min-election-timeout`)
  const maxElectionMs = settings.number(`${PREFIX}.max-election-timeout`)
  const heartbeatMs = settings.number(`${PREFIX}.heartbeat-timeout`)
  if (maxElectionMs < minElectionMs) {
    refuse(`max-election-timeout is ${maxElectionMs} ms, less than min-election-timeout, ${minElectionMs} ms`)
  }
  if (heartbeatMs >= minElectionMs) {
    refuse(
      `heartbeat-timeout is ${heartbeatMs} ms; it must be less than min-election-timeout, ${minElectionMs} ms`
    )
  }
  const waitForLeaderMs = settings.number(`${PREFIX}.wait-for-leader-timeout`)
  return {
    minElectionMs,
    maxElectionMs,
    waitForLeaderMs: waitForLeaderMs < 0 ? maxElectionMs : waitForLeaderMs,
    heartbeatMs,
    commitNoticeMs: settings.number('myelin.raft.commit-notice-delay'),
    initialElectionMs: settings.number(`${PREFIX}.initial-election-timeout`)
  }
}

function refuse(reason: string): never {
  throw new Error(`${PREFIX}: ${reason}`)
}
