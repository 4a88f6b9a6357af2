import type { Message } from '../../../../src/consensus/core/message.js'
import { message } from './messages.js'
import type { NodeOptions } from './node-options.js'
import { node, type TestNode } from './test-node.js'

/** A leader at term 1 whose first entry everybody has; the tests give the answers of the others. */
export function leaderOf(size: number, options: NodeOptions = {}): TestNode {
  const voters = Array.from({ length: size }, (_, i) => i + 1)
  const leader = node({ voters, ...options }).becomeLeader()
  for (const from of voters.slice(1))
    leader.answer(message('appendResponse', { from, to: 1, term: 1, index: 1 }))
  return leader
}

/** A peer has seen this round of heartbeats. */
export function confirmRound(leader: TestNode, from: number, readSequence: number): Message[] {
  return leader.answer(message('heartbeatResponse', { from, to: 1, term: leader.raft.term, readSequence }))
}
