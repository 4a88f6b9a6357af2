import { jointCommitted, jointVote } from '../../../src/consensus/core/joint.js'
import { majorityCommitted, majorityVote, VoteResult } from '../../../src/consensus/core/majority.js'
import { type Index, type NodeId, UNLIMITED } from '../../../src/consensus/core/types.js'
import type { ScriptHandler } from '../script/replay.js'
import type { Directive } from '../script/script.js'
import { ScriptError } from '../script/script-error.js'
import { drawQuorum } from './drawing.js'
import { type QuorumCase, readQuorumCase } from './quorum-case.js'
import { countedCommitted } from './second-algorithm.js'

/** `committed` and `vote`: the arithmetic of majorities, without a cluster. Every result is checked in a second way. */
export class QuorumHandler implements ScriptHandler {
  handle({ command, args }: Directive): string {
    const quorum = readQuorumCase(args)
    const values = command === 'vote' ? quorum.votes : quorum.indexes
    if (quorum.ids.length !== values.length) {
      const voters = [...quorum.ids].sort((a, b) => a - b).map(id => id.toString(16))
      return `error: mismatched input (explicit or _) for voters (${voters.join(' ')}): [${values.join(' ')}]\n`
    }
    if (command === 'vote') return vote(quorum)
    if (command === 'committed') return committed(quorum)
    throw new ScriptError(`unknown command ${command}`)
  }
}

function committed(quorum: QuorumCase): string {
  const known = byVoter(quorum.ids, quorum.indexes, Number)
  const acknowledged = (id: NodeId) => known.get(id)
  const { incoming, outgoing } = quorum
  const union = new Set([...incoming, ...(outgoing ?? [])])
  const drawing = drawQuorum(union, known)
  if (outgoing === undefined) {
    const index = majorityCommitted(incoming, acknowledged)
    return `${drawing}${checkMajority(incoming, known, index)}${describeIndex(index)}\n`
  }
  const index = jointCommitted(incoming, outgoing, acknowledged)
  const swapped = jointCommitted(outgoing, incoming, acknowledged)
  return `${drawing}${difference(index, swapped, 'via symmetry')}${describeIndex(index)}\n`
}

/** Lines only where ways to the same result disagree. */
function checkMajority(voters: ReadonlySet<NodeId>, known: ReadonlyMap<NodeId, Index>, index: Index): string {
  const acknowledged = (id: NodeId) => known.get(id)
  let lines = difference(index, countedCommitted(voters, acknowledged), 'via alternative computation')
  lines += difference(index, jointCommitted(voters, new Set(), acknowledged), 'via zero-joint quorum')
  lines += difference(index, jointCommitted(voters, voters, acknowledged), 'via self-joint quorum')
  for (const id of voters) {
    const own = known.get(id) ?? 0
    if (own === 0 || own >= index) continue
    // Already below: lowering it further can't matter.
    for (const lower of [own - 1, 0]) {
      const lowered = majorityCommitted(voters, other => (other === id ? lower : known.get(other)))
      lines += difference(index, lowered, `overlaying ${id}->${lower}`)
    }
  }
  return lines
}

function difference(index: Index, other: Index, way: string): string {
  return other === index ? '' : `${describeIndex(other)} <-- ${way}\n`
}

const VOTE_NAMES: Record<VoteResult, string> = {
  [VoteResult.pending]: 'VotePending',
  [VoteResult.lost]: 'VoteLost',
  [VoteResult.won]: 'VoteWon'
}

function vote({ ids, votes, incoming, outgoing }: QuorumCase): string {
  const known = byVoter(ids, votes, value => value === 'y')
  const of = (id: NodeId) => known.get(id)
  if (outgoing === undefined) return `${VOTE_NAMES[majorityVote(incoming, of)]}\n`
  const result = VOTE_NAMES[jointVote(incoming, outgoing, of)]
  const swapped = VOTE_NAMES[jointVote(outgoing, incoming, of)]
  return `${swapped === result ? '' : `${swapped} <-- via symmetry\n`}${result}\n`
}

/** `_` uses up a value and leaves its voter unknown. */
function byVoter<T>(
  ids: readonly NodeId[],
  values: readonly string[],
  read: (value: string) => T
): Map<NodeId, T> {
  const known = new Map<NodeId, T>()
  ids.forEach((id, i) => {
    if (values[i] !== '_') known.set(id, read(values[i]!))
  })
  return known
}

function describeIndex(index: Index): string {
  return index === UNLIMITED ? '∞' : String(index)
}
