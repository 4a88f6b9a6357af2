import fc from 'fast-check'
import t from 'tap'
import { Changer } from '../../../src/consensus/core/changer.js'
import {
  type ConfChangeStep,
  ConfChangeType,
  decodeConfChange,
  encodeConfChange,
  Transition
} from '../../../src/consensus/core/conf-change.js'
import { restoreConfig } from '../../../src/consensus/core/restore.js'
import { ProgressTracker } from '../../../src/consensus/core/tracker.js'
import type { ConfState, NodeId } from '../../../src/consensus/core/types.js'
import { describeProgress } from '../../conformance/confchange/describe-progress.js'

const RUNS = 1000
const LAST_INDEX = 10
const LIMITS = { inflightMessagesMax: 10, inflightBytesMax: 1000 }
/** A voter that no change touches: there is always one left. */
const ANCHOR: NodeId = 100

const type = fc.constantFrom(...Object.values(ConfChangeType))
const step: fc.Arbitrary<ConfChangeStep> = fc.record({ type, node: fc.integer({ min: 0, max: 8 }) })
const steps = fc.array(step, { maxLength: 12 })
const changerOf = (tracker: ProgressTracker) => new Changer(tracker, LAST_INDEX)
const describe = (tracker: ProgressTracker) => `${tracker.config}\n${describeProgress(tracker)}`

function oneByOne(start: ProgressTracker, changes: readonly ConfChangeStep[]): ProgressTracker {
  return changes.reduce((tracker, change) => changerOf(tracker).simple([change]), start)
}

function jointly(
  start: ProgressTracker,
  changes: readonly ConfChangeStep[],
  transition: number
): ProgressTracker {
  return changerOf(changerOf(start).enterJoint({ transition, changes })).leaveJoint()
}

const add = (node: NodeId) => ({ type: ConfChangeType.addVoter, node })
const learn = (node: NodeId) => ({ type: ConfChangeType.addLearner, node })
const remove = (node: NodeId) => ({ type: ConfChangeType.removeNode, node })

t.test('C08 changes one by one and in one joint step come to the same', async t => {
  const property = fc.property(steps, steps, (before, changes) => {
    const start = oneByOne(ProgressTracker.empty(LIMITS), [add(ANCHOR), ...before])
    const expected = describe(oneByOne(start, changes))
    for (const transition of [Transition.jointImplicit, Transition.jointExplicit]) {
      if (describe(jointly(start, changes, transition)) !== expected) return false
    }
    return true
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: RUNS }))
})

t.test('C08 a change leaves the configuration that it started from as it was', async t => {
  const property = fc.property(steps, steps, (before, changes) => {
    const start = oneByOne(ProgressTracker.empty(LIMITS), [add(ANCHOR), ...before])
    const text = describe(start)
    jointly(start, changes, Transition.jointImplicit)
    oneByOne(start, changes)
    return describe(start) === text
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: RUNS }))
})

/** What a member may be; `next`: a voter of the outgoing half that becomes a learner. */
const PARTS = ['none', 'voter', 'learner', 'outgoing', 'both', 'next'] as const

const confState: fc.Arbitrary<ConfState> = fc
  .record({
    parts: fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 9 }),
    wantsAutoLeave: fc.boolean()
  })
  .map(({ parts, wantsAutoLeave }) => {
    const ids = (...wanted: string[]) => parts.flatMap((part, i) => (wanted.includes(part) ? [i + 1] : []))
    const outgoing = ids('outgoing', 'both', 'next')
    return {
      voters: [...ids('voter', 'both'), ANCHOR],
      outgoing,
      learners: ids('learner'),
      learnersNext: ids('next'),
      autoLeave: wantsAutoLeave && outgoing.length > 0
    }
  })

/** The way to a stored configuration by changes alone. */
function byChanges({ voters, outgoing, learners, learnersNext, autoLeave }: ConfState): ProgressTracker {
  const empty = ProgressTracker.empty(LIMITS)
  if (outgoing.length === 0) return oneByOne(empty, [...voters.map(add), ...learners.map(learn)])
  return changerOf(oneByOne(empty, outgoing.map(add))).enterJoint({
    transition: autoLeave ? Transition.jointImplicit : Transition.jointExplicit,
    changes: [...outgoing.map(remove), ...voters.map(add), ...learners.map(learn), ...learnersNext.map(learn)]
  })
}

t.test('C08 a stored configuration comes back as it was, and as changes would have made it', async t => {
  const property = fc.property(confState, conf => {
    const restored = restoreConfig(conf, LAST_INDEX, LIMITS)
    return (
      JSON.stringify(restored.config.toConfState()) === JSON.stringify(conf) &&
      describe(restored) === describe(byChanges(conf))
    )
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: RUNS }))
})

t.test('a change survives its encoding', async t => {
  const change = fc.record({
    transition: fc.constantFrom(...Object.values(Transition)),
    changes: fc.array(fc.record({ type, node: fc.integer({ min: 0, max: 2 ** 32 - 1 }) })),
    context: fc.uint8Array().map(bytes => Buffer.from(bytes))
  })
  fc.assert(
    fc.property(change, sent => {
      t.same(decodeConfChange(encodeConfChange(sent)), sent)
    }),
    { numRuns: 200 }
  )
})
