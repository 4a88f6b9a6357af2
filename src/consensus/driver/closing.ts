import { reasonOf } from '../../kernel/index.js'
import type { NodeId } from '../core/index.js'
import type { DriverContext } from './context.js'
import { GroupFailedError, NotStoredError } from './errors.js'
import type { Group } from './group.js'
import { findTarget, transferLeadership } from './leadership.js'
import { until } from './waiting.js'

const FOR_EVER_MS = 2 ** 31 - 1

/** All together within a bound; meanwhile proposals wait, and then learn who leads. */
export async function handOverAll(groups: readonly Group[], context: DriverContext): Promise<void> {
  await Promise.race([
    Promise.all(groups.map(group => handOver(group, context))),
    new Promise<void>(resolve => context.after(context.timing.closeTimeoutMs, resolve))
  ])
}

/** Sees that what was proposed is answered, then lets go of the groups. */
export async function finishGroups(groups: readonly Group[]): Promise<void> {
  await Promise.all(groups.map(group => settle(group)))
  for (const group of groups) {
    group.pending.refuseWaiting(() => beingStopped(group.id))
    group.close(new GroupFailedError(`replication group ${group.id} is not running`))
  }
}

/** Another node may take it. */
export function beingStopped(group: number): NotStoredError {
  return new NotStoredError(group, 'this node is being stopped')
}

/** To one member after the other, until one takes it. */
async function handOver(group: Group, { logger, now, timing }: DriverContext): Promise<void> {
  const untilMs = now() + timing.closeTimeoutMs
  const tried = new Set<NodeId>()
  while (group.failure === undefined && group.isLeader && now() < untilMs) {
    const target = findTarget(group, tried)
    if (target === undefined) return
    tried.add(target)
    const node = group.peers.nodeOf(target)
    try {
      await transferLeadership(group, node)
    } catch (error) {
      logger.info({ group: group.id, node, reason: reasonOf(error) }, 'leadership was not handed over')
    }
  }
}

/** What this node decides by itself is finished in any case, the rest within a bound. */
async function settle(group: Group): Promise<void> {
  const isSettled = () => group.failure !== undefined || (group.pending.count === 0 && !group.isBusy)
  const { closeTimeoutMs } = group.context.timing
  const isAlone = group.isSoleVoter && group.context.writer.refusal === undefined
  await until(group, isAlone ? FOR_EVER_MS : closeTimeoutMs, isSettled)
}
