import type { Replication } from '../../src/cluster/index.js'
import { type Consensus, GroupFailedError } from '../../src/consensus/index.js'
import type { Clock } from '../../src/kernel/index.js'

const RETRY_MS = 100

/** The replication groups as contexts see them. */
export function raftReplication(consensus: Consensus, clock: Clock): Replication {
  return {
    leaderOf: group => consensus.status(group)?.leader,
    rolesOf: group =>
      consensus.status(group)?.membership.members.map(({ node, role }) => ({ node, role })) ?? [],
    caughtUp: group => caughtUp(consensus, clock, group)
  }
}

async function caughtUp(consensus: Consensus, clock: Clock, group: number): Promise<void> {
  for (;;) {
    try {
      await consensus.readBarrier(group)
      return
    } catch (error) {
      if (error instanceof GroupFailedError) throw error
      await new Promise<void>(resolve => clock.after(RETRY_MS, resolve))
    }
  }
}
