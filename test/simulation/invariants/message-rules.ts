import { isLocal, type Message, MessageType } from '../../../src/consensus/core/message.js'
import { messageName } from '../../../src/consensus/core/names.js'
import type { NodeId } from '../../../src/consensus/core/types.js'
import { demand } from '../world/violation.js'
import type { DurableLog } from './durable-log.js'

const WITHOUT_TERM: ReadonlySet<number> = new Set([MessageType.propose, MessageType.readIndex])

/** W6, at the moment a message leaves: the term is there on the kinds that need it, and what it promises is on disk. */
export function checkMessage(message: Message, sender: NodeId, disk: DurableLog): void {
  const { type, from, to, term } = message
  const name = () => `${messageName(type)} from ${from} to ${to} at term ${term}`
  demand(!isLocal(type), 'W6', () => `${name()} left its node`)
  // (`from` is another one on a request that is passed on.)
  demand(to !== sender && to > 0, 'W6', () => `${name()} is addressed to nobody else`)
  // A request that waits for its leader carries no term.
  if (!WITHOUT_TERM.has(type))
    demand(term > 0 || type === MessageType.transferLeader, 'W6', () => `${name()} has no term`)
  if (type === MessageType.appendResponse && !message.reject) checkAcknowledgement(message, disk, name)
  else if (type === MessageType.voteResponse && !message.reject) checkVote(message, disk, name)
  else if (type === MessageType.vote) checkCandidacy(message, disk, name)
}

/**
 * A batch of a later term may have replaced the entry before the answer left; then whoever leads that term was elected without this
 * node's vote or has the entry, and the answer is no more than a late one.
 */
function checkAcknowledgement({ index, term }: Message, disk: DurableLog, name: () => string): void {
  const isStillOfTerm = disk.hardState.term === term
  demand(
    !isStillOfTerm || disk.lastIndex >= index,
    'W6',
    () => `${name()} confirms ${index}, on disk is ${disk.lastIndex}`
  )
  demand(disk.hardState.term >= term, 'W6', () => `${name()}, but term ${disk.hardState.term} is on disk`)
}

function checkVote({ term, to }: Message, { hardState }: DurableLog, name: () => string): void {
  const isOnDisk = hardState.term > term || (hardState.term === term && hardState.vote === to)
  demand(isOnDisk, 'W6', () => `${name()}, on disk is a vote for ${hardState.vote} at term ${hardState.term}`)
}

/** Otherwise it could stand in the same term again after a crash, with another log (seed 2602). */
function checkCandidacy({ term, from }: Message, { hardState }: DurableLog, name: () => string): void {
  const isOnDisk = hardState.term > term || (hardState.term === term && hardState.vote === from)
  demand(isOnDisk, 'W6', () => `${name()}, on disk is term ${hardState.term}`)
}
