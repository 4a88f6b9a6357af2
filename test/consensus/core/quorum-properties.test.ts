import fc from 'fast-check'
import t from 'tap'
import { jointCommitted, jointVote } from '../../../src/consensus/core/joint.js'
import { majorityCommitted, majorityVote, VoteResult } from '../../../src/consensus/core/majority.js'
import type { Index, NodeId } from '../../../src/consensus/core/types.js'
import { countedCommitted } from '../../conformance/quorum/second-algorithm.js'

const RUNS = 50_000

const id = fc.integer({ min: 1, max: 10 })
const half = fc.array(id, { maxLength: 9 }).map(ids => new Set(ids))
const acknowledgements = fc.array(fc.tuple(id, fc.integer({ min: 0, max: 12 }))).map(pairs => new Map(pairs))
const answers = fc.array(fc.tuple(id, fc.boolean())).map(pairs => new Map(pairs))

function check<A, B, C>(
  arbitraries: [fc.Arbitrary<A>, fc.Arbitrary<B>, fc.Arbitrary<C>],
  holds: (a: A, b: B, c: C) => boolean
): void {
  const [a, b, c] = arbitraries
  fc.assert(fc.property(a, b, c, holds), { numRuns: RUNS })
}

t.test('C08 the committed index of a quorum is what counting finds, too', async t => {
  t.doesNotThrow(() =>
    check([half, half, acknowledgements], (incoming, outgoing, known) => {
      const acknowledged = (id: NodeId) => known.get(id)
      const first = countedCommitted(incoming, acknowledged)
      const second = countedCommitted(outgoing, acknowledged)
      return (
        majorityCommitted(incoming, acknowledged) === first &&
        jointCommitted(incoming, outgoing, acknowledged) === Math.min(first, second)
      )
    })
  )
})

t.test('C08 more acknowledgements never lower the committed index', async t => {
  t.doesNotThrow(() =>
    check([half, acknowledgements, fc.tuple(id, fc.nat(5))], (voters, known, [one, more]) => {
      const before = (id: NodeId) => known.get(id)
      const after = (id: NodeId): Index | undefined =>
        id === one ? (known.get(id) ?? 0) + more : known.get(id)
      return majorityCommitted(voters, after) >= majorityCommitted(voters, before)
    })
  )
})

t.test('C08 an election is decided exactly when the missing answers can not change it', async t => {
  t.doesNotThrow(() =>
    check([half, half, answers], (incoming, outgoing, known) => {
      const of = (id: NodeId) => known.get(id)
      return (
        majorityVote(incoming, of) === outcome([incoming], known) &&
        jointVote(incoming, outgoing, of) === outcome([incoming, outgoing], known)
      )
    })
  )
})

/** The worst and the best that the missing answers can make of it. */
function outcome(halves: readonly ReadonlySet<NodeId>[], known: ReadonlyMap<NodeId, boolean>): VoteResult {
  const isWonWith = (missing: boolean) =>
    halves.every(voters => {
      const granted = [...voters].filter(id => known.get(id) ?? missing).length
      return voters.size === 0 || granted * 2 > voters.size
    })
  if (isWonWith(false)) return VoteResult.won
  return isWonWith(true) ? VoteResult.pending : VoteResult.lost
}
