import { handleVoteResponse } from '../election.js'
import { type Message, MessageType } from '../message.js'
import { roleName } from '../names.js'
import type { Raft, StepError } from '../raft.js'
import { Role } from '../types.js'
import { handleAppend, handleHeartbeat, handleSnapshot } from './follower.js'

/** Raft §5.2, Candidates. Somebody who leads in this term has won: follow. */
export function stepCandidate(raft: Raft, message: Message): StepError | undefined {
  const awaited = raft.role === Role.preCandidate ? MessageType.preVoteResponse : MessageType.voteResponse
  switch (message.type) {
    case MessageType.propose:
      raft.trace.info(() => `${raft.hex} no leader at term ${raft.term}; dropping proposal`)
      return 'dropped'
    case MessageType.append:
      raft.becomeFollower(message.term, message.from)
      handleAppend(raft, message)
      return undefined
    case MessageType.heartbeat:
      raft.becomeFollower(message.term, message.from)
      handleHeartbeat(raft, message)
      return undefined
    case MessageType.snapshot:
      raft.becomeFollower(message.term, message.from)
      handleSnapshot(raft, message)
      return undefined
    case awaited:
      handleVoteResponse(raft, message)
      return undefined
    case MessageType.readIndex:
      return 'dropped'
    case MessageType.timeoutNow:
      raft.trace.debug(
        () =>
          `${raft.hex} [term ${raft.term} state ${roleName(raft.role)}] ignored MsgTimeoutNow from ${message.from.toString(16)}`
      )
      return undefined
    default:
      return undefined
  }
}
