import { type Entry, type Index, NONE, type NodeId, type SnapshotMeta, type Term } from './types.js'

/** Numbers are part of the peer protocol: never renumber. */
export const MessageType = {
  hup: 0,
  beat: 1,
  propose: 2,
  append: 3,
  appendResponse: 4,
  vote: 5,
  voteResponse: 6,
  snapshot: 7,
  heartbeat: 8,
  heartbeatResponse: 9,
  unreachable: 10,
  snapshotStatus: 11,
  checkQuorum: 12,
  transferLeader: 13,
  timeoutNow: 14,
  readIndex: 15,
  readIndexResponse: 16,
  preVote: 17,
  preVoteResponse: 18,
  storageAppend: 19,
  storageAppendResponse: 20,
  storageApply: 21,
  storageApplyResponse: 22,
  forgetLeader: 23
} as const
export type MessageType = (typeof MessageType)[keyof typeof MessageType]

export const NO_ENTRIES: readonly Entry[] = []
export const NO_MESSAGES: readonly Message[] = []

/** All messages have one shape, with all fields set, so that the hot path stays monomorphic. */
export class Message {
  term: Term = 0
  logTerm: Term = 0
  index: Index = 0
  commit: Index = 0
  vote: NodeId = NONE
  reject = false
  /** On a rejected append response: where the logs may agree (its term is `logTerm`). */
  hint: Index = 0
  /** On heartbeats and their responses: the newest read request that the answer confirms. */
  readSequence = 0
  /** On read requests and their answers: the requester's own number. */
  context = 0
  /** On votes: a transfer of leadership, which neither waits for a lease nor asks first. */
  force = false
  /** On votes and denials: a committed entry of the sender, by its index and term. */
  voteCommit: Index = 0
  voteCommitTerm: Term = 0
  entries: readonly Entry[] = NO_ENTRIES
  snapshot: SnapshotMeta | undefined = undefined
  /** On storage requests: what to deliver once they are done. */
  responses: readonly Message[] = NO_MESSAGES

  constructor(
    readonly type: MessageType,
    public to: NodeId = NONE,
    public from: NodeId = NONE
  ) {}
}

const LOCAL: ReadonlySet<number> = new Set([
  MessageType.hup,
  MessageType.beat,
  MessageType.unreachable,
  MessageType.snapshotStatus,
  MessageType.checkQuorum,
  MessageType.storageAppend,
  MessageType.storageAppendResponse,
  MessageType.storageApply,
  MessageType.storageApplyResponse,
  MessageType.forgetLeader
])

const RESPONSES: ReadonlySet<number> = new Set([
  MessageType.appendResponse,
  MessageType.voteResponse,
  MessageType.heartbeatResponse,
  MessageType.unreachable,
  MessageType.readIndexResponse,
  MessageType.preVoteResponse,
  MessageType.storageAppendResponse,
  MessageType.storageApplyResponse
])

/** Never comes from another node. */
export function isLocal(type: MessageType): boolean {
  return LOCAL.has(type)
}

export function isResponse(type: MessageType): boolean {
  return RESPONSES.has(type)
}

export function isVoteRequest(type: MessageType): boolean {
  return type === MessageType.vote || type === MessageType.preVote
}

/** Promises something about the disk: leaves only after the write that contains it. */
export function isAfterAppend(type: MessageType): boolean {
  return (
    type === MessageType.appendResponse ||
    type === MessageType.voteResponse ||
    type === MessageType.preVoteResponse
  )
}
