import {
  type ConfChange,
  ConfChangeType,
  type ConfState,
  decodeConfChange,
  EMPTY_CONF_STATE,
  type Entry,
  EntryKind,
  encodeConfChange,
  type Index,
  isMember,
  type NodeId,
  Transition
} from '../core/index.js'
import type { Member, Membership } from '../ports.js'

/** What travels in the context of a configuration change, as JSON: the table that holds once it is applied. */
export interface MembershipTable {
  readonly members: readonly Member[]
  readonly removed?: readonly NodeId[]
  readonly rules?: number
}

export function encodeTable(table: MembershipTable): Buffer {
  return Buffer.from(JSON.stringify(table), 'utf8')
}

export function decodeTable(context: Buffer): MembershipTable | undefined {
  return context.length === 0 ? undefined : (JSON.parse(context.toString('utf8')) as MembershipTable)
}

/** The only member, before anybody joins. */
export function soleMembership(node: string): Membership {
  return {
    self: 1,
    conf: { ...EMPTY_CONF_STATE, voters: [1] },
    members: [{ id: 1, node, role: 'PRIMARY', priority: 0 }]
  }
}

export function isSoleVoter({ self, conf }: Membership): boolean {
  return conf.voters.length === 1 && conf.voters[0] === self && conf.outgoing.length === 0
}

export function isEmptyConf({ voters, learners }: ConfState): boolean {
  return voters.length === 0 && learners.length === 0
}

/**
 * A configuration change is applied. Who leaves with a joint configuration decides, and has to be reached, until it is left: only
 * then is it no member any more, and removed.
 */
export function afterChange(before: Membership, conf: ConfState, change: ConfChange): Membership {
  const table = decodeTable(change.context)
  const { self } = before
  const isIn = ({ id }: Member) => isMember(conf, id)
  const wanted = table?.members ?? before.members.filter(isIn)
  const leaving = before.members.filter(member => isIn(member) && !wanted.some(({ id }) => id === member.id))
  const gone = table === undefined ? before.members.filter(member => !isIn(member)).map(({ id }) => id) : []
  const members = [...wanted, ...leaving]
  const removed = [...(table?.removed ?? before.removed ?? []), ...gone].filter(id => !isMember(conf, id))
  const rules = table?.rules ?? before.rules
  const gate = gateOf(conf, members, before.gate)
  return {
    self,
    conf,
    members,
    ...(gate.length === 0 ? {} : { gate }),
    ...(removed.length === 0 ? {} : { removed }),
    ...(rules === undefined ? {} : { rules })
  }
}

/** As it is at the start of a group; while a configuration is joint, its gate was stored with it. */
export function withGate(membership: Membership): Membership {
  const { conf, members } = membership
  const gate = gateOf(conf, members, membership.gate)
  return gate.length === 0 ? membership : { ...membership, gate }
}

/**
 * Active backups that are learners. In a joint configuration those from before still count: it is left first. One that was removed
 * is gone at once, and could never acknowledge anything.
 */
function gateOf(
  conf: ConfState,
  members: readonly Member[],
  before: readonly NodeId[] = []
): readonly NodeId[] {
  if (conf.outgoing.length > 0) return before.filter(id => isMember(conf, id))
  return members
    .filter(({ id, role }) => role === 'ACTIVE_BACKUP' && conf.learners.includes(id))
    .map(({ id }) => id)
}

const FOUNDING_TERM = 1

/** The first entries of a group's log: its founding members, so that whoever joins later learns them from the log. */
export function foundingEntries({ conf, members }: Membership): Entry[] {
  const context = encodeTable({ members })
  const steps = [
    ...conf.voters.map(node => ({ type: ConfChangeType.addVoter, node })),
    ...conf.learners.map(node => ({ type: ConfChangeType.addLearner, node }))
  ]
  return steps.map((step, i) => ({
    index: i + 1,
    term: FOUNDING_TERM,
    kind: EntryKind.confChange,
    data: encodeConfChange({ transition: Transition.auto, changes: [step], context })
  }))
}

export function isConfChange({ kind }: Pick<Entry, 'kind'>): boolean {
  return kind !== EntryKind.normal
}

/** What the configuration entries of a log say about a node of this name: the id of its last joining. */
export function ownIdIn(entries: readonly Entry[], node: string): NodeId | undefined {
  let found: NodeId | undefined
  for (const { data } of entries) {
    const members = decodeTable(decodeConfChange(data).context)?.members ?? []
    found = members.find(member => member.node === node)?.id ?? found
  }
  return found
}

export function memberById({ members }: Membership, id: NodeId): Member | undefined {
  return members.find(member => member.id === id)
}

export interface Position {
  readonly index: Index
  readonly term: number
}
