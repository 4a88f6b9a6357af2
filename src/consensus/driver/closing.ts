import type { DriverContext } from './context.js'
import { GroupFailedError } from './errors.js'
import type { Group } from './group.js'
import { findTarget, transferLeadership } from './leadership.js'
import { until } from './waiting.js'
import { words } from './words.js'

/** Hands leaderships over, sees that what was proposed is answered, then lets go of the groups. */
export async function closeGroups(groups: readonly Group[], context: DriverContext): Promise<void> {
  await Promise.all(groups.map(group => settle(group)))
  await Promise.all(groups.map(group => handOver(group, context)))
  await Promise.all(groups.map(group => settle(group)))
  for (const group of groups)
    group.close(new GroupFailedError(`replication group ${group.id} is not running`))
}

/** What this node alone decides is finished in any case, the rest within a bound. */
async function settle(group: Group): Promise<void> {
  const isSettled = () => group.failure !== undefined || (group.pending.count === 0 && !group.isBusy)
  const { closeTimeoutMs } = group.context.timing
  const isAlone = group.isSoleVoter && group.context.writer.full === undefined
  await until(group, isAlone ? FOR_EVER_MS : closeTimeoutMs, isSettled)
}

async function handOver(group: Group, { logger }: DriverContext): Promise<void> {
  if (group.failure !== undefined || !group.isLeader || findTarget(group) === undefined) return
  try {
    await transferLeadership(group)
  } catch (error) {
    logger.info({ group: group.id, reason: words(error) }, 'leadership was not handed over')
  }
}

const FOR_EVER_MS = 2 ** 31 - 1
