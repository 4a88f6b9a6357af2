/** Identifies one membership of a node in a group: 1..2^32-1, never given twice, also not after a removal. */
export type NodeId = number
export type Index = number
export type Term = number

export const NONE: NodeId = 0
/** Receivers of the messages that ask for storage writes and for applying (raft with asynchronous storage writes). */
export const APPEND_THREAD: NodeId = -1
export const APPLY_THREAD: NodeId = -2

/** No limit, for numbers of bytes and entries. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER

/** Part of the log's format: never renumber. */
export const EntryKind = { normal: 0, confChangeV1: 1, confChange: 2 } as const

export interface Entry {
  readonly index: Index
  readonly term: Term
  /** One of `EntryKind`. */
  readonly kind: number
  readonly data: Buffer
}

/** What must be on disk before the messages that promise it leave (Raft §5.1, figure 2: persistent state). */
export interface HardState {
  readonly term: Term
  readonly vote: NodeId
  readonly commit: Index
}

export interface SoftState {
  readonly leader: NodeId
  readonly role: Role
}

/** A group's configuration as it is stored; `outgoing` is not empty while the configuration is joint. */
export interface ConfState {
  readonly voters: readonly NodeId[]
  readonly outgoing: readonly NodeId[]
  readonly learners: readonly NodeId[]
  /** Voters of the outgoing half that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[]
  readonly autoLeave: boolean
}

/** The state that replaces a prefix of the log. Its content is moved by the driver, which knows it by the position. */
export interface SnapshotMeta {
  readonly index: Index
  readonly term: Term
  readonly conf: ConfState
}

/** The answer to a read request: what is committed at `index` was committed before the request. */
export interface ReadState {
  readonly index: Index
  /** The requester's own number. */
  readonly context: number
}

export const Role = { follower: 0, candidate: 1, leader: 2, preCandidate: 3 } as const
export type Role = (typeof Role)[keyof typeof Role]

export const EMPTY_HARD_STATE: HardState = { term: 0, vote: NONE, commit: 0 }
export const EMPTY_CONF_STATE: ConfState = {
  voters: [],
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false
}

/** Of either half of a joint configuration, voting or not. */
export function isMember({ voters, outgoing, learners }: ConfState, id: NodeId): boolean {
  return voters.includes(id) || outgoing.includes(id) || learners.includes(id)
}

export function isEmptyHardState({ term, vote, commit }: HardState): boolean {
  return term === 0 && vote === NONE && commit === 0
}

export function sameHardState(a: HardState, b: HardState): boolean {
  return a.term === b.term && a.vote === b.vote && a.commit === b.commit
}

/** Bytes of an entry in Raft's customary protobuf form. All limits are in these bytes. */
export function entrySize({ index, term, data }: Entry): number {
  const payload = data.length === 0 ? 0 : 1 + varintSize(data.length) + data.length
  return 4 + varintSize(term) + varintSize(index) + payload
}

/** What counts towards the limit of uncommitted bytes. */
export function payloadSize(entries: readonly Entry[]): number {
  let bytes = 0
  for (const { data } of entries) bytes += data.length
  return bytes
}

/** The longest prefix within `bytesMax`, at least one entry. */
export function limitSize(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  if (bytesMax >= UNLIMITED) return entries
  let bytes = 0
  for (let i = 0; i < entries.length; i++) {
    bytes += entrySize(entries[i]!)
    if (bytes > bytesMax && i > 0) return entries.slice(0, i)
  }
  return entries
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}
