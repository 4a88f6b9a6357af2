/** Counters since the start, and gauges; plain numbers that anybody may read. */
export class ConsensusMetrics {
  proposals = 0
  refusedProposals = 0
  appliedEntries = 0
  leaderChanges = 0
  /** Messages that told a peer nothing but a commit index. */
  commitNotices = 0
  failedGroups = 0
  droppedMessages = 0
  misdirectedMessages = 0
  receivedMessages = 0
  /** Ticks that were left out because the process had stood still. */
  missedTicks = 0
  stalls = 0
  longestStallMs = 0
  transfersStarted = 0
  transfersFailed = 0
  snapshotsSent = 0
  snapshotsReceived = 0
  snapshotsFailed = 0
  digestMismatches = 0
}
