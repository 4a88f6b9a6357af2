import { jointCommitted } from './joint.js'
import { Message, MessageType } from './message.js'
import type { Raft, StepError } from './raft.js'
import type { ReadRequest } from './read-queue.js'
import { broadcastHeartbeat } from './replication.js'
import { NONE } from './types.js'

/** A read request at the leader (Raft dissertation §6.4). */
export function handleReadIndex(raft: Raft, request: Message): StepError | undefined {
  if (raft.earlyReads.length + raft.reads.length >= raft.options.waitingReadsMax) return 'dropped'
  // Until an entry of its own term is committed, a leader does not know what is committed; nor does one that is alone.
  if (!raft.hasCommittedInTerm) raft.earlyReads.push(request)
  else startRead(raft, request)
  return undefined
}

export function releaseEarlyReads(raft: Raft): void {
  if (raft.earlyReads.length === 0 || !raft.hasCommittedInTerm) return
  const requests = raft.earlyReads
  raft.earlyReads = []
  for (const request of requests) startRead(raft, request)
}

function startRead(raft: Raft, { from, context }: Message): void {
  const requester = from === NONE ? raft.id : from
  const { committed } = raft.log
  if (raft.tracker.isSingleton || holdsLease(raft)) {
    answer(raft, { sequence: 0, index: committed, from: requester, context })
    return
  }
  raft.reads.add(committed, requester, context)
  broadcastHeartbeat(raft)
}

/** Only rounds that were sent in time count, and a transfer ends it: an election by its order does not wait for leases. */
function holdsLease(raft: Raft): boolean {
  return raft.options.leaseReads && raft.lease.holds(confirmedSequence(raft))
}

export function confirmReads(raft: Raft, peer: number, sequence: number): void {
  if (raft.reads.length === 0 && !raft.options.leaseReads) return
  raft.reads.confirm(peer, sequence)
  answerConfirmed(raft)
}

/** Also when the configuration has changed: fewer may be needed now. */
export function answerConfirmed(raft: Raft): void {
  if (raft.reads.length === 0) return
  for (const request of raft.reads.take(confirmedSequence(raft))) answer(raft, request)
}

function confirmedSequence(raft: Raft): number {
  const { voters, outgoing } = raft.tracker.config
  return jointCommitted(voters, outgoing, id =>
    id === raft.id ? raft.reads.lastSequence : raft.reads.confirmedBy(id)
  )
}

function answer(raft: Raft, { index, from, context }: ReadRequest): void {
  if (from === raft.id) {
    raft.readStates.push({ index, context })
    return
  }
  const response = new Message(MessageType.readIndexResponse, from)
  response.index = index
  response.context = context
  raft.send(response)
}
