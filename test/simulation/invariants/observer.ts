import type { GroupConfig } from '../../../src/consensus/core/group-config.js'
import type { Raft } from '../../../src/consensus/core/raft.js'
import {
  type Entry,
  EntryKind,
  type Index,
  type NodeId,
  Role,
  type Term
} from '../../../src/consensus/core/types.js'
import { demand } from '../world/violation.js'
import { AppliedLog } from './applied-log.js'
import { type DurableLog, holds } from './durable-log.js'
import { KnownLog } from './known-log.js'
import { checkProgress } from './progress-rules.js'
import { type GateInForce, isGatePassed, isMajorityOfBoth, quorumIndex } from './quorum-rules.js'

interface Seen {
  term: Term
  commit: Index
  applied: Index
  first: Index
  role: number
  gate: GateInForce
}

export interface ObserverOptions {
  /** The disk of a node, also while it is down. */
  disk(node: NodeId): DurableLog | undefined
  isBackup(node: NodeId): boolean
  readonly entryBytesMax: number
}

/**
 * Sees all memories and all disks, and checks after every step what testing.md §2 calls S1 to S10 and W1 to W7. (In the words of
 * Raft's TLA+ specification: LogInv, MoreThanOneLeaderInv, ElectionSafetyInv, LogMatchingInv, QuorumLogInv,
 * LeaderCompletenessInv, CommittedIsDurableInv.)
 */
export class Observer {
  readonly known = new KnownLog()
  readonly applied = new AppliedLog(this.known)
  elections = 0
  readonly #seen = new Map<NodeId, Seen>()
  readonly #leaders = new Map<Term, NodeId>()
  readonly #votes = new Map<NodeId, Map<Term, NodeId>>()
  readonly #diskTerms = new Map<NodeId, { term: Term; commit: Index }>()

  constructor(private readonly options: ObserverOptions) {}

