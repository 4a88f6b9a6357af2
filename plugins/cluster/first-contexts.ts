import { ADMIN_CONTEXT, ADMIN_GROUP, type Contexts, type Replication } from '../../src/cluster/index.js'
import type { Clock, Logger } from '../../src/kernel/index.js'

const RETRY_MS = 100
const DEFAULT_CONTEXT = 'default'

/** Makes the first contexts of a new group of nodes, once this node leads it; nothing when another did. */
export function makeFirstContexts(
  contexts: Contexts,
  { replication, node, clock, log }: { replication: Replication; node: string; clock: Clock; log: Logger }
): void {
  const again = () => clock.after(RETRY_MS, attempt)
  const attempt = () => {
    const infos = contexts.list()
    if (infos.some(({ context }) => context === DEFAULT_CONTEXT)) return
    if (replication.leaderOf(ADMIN_GROUP) !== node) {
      again()
      return
    }
    contexts.initialise([DEFAULT_CONTEXT]).catch((error: unknown) => {
      log.debug({ error }, `the log of ${ADMIN_CONTEXT} does not take the first contexts yet`)
      again()
    })
  }
  attempt()
}
