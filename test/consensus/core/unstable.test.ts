import t from 'tap'
import type { RaftLog } from '../../../src/consensus/core/log.js'
import { Trace } from '../../../src/consensus/core/trace.js'
import type { Entry, Index, Term } from '../../../src/consensus/core/types.js'
import { Unstable } from '../../../src/consensus/core/unstable.js'
import { confState, entries, message, node, snapshotMeta } from './support/harness.js'

const SNAPSHOT_AT = (index: Index, term: Term) => snapshotMeta(index, term, confState([1, 2, 3]))

function logOf(...terms: Term[]): RaftLog {
  return node({ terms }).raft.log
}

t.test('L05 a confirmation moves the border only where the entry is the one that was written', async t => {
  const rows: [index: Index, term: Term, offset: Index][] = [
    [1, 1, 2],
    [2, 2, 3],
    [2, 1, 1],
    [3, 1, 1],
    [3, 2, 1],
    [0, 0, 1]
  ]
  for (const [index, term, offset] of rows) {
    const log = logOf()
    log.append(entries(1, 1, 2))
    log.stableTo(index, term)
    t.equal(log.unstable.offset, offset, `${index}@${term}`)
    t.equal(log.unstable.entries.length, 3 - offset)
  }
  const above: [index: Index, term: Term, added: Term[], offset: Index][] = [
    [6, 2, [], 6],
    [5, 2, [], 6],
    [4, 2, [], 6],
    [6, 3, [], 6],
    [5, 3, [], 6],
    [6, 2, [2], 7],
    [5, 2, [2], 6],
    [4, 2, [2], 6],
    [6, 3, [2], 6],
    [5, 3, [2], 6]
  ]
  for (const [index, term, added, offset] of above) {
    const unstable = new Unstable(3, new Trace(undefined))
    unstable.restore(SNAPSHOT_AT(5, 2))
    if (added.length > 0) unstable.truncateAndAppend(entries(6, ...added))
    unstable.stableTo(index, term)
    t.equal(unstable.offset, offset, `${index}@${term} over a snapshot at 5`)
    t.equal(unstable.snapshot?.index, 5, 'which waits for its own confirmation')
  }
  const unstable = new Unstable(3, new Trace(undefined))
  unstable.restore(SNAPSHOT_AT(5, 2))
  unstable.stableSnapshotTo(4)
  t.equal(unstable.snapshot?.index, 5)
  unstable.stableSnapshotTo(5)
  t.equal(unstable.snapshot, undefined)
})

t.test('L06 each entry and each snapshot is handed out to be written once', async t => {
  const log = logOf(1, 1)
  const { unstable } = log
  const indexes = () => unstable.nextEntries().map(({ index }) => index)
  t.same(indexes(), [])
  t.notOk(unstable.hasNextEntries)
  log.append(entries(3, 1, 1))
  t.same(indexes(), [3, 4])
  t.same(indexes(), [3, 4], 'until it is accepted')
  unstable.acceptInProgress()
  t.same(indexes(), [])
  t.notOk(unstable.hasNextEntries)
  log.append(entries(5, 1))
  t.same(indexes(), [5], 'only what is new')
  unstable.acceptInProgress()
  log.stableTo(4, 1)
  t.same(indexes(), [], 'a confirmation of a part brings nothing back')
  log.append(entries(6, 1))
  t.same(indexes(), [6])
  t.ok(unstable.hasNextEntries)

  const waiting = new Unstable(5, new Trace(undefined))
  t.equal(waiting.nextSnapshot(), undefined)
  waiting.restore(SNAPSHOT_AT(4, 1))
  t.equal(waiting.nextSnapshot()?.index, 4)
  waiting.truncateAndAppend(entries(5, 1))
  waiting.acceptInProgress()
  t.equal(waiting.nextSnapshot(), undefined)
  t.equal(waiting.snapshot?.index, 4, 'it waits for its confirmation')
  t.equal(waiting.offsetInProgress, 6)
  waiting.restore(SNAPSHOT_AT(9, 1))
  t.equal(waiting.nextSnapshot()?.index, 9, 'a newer one is handed out again')
})

