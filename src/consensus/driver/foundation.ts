import { StorageDamagedError } from '../../storage/index.js'
import { EMPTY_CONF_STATE, EMPTY_HARD_STATE, type Entry, type HardState, type Index } from '../core/index.js'
import type { GroupPosition, Membership } from '../ports.js'
import type { DriverContext } from './context.js'
import { DigestChain } from './digest.js'
import { costOf } from './entry-tail.js'
import {
  foundingEntries,
  isConfChange,
  isEmptyConf,
  ownIdIn,
  soleMembership,
  withGate
} from './membership.js'

/** What a group starts from. */
export interface Foundation {
  readonly position: GroupPosition
  readonly membership: Membership
  readonly hardState: HardState
  /** The founding members' entries, of a group that is new: not in the log yet. */
  readonly founding: readonly Entry[]
  /** Entries above the position, when there is room for all of them in memory. */
  readonly kept: readonly Entry[]
  readonly confIndexes: readonly Index[]
}

type FoundationContext = Pick<DriverContext, 'log' | 'limits' | 'node'>

/** Share of the cache that a start may fill with entries that it is about to apply. */
const KEPT_SHARE = 2

export async function foundationOf(
  group: number,
  position: GroupPosition,
  context: FoundationContext
): Promise<Foundation> {
  const { log, node } = context
  if (position.index === 0 && log.lastIndex(group) === 0) return newGroup(group, position, context)
  const scan = await scanLog(group, position.index, context)
  const membership = membershipAt(position, scan.confEntries, node)
  const stored = log.hardState(group) ?? EMPTY_HARD_STATE
  checkNothingLost(group, position, { membership, stored, last: log.lastIndex(group) })
  return {
    position,
    membership,
    hardState: { ...stored, term: Math.max(stored.term, position.term) },
    founding: [],
    kept: scan.kept,
    confIndexes: scan.confEntries.map(({ index }) => index)
  }
}

/** Alone, together with the other founders, or waiting for a leader who adds this node. */
function newGroup(group: number, position: GroupPosition, { log, node }: FoundationContext): Foundation {
  const membership = withGate(position.membership ?? soleMembership(node))
  const stored = log.hardState(group) ?? EMPTY_HARD_STATE
  const founding = isEmptyConf(membership.conf) ? [] : foundingEntries(membership)
  const last = founding.at(-1)
  if (last === undefined) {
    return { position, membership, hardState: stored, founding, kept: [], confIndexes: [] }
  }
  const { index, term } = last
  return {
    position: { ...position, index, term, digest: DigestChain.atStart(founding) },
    membership,
    hardState: { term: Math.max(term, stored.term), vote: stored.vote, commit: index },
    founding,
    kept: [],
    confIndexes: []
  }
}

/** A log that begins with its founding members tells them itself. */
function membershipAt(
  { index, membership }: GroupPosition,
  confEntries: readonly Entry[],
  node: string
): Membership {
  if (index > 0 || confEntries[0]?.index !== 1) return withGate(membership ?? soleMembership(node))
  const self = membership?.self ?? ownIdIn(confEntries, node) ?? 1
  return { self, conf: EMPTY_CONF_STATE, members: membership?.members ?? [] }
}

/** A member that has lost what it promised must not vote: the others could lose what is committed. */
function checkNothingLost(
  group: number,
  position: GroupPosition,
  { membership, stored, last }: { membership: Membership; stored: HardState; last: Index }
): void {
  const remedy =
    'Restore this node from a backup of all its directories, or remove its data and let it join again as a new member'
  if (stored.commit > last) {
    throw new StorageDamagedError(
      `The log of replication group ${group} ends at ${last}, before ${stored.commit}, which was committed. ${remedy}`
    )
  }
  if (membership.members.length > 1 && stored.term < position.term) {
    throw new StorageDamagedError(
      `Replication group ${group} has a state of term ${position.term}, but its log knows only term ${stored.term}: the journal was lost. ${remedy}`
    )
  }
}

interface LogScan {
  readonly confEntries: readonly Entry[]
  readonly kept: readonly Entry[]
}

/** Looks for configuration entries above the applied one; what fits is kept, so that it is not read again to be applied. */
async function scanLog(group: number, applied: Index, { log, limits }: FoundationContext): Promise<LogScan> {
  const last = log.lastIndex(group)
  const confEntries: Entry[] = []
  const kept: Entry[] = []
  let room = limits.cacheBytesMax / KEPT_SHARE
  for (let next = Math.max(applied + 1, log.firstIndex(group)); next <= last; ) {
    const entries = await log.entries(group, next, last, limits.loadBytesMax)
    if (entries.length === 0) break
    for (const entry of entries) {
      room -= costOf(entry)
      if (room >= 0) kept.push(entry)
      if (isConfChange(entry)) confEntries.push(entry)
    }
    next += entries.length
  }
  return { confEntries, kept: room >= 0 ? kept : [] }
}
