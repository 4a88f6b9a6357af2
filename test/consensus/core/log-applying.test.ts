import t from 'tap'
import { InvariantError } from '../../../src/consensus/core/invariant.js'
import type { RaftLog } from '../../../src/consensus/core/log.js'
import type { Index, Term } from '../../../src/consensus/core/types.js'
import { confState, entries, node, snapshotMeta } from './support/harness.js'

const SNAPSHOT_AT = (index: Index, term: Term) => snapshotMeta(index, term, confState([1, 2, 3]))

/** Snapshot at 3, entries 4 to 6 of term 1, the first of them stored unless said, committed up to 5. */
function applying({
  stored = 4,
  applyBytesMax = 100
}: {
  stored?: number
  applyBytesMax?: number
} = {}): RaftLog {
  const member = node({ snapshot: SNAPSHOT_AT(3, 1), applyBytesMax })
  const { log } = member.raft
  log.append(entries(4, 1, 1, 1))
  // On the disk anyway; whether it counts as stored is for the confirmations to say.
  member.disk.append(entries(4, 1, 1, 1, 1))
  log.stableTo(stored, 1)
  log.commitTo(5)
  return log
}

t.test(
  'L03 handed out for applying: committed, stored unless told otherwise, once, and nothing while paused',
  async t => {
    interface Row {
      applied: number
      applying: number
      isAllowed: boolean
      isPaused?: true
      hasSnapshot?: true
      found: Index[]
    }
    const rows: Row[] = [
      { applied: 3, applying: 3, isAllowed: true, found: [4, 5] },
      { applied: 3, applying: 4, isAllowed: true, found: [5] },
      { applied: 3, applying: 5, isAllowed: true, found: [] },
      { applied: 4, applying: 4, isAllowed: true, found: [5] },
      { applied: 4, applying: 5, isAllowed: true, found: [] },
      { applied: 5, applying: 5, isAllowed: true, found: [] },
      { applied: 3, applying: 3, isAllowed: false, found: [4] },
      { applied: 3, applying: 4, isAllowed: false, found: [] },
      { applied: 4, applying: 4, isAllowed: false, found: [] },
      { applied: 4, applying: 5, isAllowed: false, found: [] },
      { applied: 5, applying: 5, isAllowed: false, found: [] },
      { applied: 3, applying: 3, isAllowed: true, isPaused: true, found: [] },
      { applied: 3, applying: 3, isAllowed: false, isPaused: true, found: [] },
      { applied: 3, applying: 3, isAllowed: true, hasSnapshot: true, found: [] }
    ]
    for (const { applied, applying: handedOut, isAllowed, isPaused, hasSnapshot, found } of rows) {
      const log = applying()
      log.appliedTo(applied, 0)
      log.acceptApplying(handedOut, isPaused ? 100 : 0, isAllowed)
      // Handing out less than there is waits for its report; here only bytes are to do that.
      if (!isPaused) log.appliedTo(applied, 0)
      if (hasSnapshot) log.restore(SNAPSHOT_AT(10, 2))
      const words = JSON.stringify({ applied, handedOut, isAllowed, isPaused, hasSnapshot })
      t.equal(log.hasNextCommitted(isAllowed), found.length > 0, words)
      t.same(
        log.nextCommitted(isAllowed).map(({ index }) => index),
        found,
        words
      )
    }
  }
)

t.test(
  'L04 applying pauses at the bound of bytes, also where a slice was cut, and resumes without an underflow',
  async t => {
    const bound = 100
    const rows: [index: Index, isAllowed: boolean, bytes: number, isPaused: boolean][] = [
      [4, true, bound - 1, true],
      [4, true, bound, true],
      [4, true, bound + 1, true],
      [5, true, bound - 1, false],
      [5, true, bound, true],
      [5, true, bound + 1, true],
      [3, true, 0, true],
      [3, true, bound, true],
      [3, true, bound + 1, true],
      [3, false, bound - 1, true],
      [3, false, bound, true],
      [3, false, bound + 1, true],
      [4, false, bound - 1, false],
      [4, false, bound, true],
      [4, false, bound + 1, true],
      [5, false, bound - 1, false],
      [5, false, bound, true],
      [5, false, bound + 1, true]
    ]
    for (const [index, isAllowed, bytes, isPaused] of rows) {
      const log = applying()
      log.acceptApplying(index, bytes, isAllowed)
      // Now there is more for sure.
      log.stableTo(6, 1)
      log.commitTo(6)
      t.equal(log.hasNextCommitted(isAllowed), !isPaused, `up to ${index}, ${bytes} bytes, ${isAllowed}`)
    }
    const over = bound + 5
    const reports: [index: Index, bytes: number, isPaused: boolean][] = [
      [4, 4, true],
      [4, 5, true],
      [4, 6, false],
      [4, over, false],
      [5, 4, true],
      [5, 5, true],
      [5, 6, false],
      [5, over * 3, false]
    ]
    for (const [index, bytes, isPaused] of reports) {
      const log = applying({ stored: 6 })
      log.acceptApplying(5, over, false)
      log.appliedTo(index, bytes)
      log.commitTo(6)
      t.equal(log.hasNextCommitted(false), !isPaused, `reported up to ${index}, ${bytes} bytes`)
      t.equal(log.applied, index)
      // What was reported too much must not become credit.
      log.appliedTo(5, over)
      log.acceptApplying(6, bound, false)
      log.append(entries(7, 1))
      log.stableTo(7, 1)
      log.commitTo(7)
      t.notOk(log.hasNextCommitted(false), 'the bound is what it was')
    }
    t.throws(() => applying().appliedTo(6, 0), InvariantError, 'above the commit')
    t.throws(() => applying().acceptApplying(6, 0, true), InvariantError)
    const log = applying()
    log.appliedTo(5, 0)
    t.throws(() => log.appliedTo(4, 0), InvariantError, 'backwards')
  }
)
