import type { NodeAndRole } from './context-catalogue.js'

/** What contexts ask of the replication groups when other nodes take part in them. */
export interface Replication {
  /** Name of the leader's node. */
  leaderOf(group: number): string | undefined
  rolesOf(group: number): readonly NodeAndRole[]
  /** Resolves when everything is applied here that was committed before the call; not as long as there is no majority. */
  caughtUp(group: number): Promise<void>
}
