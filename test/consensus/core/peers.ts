import type { Message } from '../../../src/consensus/core/message.js'
import type { Progress } from '../../../src/consensus/core/progress.js'
import type { Index, NodeId } from '../../../src/consensus/core/types.js'
import { message, nameOf, type TestNode } from './support/harness.js'

/** A peer of `leader` has everything up to `index`; what the leader sends then. */
export function ack(leader: TestNode, from: NodeId, index: Index): Message[] {
  return leader.answer(message('appendResponse', { from, term: leader.raft.term, index }))
}

/** A peer has no match at `index`; the logs may agree at `hint`. */
export function refuse(
  leader: TestNode,
  from: NodeId,
  index: Index,
  hint: { index: Index; term: number }
): Message[] {
  const { term } = leader.raft
  return leader.answer(
    message('appendResponse', { from, term, index, reject: true, hint: hint.index, logTerm: hint.term })
  )
}

export function heartbeatAnswer(leader: TestNode, from: NodeId): Message[] {
  return leader.answer(message('heartbeatResponse', { from, term: leader.raft.term }))
}

export function progressOf(leader: TestNode, id: NodeId): Progress {
  const progress = leader.raft.tracker.progress.get(id)
  if (progress === undefined) throw new Error(`no progress for ${id}`)
  return progress
}

/** Brings a peer into the state in which appends follow each other without waiting. */
export function replicating(leader: TestNode, ...peers: NodeId[]): TestNode {
  for (const id of peers) ack(leader, id, leader.raft.log.lastIndex)
  return leader.settle()
}

/** Messages of one type, to one peer when given. */
export function only(messages: readonly Message[], type: string, to?: NodeId): Message[] {
  return messages.filter(each => nameOf(each.type) === type && (to === undefined || each.to === to))
}

/** `prev@term [entries]` */
export function describeAppend({ index, logTerm, entries }: Message): string {
  return `${index}@${logTerm} [${entries.map(entry => `${entry.index}@${entry.term}`).join(' ')}]`
}