  started(raft: Raft, disk: DurableLog): void {
    const { id, term } = raft
    demand(
      term >= disk.hardState.term,
      'S5',
      () => `node ${id} starts with term ${term}, on disk is ${disk.hardState.term}`
    )
    demand(raft.log.committed >= disk.hardState.commit, 'S5', () => {
      return `node ${id} starts with commit ${raft.log.committed}, on disk is ${disk.hardState.commit}`
    })
    this.#seen.set(id, {
      term,
      commit: raft.log.committed,
      applied: raft.log.applied,
      first: raft.log.firstIndex,
      role: raft.role,
      gate: { ...raft.gate }
    })
  }

  /** After every step of a node. */
  observe(raft: Raft): void {
    const seen = this.#seen.get(raft.id)!
    const { term, role, log } = raft
    this.#checkMonotonic(raft, seen)
    if (role === Role.leader && (seen.role !== Role.leader || seen.term !== term)) this.#elected(raft)
    if (log.committed > seen.commit) this.#committed(raft, seen)
    if (role === Role.leader) this.#checkLeader(raft)
    seen.term = term
    seen.commit = log.committed
    seen.applied = log.applied
    seen.first = log.firstIndex
    seen.role = role
    if (role === Role.leader) seen.gate = { members: raft.gate.members, required: raft.gate.required }
  }

  /** Entries on their way to the disk; `previousTerm` is the term of the entry before them. */
  stored(entries: readonly Entry[], previousTerm: Term | undefined): void {
    if (entries.length > 0) this.known.saw(entries, previousTerm)
  }

  /** S5 and S6, and guard c (A10, A11), when a batch is on disk. */
  persisted(node: NodeId, disk: DurableLog, confEntriesAboveCommit: number): void {
    const { term, vote, commit } = disk.hardState
    const before = this.#diskTerms.get(node) ?? { term: 0, commit: 0 }
    demand(
      term >= before.term,
      'S5',
      () => `the disk of node ${node} goes from term ${before.term} to ${term}`
    )
    demand(
      commit >= before.commit,
      'S5',
      () => `the disk of node ${node} goes from commit ${before.commit} to ${commit}`
    )
    this.#diskTerms.set(node, { term, commit })
    if (vote !== 0) this.#voted(node, term, vote)
    demand(confEntriesAboveCommit <= 1, 'A11', () => {
      return `the disk of node ${node} has ${confEntriesAboveCommit} configuration entries above commit ${commit}`
    })
  }

  /** W4: what is handed out to be applied is on the node's own disk. */
  handedToApply(node: NodeId, entries: readonly Entry[], disk: DurableLog): void {
    for (const { index, term } of entries) {
      demand(
        holds(disk, index, term),
        'W4',
        () => `node ${node} is to apply ${index}, which is not on its disk`
      )
    }
  }

  #checkMonotonic(raft: Raft, seen: Seen): void {
    const { id, term, log } = raft
    demand(term >= seen.term, 'S5', () => `node ${id} goes from term ${seen.term} to ${term}`)
    demand(
      log.committed >= seen.commit,
      'S5',
      () => `node ${id} goes from commit ${seen.commit} to ${log.committed}`
    )
    demand(
      log.applied >= seen.applied,
      'S5',
      () => `node ${id} goes from applied ${seen.applied} to ${log.applied}`
    )
    demand(
      log.firstIndex >= seen.first,
      'S5',
      () => `node ${id} goes from first ${seen.first} to ${log.firstIndex}`
    )
    const { applied, applying, committed, lastIndex, firstIndex } = log
    // The state machine may be ahead of what the core was told, and its checkpoint with it.
    const isOrdered =
      firstIndex <= applying + 1 && applied <= applying && applying <= committed && committed <= lastIndex
    demand(isOrdered || log.hasPendingSnapshot, 'A2', () => {
      return `node ${id}: first ${firstIndex}, applied ${applied}, applying ${applying}, commit ${committed}, last ${lastIndex}`
    })
  }

  #elected(raft: Raft): void {
    const { id, term, tracker } = raft
    this.elections++
    const before = this.#leaders.get(term)
    demand(
      before === undefined || before === id,
      'S1',
      () => `nodes ${before} and ${id} both lead in term ${term}`
    )
    this.#leaders.set(term, id)
    demand(isVoter(tracker.config, id), 'S9', () => `node ${id} leads and is no voter`)
    const hasVoted = (node: NodeId) => {
      const hard = this.options.disk(node)?.hardState
      return hard !== undefined && (hard.term > term || (hard.term === term && hard.vote === id))
    }
    demand(isMajorityOfBoth(tracker.config, hasVoted), 'W3', () => {
      return `node ${id} leads in term ${term} without a majority of votes on disk`
    })
    this.known.checkCompleteness(term, raft.log.firstIndex, index => raft.log.term(index))
  }

  #committed(raft: Raft, seen: Seen): void {
    const { id, term, log, role } = raft
    if (role === Role.leader) this.#checkCommit(raft, seen.gate)
    else {
      demand(log.committed <= this.known.committedIndex, 'S4', () => {
        return `node ${id} commits ${log.committed}, no leader has committed more than ${this.known.committedIndex}`
      })
    }
    for (let index = Math.max(seen.commit + 1, log.firstIndex); index <= log.committed; index++) {
      const own = log.term(index)
      demand(own !== undefined, 'S4', () => `node ${id} has no term for its committed entry ${index}`)
      this.known.commit(index, own, term)
    }
  }

  #checkCommit(raft: Raft, gateBefore: GateInForce): void {
    const { id, term, log, tracker } = raft
    const commit = log.committed
    const quorum = quorumIndex(tracker)
    demand(
      log.term(quorum) === term,
      'W1',
      () => `leader ${id} of term ${term} commits ${commit} by counting an old term`
    )
    demand(
      commit <= quorum,
      'W1',
      () => `leader ${id} commits ${commit}, a quorum has acknowledged ${quorum}`
    )
    const entryTerm = log.term(commit)!
    const isStored = (node: NodeId) => {
      const disk = this.options.disk(node)
      return disk !== undefined && holds(disk, commit, entryTerm)
    }
    demand(isMajorityOfBoth(tracker.config, isStored), 'W2', () => {
      return `leader ${id} of term ${term} commits ${commit}, which is not on the disks of a majority`
    })
    // A step that changes the configuration decides by the gate before it and leaves the gate after it.
    const isPassed = [gateBefore, raft.gate].some(gate => isGatePassed(gate, isStored))
    demand(
      isPassed,
      'W2',
      () => `leader ${id} commits ${commit}, which is not on the disks of enough backups`
    )
  }

  #checkLeader(raft: Raft): void {
    const { tracker, log, id } = raft
    demand(isVoter(tracker.config, id), 'S9', () => `node ${id} leads and is no voter`)
    demand(!this.options.isBackup(id) || !tracker.config.learners.has(id), 'S9', () => `backup ${id} leads`)
    const pending = log.confIndexes.filter(index => index > log.committed).length
    demand(pending <= 1, 'S9', () => `leader ${id} has ${pending} configuration changes under way`)
    checkProgress(raft, this.options.entryBytesMax)
  }

  #voted(node: NodeId, term: Term, vote: NodeId): void {
    const votes = this.#votes.get(node) ?? new Map<Term, NodeId>()
    this.#votes.set(node, votes)
    const before = votes.get(term)
    demand(before === undefined || before === vote, 'S6', () => {
      return `node ${node} votes for ${before} and for ${vote} in term ${term}`
    })
    votes.set(term, vote)
  }
}

/** Also one that will be gone when the joint configuration is left. */
function isVoter({ voters, outgoing }: GroupConfig, id: NodeId): boolean {
  return voters.has(id) || outgoing.has(id)
}

export function countConfEntries(entries: readonly Entry[]): number {
  return entries.filter(({ kind }) => kind !== EntryKind.normal).length
}