t.test('L07 a restored snapshot takes the place of all that was not stored', async t => {
  const unstable = new Unstable(5, new Trace(undefined))
  unstable.truncateAndAppend(entries(5, 1, 1))
  unstable.acceptInProgress()
  t.equal(unstable.offsetInProgress, 7)
  unstable.restore(SNAPSHOT_AT(9, 2))
  t.match(unstable, {
    offset: 10,
    offsetInProgress: 10,
    snapshotInProgress: false,
    firstIndex: 10,
    lastIndex: 9
  })
  t.same(unstable.entries, [])
  const { log } = node({ terms: [1, 1, 1] }).raft
  log.append(entries(4, 1))
  log.restore(SNAPSHOT_AT(9, 2))
  t.match(log, { firstIndex: 10, lastIndex: 9, committed: 9, lastTerm: 2 })
  t.notOk(log.hasNextCommitted(true), 'nothing is applied before it is installed')
})

t.test(
  'L09 an append over what waits replaces it, and what was handed out above is written again',
  async t => {
    interface Row {
      offset: Index
      held: Term[]
      inProgress: Index
      from: Index
      added: Term[]
      offsetAfter: Index
      all: [from: Index, ...terms: Term[]]
      inProgressAfter: Index
    }
    const rows: Row[] = [
      // Behind what is there.
      {
        offset: 5,
        held: [1],
        inProgress: 5,
        from: 6,
        added: [1, 1],
        offsetAfter: 5,
        all: [5, 1, 1, 1],
        inProgressAfter: 5
      },
      {
        offset: 5,
        held: [1],
        inProgress: 6,
        from: 6,
        added: [1, 1],
        offsetAfter: 5,
        all: [5, 1, 1, 1],
        inProgressAfter: 6
      },
      // In place of all of it, and of what is stored below.
      {
        offset: 5,
        held: [1],
        inProgress: 5,
        from: 5,
        added: [2, 2],
        offsetAfter: 5,
        all: [5, 2, 2],
        inProgressAfter: 5
      },
      {
        offset: 5,
        held: [1],
        inProgress: 5,
        from: 4,
        added: [2, 2, 2],
        offsetAfter: 4,
        all: [4, 2, 2, 2],
        inProgressAfter: 4
      },
      {
        offset: 5,
        held: [1],
        inProgress: 6,
        from: 5,
        added: [2, 2],
        offsetAfter: 5,
        all: [5, 2, 2],
        inProgressAfter: 5
      },
      // In place of a part.
      {
        offset: 5,
        held: [1, 1, 1],
        inProgress: 5,
        from: 6,
        added: [2],
        offsetAfter: 5,
        all: [5, 1, 2],
        inProgressAfter: 5
      },
      {
        offset: 5,
        held: [1, 1, 1],
        inProgress: 5,
        from: 7,
        added: [2, 2],
        offsetAfter: 5,
        all: [5, 1, 1, 2, 2],
        inProgressAfter: 5
      },
      {
        offset: 5,
        held: [1, 1, 1],
        inProgress: 6,
        from: 6,
        added: [2],
        offsetAfter: 5,
        all: [5, 1, 2],
        inProgressAfter: 6
      },
      {
        offset: 5,
        held: [1, 1, 1],
        inProgress: 7,
        from: 6,
        added: [2],
        offsetAfter: 5,
        all: [5, 1, 2],
        inProgressAfter: 6
      }
    ]
    for (const row of rows) {
      const unstable = new Unstable(row.offset, new Trace(undefined))
      unstable.truncateAndAppend(entries(row.offset, ...row.held))
      unstable.offsetInProgress = row.inProgress
      unstable.truncateAndAppend(entries(row.from, ...row.added))
      const words = JSON.stringify(row)
      t.equal(unstable.offset, row.offsetAfter, words)
      t.same(unstable.entries, entries(...row.all), words)
      t.equal(unstable.offsetInProgress, row.inProgressAfter, words)
      t.same(unstable.nextEntries()[0]?.index ?? unstable.lastIndex! + 1, row.inProgressAfter, words)
    }
    // The same through a node: the replaced suffix reaches the disk.
    const follower = node({ terms: [1], id: 2 }).becomeFollower(1, 1)
    follower.holdWrites = true
    const give = (term: Term, list: Entry[]) => {
      follower.step(message('append', { from: term, term, index: 1, logTerm: 1, entries: list }))
      follower.take()
    }
    give(1, entries(2, 1, 1, 1))
    give(3, entries(2, 3))
    t.same(
      follower.writes.flatMap(write => write.entries.map(({ index, term }) => `${index}@${term}`)),
      ['2@1', '3@1', '4@1', '2@3']
    )
    follower.finishWrites()
    t.same(
      follower.disk.all().map(({ term }) => term),
      [1, 3]
    )
  }
)
