import { hup } from '../election.js'
import { restoreSnapshot } from '../membership.js'
import { Message, MessageType } from '../message.js'
import type { Raft, StepError } from '../raft.js'
import { NONE } from '../types.js'

export function stepFollower(raft: Raft, message: Message): StepError | undefined {
  switch (message.type) {
    case MessageType.propose:
      return forwardProposal(raft, message)
    case MessageType.append:
      hearLeader(raft, message)
      handleAppend(raft, message)
      return undefined
    case MessageType.heartbeat:
      hearLeader(raft, message)
      handleHeartbeat(raft, message)
      return undefined
    case MessageType.snapshot:
      hearLeader(raft, message)
      handleSnapshot(raft, message)
      return undefined
    case MessageType.transferLeader:
      return forward(raft, message, 'dropping leader transfer msg')
    case MessageType.forgetLeader:
      forgetLeader(raft)
      return undefined
    case MessageType.timeoutNow:
      raft.trace.info(
        () =>
          `${raft.hex} [term ${raft.term}] received MsgTimeoutNow from ${message.from.toString(16)} and starts an election to get leadership.`
      )
      hup(raft, 'transfer')
      return undefined
    case MessageType.readIndex:
      return forward(raft, message, 'dropping index reading msg')
    case MessageType.readIndexResponse:
      raft.readStates.push({ index: message.index, context: message.context })
      return undefined
    default:
      return undefined
  }
}

function hearLeader(raft: Raft, { from }: Message): void {
  raft.electionElapsed = 0
  raft.leader = from
}

function forwardProposal(raft: Raft, message: Message): StepError | undefined {
  if (raft.leader !== NONE && !raft.options.proposalForwarding) {
    raft.trace.info(
      () =>
        `${raft.hex} not forwarding to leader ${raft.leader.toString(16)} at term ${raft.term}; dropping proposal`
    )
    return 'dropped'
  }
  return forward(raft, message, 'dropping proposal')
}

function forward(raft: Raft, message: Message, verb: string): StepError | undefined {
  if (raft.leader === NONE) {
    raft.trace.info(() => `${raft.hex} no leader at term ${raft.term}; ${verb}`)
    return 'dropped'
  }
  const forwarded = new Message(message.type, raft.leader, message.from)
  forwarded.entries = message.entries
  forwarded.context = message.context
  raft.send(forwarded)
  return undefined
}

/** The leader is known to be gone: grant pre-votes at once instead of waiting for its lease to end. */
function forgetLeader(raft: Raft): void {
  if (raft.options.leaseReads) {
    raft.trace.error(() => 'ignoring MsgForgetLeader due to ReadOnlyLeaseBased')
    return
  }
  if (raft.leader === NONE) return
  raft.trace.info(() => `${raft.hex} forgetting leader ${raft.leader.toString(16)} at term ${raft.term}`)
  raft.leader = NONE
}

/** Raft figure 2, AppendEntries. */
export function handleAppend(raft: Raft, append: Message): void {
  const { log } = raft
  const response = new Message(MessageType.appendResponse, append.from)
  if (append.index < log.committed) {
    // What is committed is known to match: saves the leader a round of probing.
    response.index = log.committed
    raft.send(response)
    return
  }
  const last = log.maybeAppend({ index: append.index, term: append.logTerm }, append.entries, append.commit)
  if (last !== undefined) {
    response.index = last
    raft.send(response)
    return
  }
  raft.trace.debug(
    () =>
      `${raft.hex} [logterm: ${log.term(append.index) ?? 0}, index: ${append.index}] rejected MsgApp [logterm: ${append.logTerm}, index: ${append.index}] from ${append.from.toString(16)}`
  )
  const hint = log.findConflictByTerm(Math.min(append.index, log.lastIndex), append.logTerm)
  response.index = append.index
  response.reject = true
  response.hint = hint.index
  response.logTerm = hint.term
  raft.send(response)
}

export function handleHeartbeat(raft: Raft, { from, commit, readSequence }: Message): void {
  raft.log.commitTo(commit)
  const response = new Message(MessageType.heartbeatResponse, from)
  response.readSequence = readSequence
  raft.send(response)
}

/** Raft §7, InstallSnapshot; the content has come before the message. */
export function handleSnapshot(raft: Raft, { from, snapshot }: Message): void {
  if (snapshot === undefined) return
  const { index, term } = snapshot
  const isRestored = restoreSnapshot(raft, snapshot)
  const verb = isRestored ? 'restored' : 'ignored'
  raft.trace.info(
    () => `${raft.hex} [commit: ${raft.log.committed}] ${verb} snapshot [index: ${index}, term: ${term}]`
  )
  const response = new Message(MessageType.appendResponse, from)
  response.index = isRestored ? raft.log.lastIndex : raft.log.committed
  raft.send(response)
}
