import { type Index, type NodeId, Role, type Term } from '../core/index.js'
import { ProgressState } from '../core/progress.js'
import type { Membership } from '../ports.js'
import type { Group } from './group.js'
import { memberById } from './membership.js'

export interface PeerStatus {
  readonly id: NodeId
  readonly node: string | undefined
  readonly match: Index
  readonly next: Index
  readonly state: 'probe' | 'replicate' | 'snapshot'
  readonly isActive: boolean
  readonly isLearner: boolean
  /** As the member reported last. */
  readonly applied: Index | undefined
}

export interface GroupStatus {
  readonly group: number
  readonly self: NodeId
  readonly role: 'leader' | 'follower' | 'candidate' | 'preCandidate' | 'fatal' | 'removed'
  readonly term: Term
  readonly leaderId: NodeId
  /** Name of the leader's node. */
  readonly leader: string | undefined
  readonly commit: Index
  readonly applied: Index
  readonly first: Index
  readonly last: Index
  readonly isTransferring: boolean
  readonly pendingProposals: number
  readonly pendingReads: number
  readonly gateRequired: number
  readonly membership: Membership
  readonly failure: string | undefined
  /** What a leader knows of the others; empty on everybody else. */
  readonly peers: readonly PeerStatus[]
}

const ROLE_NAMES = {
  [Role.follower]: 'follower',
  [Role.candidate]: 'candidate',
  [Role.leader]: 'leader',
  [Role.preCandidate]: 'preCandidate'
} as const

const STATE_NAMES = {
  [ProgressState.probe]: 'probe',
  [ProgressState.replicate]: 'replicate',
  [ProgressState.snapshot]: 'snapshot'
} as const

export function statusOf(group: Group): GroupStatus {
  const { raft } = group.node
  return {
    group: group.id,
    self: group.self,
    role: roleOf(group),
    term: raft.term,
    leaderId: raft.leader,
    leader: group.leaderNode,
    commit: raft.log.committed,
    applied: group.state.applied.index,
    first: raft.log.firstIndex,
    last: raft.log.lastIndex,
    isTransferring: raft.leadTransferee !== 0,
    pendingProposals: group.pending.count,
    pendingReads: group.reads.count,
    gateRequired: group.peers.gateRequired,
    membership: group.membership,
    failure: group.failure?.message,
    peers: group.isLeader ? peersOf(group) : []
  }
}

function roleOf(group: Group): GroupStatus['role'] {
  if (group.failure !== undefined) return 'fatal'
  return group.isRemoved ? 'removed' : ROLE_NAMES[group.node.raft.role]
}

function peersOf(group: Group): PeerStatus[] {
  const { tracker } = group.node.raft
  return tracker.ids
    .filter(id => id !== group.self)
    .map(id => {
      const { match, next, state, isLearner } = tracker.progress.get(id)!
      return {
        id,
        node: memberById(group.membership, id)?.node,
        match,
        next,
        state: STATE_NAMES[state],
        isActive: group.peers.isActive(id),
        isLearner,
        applied: group.peers.reportOf(id)?.applied
      }
    })
}
