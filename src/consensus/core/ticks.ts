import { completeAutoLeave } from './membership.js'
import { Message, MessageType } from './message.js'
import type { Raft } from './raft.js'
import { NONE, Role } from './types.js'

/** Raft §5.2: randomness keeps several followers from standing at the same time. */
export function drawElectionTimeout({ electionTicks, electionTicksMax, random }: Raft['options']): number {
  return electionTicks + Math.floor(random() * (electionTicksMax - electionTicks + 1))
}

export function tickElection(raft: Raft): void {
  raft.electionElapsed++
  if (!raft.isPromotable || raft.electionElapsed < raft.randomizedElectionTimeout) return
  raft.electionElapsed = 0
  raft.step(new Message(MessageType.hup, NONE, raft.id))
}

export function tickLeader(raft: Raft): void {
  const { options } = raft
  raft.heartbeatElapsed++
  raft.electionElapsed++
  raft.quorumElapsed++
  raft.lease.tick()
  if (raft.quorumElapsed >= options.checkQuorumTicks) {
    raft.quorumElapsed = 0
    if (options.checkQuorum) raft.step(new Message(MessageType.checkQuorum, NONE, raft.id))
  }
  if (raft.electionElapsed >= options.electionTicks) {
    raft.electionElapsed = 0
    // A transfer that did not succeed within an election timeout is given up (Raft dissertation §3.10).
    if (raft.role === Role.leader) raft.abortTransfer()
    // It has refused all proposals, also the one that leaves a joint configuration.
    completeAutoLeave(raft)
  }
  if (raft.role !== Role.leader || raft.heartbeatElapsed < options.heartbeatTicks) return
  raft.heartbeatElapsed = 0
  raft.step(new Message(MessageType.beat, NONE, raft.id))
}
