import type { Message } from './message.js'
import type { Raft } from './raft.js'
import { Role } from './types.js'

/**
 * Votes and denials carry a committed position. Without it a node that may not lead any more, but has the longer log, denies every
 * vote, and the one that may lead never learns of the configuration in which it could (etcd #10563, raft-rs #411).
 */
export function attachCommit(raft: Raft, message: Message): void {
  if (!raft.options.commitInVotes) return
  message.voteCommit = raft.log.committed
  message.voteCommitTerm = raft.log.term(raft.log.committed) ?? 0
}

/**
 * A commit claim is a fact in every term, and by log matching the prefix below an equal entry is equal (Raft §5.3). It counts also
 * from a lower term: who has gone ahead in vain may need it to learn of the configuration in which it could lead.
 */
export function learnCommit(raft: Raft, { voteCommit, voteCommitTerm }: Message): void {
  const { log } = raft
  if (raft.role === Role.leader || voteCommit <= log.committed || voteCommitTerm === 0) return
  if (!log.matches(voteCommit, voteCommitTerm)) return
  log.commitTo(voteCommit)
  const isCampaigning = raft.role === Role.candidate || raft.role === Role.preCandidate
  if (isCampaigning && log.hasUnappliedConfChange) raft.becomeFollower(raft.term, 0)
}
