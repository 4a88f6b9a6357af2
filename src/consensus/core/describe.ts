import type { Message } from './message.js'
import { messageName } from './names.js'
import type { Raft } from './raft.js'

/** The sentences of Raft's customary library about a node and its vote, in which logs are read and compared. */
export function describeStart({ hex, tracker, term, log }: Raft): string {
  const peers = tracker.voterIds().map(id => id.toString(16))
  const { committed, applied, lastIndex, lastTerm } = log
  return `newRaft ${hex} [peers: [${peers.join(',')}], term: ${term}, commit: ${committed}, applied: ${applied}, lastindex: ${lastIndex}, lastterm: ${lastTerm}]`
}

export function describeVote(raft: Raft, verb: string, { type, from, logTerm, index }: Message): string {
  const { lastTerm, lastIndex } = raft.log
  return `${raft.hex} [logterm: ${lastTerm}, index: ${lastIndex}, vote: ${raft.vote.toString(16)}] ${verb} ${messageName(type)} from ${from.toString(16)} [logterm: ${logTerm}, index: ${index}] at term ${raft.term}`
}

export function describeLease({ options, electionElapsed }: Raft): string {
  return `lease is not expired (remaining ticks: ${options.electionTicks - electionElapsed})`
}
