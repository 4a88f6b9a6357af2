import { describeVote } from './describe.js'
import { VoteResult } from './majority.js'
import { Message, MessageType } from './message.js'
import { messageName } from './names.js'
import type { Raft } from './raft.js'
import { broadcastAppend } from './replication.js'
import { NONE, type NodeId, Role } from './types.js'
import { attachCommit, learnCommit } from './vote-commit.js'

/** `transfer`: asked to by the leader, so nobody's lease stands against it and nobody has to be asked first. */
export type Campaign = 'preElection' | 'election' | 'transfer'

/** The wish to lead: by timeout, or because the leader hands over. */
export function hup(raft: Raft, campaign: Campaign): void {
  if (raft.role === Role.leader) {
    raft.trace.debug(() => `${raft.hex} ignoring MsgHup because already leader`)
    return
  }
  if (!raft.isPromotable) {
    raft.trace.warn(() => `${raft.hex} is unpromotable and can not campaign`)
    return
  }
  if (raft.log.hasUnappliedConfChange) {
    raft.trace.warn(
      () =>
        `${raft.hex} cannot campaign at term ${raft.term} since there are still pending configuration changes to apply`
    )
    return
  }
  raft.trace.info(() => `${raft.hex} is starting a new election at term ${raft.term}`)
  startCampaign(raft, campaign)
}

/** Raft §5.2; the pre-election of the dissertation's §9.6 asks at the next term without going there. */
export function startCampaign(raft: Raft, campaign: Campaign): void {
  const isPreElection = campaign === 'preElection'
  if (isPreElection) raft.becomePreCandidate()
  else raft.becomeCandidate()
  const term = isPreElection ? raft.term + 1 : raft.term
  for (const id of raft.tracker.voterIds()) {
    if (id === raft.id) voteForSelf(raft, isPreElection, term)
    else requestVote(raft, id, { campaign, term })
  }
}

/** Counts only once the term and the vote are on disk: it comes back like any other answer. */
function voteForSelf(raft: Raft, isPreElection: boolean, term: number): void {
  const vote = new Message(isPreElection ? MessageType.preVoteResponse : MessageType.voteResponse, raft.id)
  vote.term = term
  raft.send(vote)
}

function requestVote(raft: Raft, to: NodeId, { campaign, term }: { campaign: Campaign; term: number }): void {
  const type = campaign === 'preElection' ? MessageType.preVote : MessageType.vote
  const { lastIndex, lastTerm } = raft.log
  raft.trace.info(
    () =>
      `${raft.hex} [logterm: ${lastTerm}, index: ${lastIndex}] sent ${messageName(type)} request to ${to.toString(16)} at term ${raft.term}`
  )
  const request = new Message(type, to)
  request.term = term
  request.index = lastIndex
  request.logTerm = lastTerm
  request.force = campaign === 'transfer'
  attachCommit(raft, request)
  raft.send(request)
}

/** Raft figure 2, RequestVote. Learners answer too: the candidate may know a newer configuration. */
export function handleVoteRequest(raft: Raft, request: Message): void {
  learnCommit(raft, request)
  const { type, from, term, index, logTerm } = request
  const isPreVote = type === MessageType.preVote
  const isFree =
    raft.vote === from || (raft.vote === NONE && raft.leader === NONE) || (isPreVote && term > raft.term)
  const response = new Message(isPreVote ? MessageType.preVoteResponse : MessageType.voteResponse, from)
  if (isFree && raft.log.isUpToDate(index, logTerm)) {
    raft.trace.info(() => describeCast(raft, request))
    // Consent to a pre-vote speaks of the term that the candidate would have, not of ours.
    response.term = term
    raft.send(response)
    if (!isPreVote) {
      raft.electionElapsed = 0
      raft.vote = from
    }
    return
  }
  raft.trace.info(() => describeVote(raft, 'rejected', request))
  response.term = raft.term
  response.reject = true
  attachCommit(raft, response)
  raft.send(response)
}

/** An answer to this node's own campaign. */
export function handleVoteResponse(raft: Raft, response: Message): void {
  const { from, type, reject } = response
  if (reject) {
    learnCommit(raft, response)
    // It became a follower, because it does not know yet who may vote.
    if (raft.role !== Role.candidate && raft.role !== Role.preCandidate) return
  }
  const verdict = reject ? ' rejection' : ''
  raft.trace.info(
    () => `${raft.hex} received ${messageName(type)}${verdict} from ${from.toString(16)} at term ${raft.term}`
  )
  raft.tracker.recordVote(from, !reject)
  const { granted, rejected, result } = raft.tracker.tallyVotes()
  raft.trace.info(
    () => `${raft.hex} has received ${granted} ${messageName(type)} votes and ${rejected} vote rejections`
  )
  if (result === VoteResult.lost) raft.becomeFollower(raft.term, NONE)
  else if (result === VoteResult.won) winElection(raft)
}

function winElection(raft: Raft): void {
  if (raft.role === Role.preCandidate) {
    startCampaign(raft, 'election')
    return
  }
  raft.becomeLeader()
  broadcastAppend(raft)
}

function describeCast(raft: Raft, { type, from, logTerm, index }: Message): string {
  const { lastTerm, lastIndex } = raft.log
  const own = `[logterm: ${lastTerm}, index: ${lastIndex}, vote: ${raft.vote.toString(16)}]`
  return `${raft.hex} ${own} cast ${messageName(type)} for ${from.toString(16)} [logterm: ${logTerm}, index: ${index}] at term ${raft.term}`
}
