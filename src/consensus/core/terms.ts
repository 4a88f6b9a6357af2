import { describeLease, describeVote } from './describe.js'
import { isVoteRequest, Message, MessageType } from './message.js'
import { messageName } from './names.js'
import type { Raft } from './raft.js'
import { installed } from './storage-responses.js'
import { NONE } from './types.js'
import { attachCommit, learnCommit } from './vote-commit.js'

/** Raft §5.1, a message of a higher term. False: it is to be ignored completely. */
export function meetHigherTerm(raft: Raft, message: Message): boolean {
  const { type, term, from } = message
  if (isVoteRequest(type) && !message.force && hearsLeader(raft)) {
    // A leader is known and was heard of within the shortest election timeout: nobody may disturb it (Raft dissertation §4.2.3).
    raft.trace.info(() => `${describeVote(raft, 'ignored', message)}: ${describeLease(raft)}`)
    return false
  }
  // Neither the question nor the consent changes a term: it is the candidate who raises it once a majority consents.
  if (type === MessageType.preVote || (type === MessageType.preVoteResponse && !message.reject)) return true
  raft.trace.info(
    () =>
      `${raft.hex} [term: ${raft.term}] received a ${messageName(type)} message with higher term from ${from.toString(16)} [term: ${term}]`
  )
  const isFromLeader =
    type === MessageType.append || type === MessageType.heartbeat || type === MessageType.snapshot
  raft.becomeFollower(term, isFromLeader ? from : NONE)
  return true
}

/** Raft §5.1, a message of a lower term: its sender learns of this one where that helps, and nothing else of it counts. */
export function answerLowerTerm(raft: Raft, message: Message): void {
  const { checkQuorum, preVote } = raft.options
  const { type, from } = message
  learnCommit(raft, message)
  if ((checkQuorum || preVote) && (type === MessageType.heartbeat || type === MessageType.append)) {
    // Makes a leader step down that can't be heard otherwise, and frees a candidate that is stuck at a higher term.
    raft.send(new Message(MessageType.appendResponse, from))
  } else if (type === MessageType.preVote) {
    raft.trace.info(() => describeVote(raft, 'rejected', message))
    const denial = new Message(MessageType.preVoteResponse, from)
    denial.term = raft.term
    denial.reject = true
    attachCommit(raft, denial)
    raft.send(denial)
  } else if (type === MessageType.storageAppendResponse) {
    // Written by a batch of an earlier term: meanwhile other entries may stand there.
    if (message.index !== 0) {
      raft.trace.info(
        () =>
          `${raft.hex} [term: ${raft.term}] ignored entry appends from a MsgStorageAppendResp message with lower term [term: ${message.term}]`
      )
    }
    if (message.snapshot !== undefined) installed(raft, message.snapshot)
  } else {
    raft.trace.info(
      () =>
        `${raft.hex} [term: ${raft.term}] ignored a ${messageName(type)} message with lower term from ${from.toString(16)} [term: ${message.term}]`
    )
  }
}

/** A lease must hold also against who has forgotten its leader, by a restart or a higher term. At term 0 there was none. */
function hearsLeader({ options, leader, term, electionElapsed }: Raft): boolean {
  const mayOweLease = leader !== NONE || (options.leaseReads && term > 0)
  return options.checkQuorum && mayOweLease && electionElapsed < options.electionTicks
}
