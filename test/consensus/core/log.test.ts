import t from 'tap'
import { InvariantError } from '../../../src/consensus/core/invariant.js'
import type { RaftLog } from '../../../src/consensus/core/log.js'
import { type Index, type Term, UNLIMITED } from '../../../src/consensus/core/types.js'
import { confState, entries, node, snapshotMeta } from './support/harness.js'

const SNAPSHOT_AT = (index: Index, term: Term) => snapshotMeta(index, term, confState([1, 2, 3]))

function logOf(...terms: Term[]): RaftLog {
  return node({ terms }).raft.log
}

t.test('L01 finding a conflict: the first index that is not there with the same term', async t => {
  const rows: [from: Index, terms: Term[], conflict: Index][] = [
    [1, [], 0],
    [1, [1, 2, 3], 0],
    [2, [2, 3], 0],
    [3, [3], 0],
    [1, [1, 2, 3, 4, 4], 4],
    [2, [2, 3, 4, 5], 4],
    [3, [3, 4, 4], 4],
    [4, [4, 4], 4],
    [1, [4, 4], 1],
    [2, [1, 4, 4], 2],
    [3, [1, 2, 4, 4], 3]
  ]
  for (const [from, terms, conflict] of rows) {
    t.equal(logOf(1, 2, 3).findConflict(entries(from, ...terms)), conflict, `${terms} from ${from}`)
  }
  await t.test('by term: down to the first index whose term is not above', async t => {
    const byTerm: [index: Index, term: Term, found: Index, foundTerm: Term][] = [
      [5, 6, 5, 5],
      [5, 5, 5, 5],
      [5, 4, 2, 2],
      [5, 2, 2, 2],
      [5, 1, 0, 0],
      [3, 5, 3, 5],
      [1, 2, 1, 2],
      [1, 1, 0, 0],
      [0, 0, 0, 0]
    ]
    for (const [index, term, found, foundTerm] of byTerm) {
      const words = `term ${term} from ${index}`
      t.same(logOf(2, 2, 5, 5, 5).findConflictByTerm(index, term), { index: found, term: foundTerm }, words)
    }
    const compacted = node({ snapshot: SNAPSHOT_AT(3, 5), terms: [5, 5] }).raft.log
    t.same(compacted.findConflictByTerm(5, 5), { index: 5, term: 5 })
    t.same(compacted.findConflictByTerm(5, 4), { index: 2, term: 0 }, 'what is gone has no term')
  })
  await t.test('up to date: the later last term, then the longer log', async t => {
    const upToDate: [lastIndex: Index, term: Term, isUpToDate: boolean][] = [
      [2, 4, true],
      [3, 4, true],
      [4, 4, true],
      [2, 2, false],
      [3, 2, false],
      [4, 2, false],
      [2, 3, false],
      [3, 3, true],
      [4, 3, true]
    ]
    for (const [index, term, wanted] of upToDate) {
      t.equal(logOf(1, 2, 3).isUpToDate(index, term), wanted, `${index}@${term}`)
    }
  })
  await t.test('append: replaces from the first index on, and knows what is not stored', async t => {
    const rows: [from: Index, terms: Term[], last: Index, all: Term[], unstable: Index][] = [
      [3, [], 2, [1, 2], 3],
      [3, [2], 3, [1, 2, 2], 3],
      [1, [2], 1, [2], 1],
      [2, [3, 3], 3, [1, 3, 3], 2]
    ]
    for (const [from, added, last, all, unstable] of rows) {
      const log = logOf(1, 2)
      t.equal(log.append(entries(from, ...added)), last)
      t.same(log.slice(1, last + 1, UNLIMITED), entries(1, ...all))
      t.equal(log.unstable.offset, unstable)
    }
    t.throws(() => logOf(1, 2).append(entries(4, 3)), InvariantError, 'a gap')
    const committed = node({ terms: [1, 2], commit: 2 }).raft.log
    t.throws(() => committed.append(entries(2, 3)), InvariantError, 'a committed entry')
  })
  await t.test('slices: bounds, and across the border of what is stored', async t => {
    const log = node({ snapshot: SNAPSHOT_AT(100, 1), terms: Array(50).fill(1) }).raft.log
    log.append(entries(151, ...Array(50).fill(2)))
    const bounds: [from: Index, to: Index, isRefused: boolean][] = [
      [99, 101, true],
      [100, 101, true],
      [100, 200, true],
      [101, 101, false],
      [101, 201, false],
      [150, 151, false],
      [200, 201, false],
      [201, 201, false],
      [201, 202, true],
      [120, 119, true]
    ]
    for (const [from, to, isRefused] of bounds) {
      const words = `[${from}, ${to})`
      if (isRefused) t.throws(() => log.slice(from, to, UNLIMITED), InvariantError, words)
      else {
        const found = log.slice(from, to, UNLIMITED)!
        t.same(
          found.map(({ index }) => index),
          Array.from({ length: to - from }, (_, i) => from + i),
          words
        )
      }
    }
    t.same(
      log.slice(149, 153, UNLIMITED)!.map(({ term }) => term),
      [1, 1, 2, 2]
    )
    // A long run in pages, as a reader goes through it.
    let seen = 0
    for (let at = 101; at <= log.lastIndex; ) {
      const page = log.entries(at, 200)!
      t.ok(page.length > 0)
      for (const { index } of page)
        seen += index === at + page.length - 1 - (page.at(-1)!.index - index) ? 1 : 0
      at = page.at(-1)!.index + 1
    }
    t.equal(seen, 100)
    t.same(log.entries(log.lastIndex + 1, 200), [])
  })
  await t.test(
    'terms: of the compacted entry, of stored and unstored ones, of a waiting snapshot, of nothing else',
    async t => {
      const log = node({ snapshot: SNAPSHOT_AT(100, 1), terms: [2, 3] }).raft.log
      log.append(entries(103, 4))
      const rows: [index: Index, term: Term | undefined][] = [
        [98, undefined],
        [99, undefined],
        [100, 1],
        [101, 2],
        [102, 3],
        [103, 4],
        [104, undefined]
      ]
      for (const [index, term] of rows) t.equal(log.term(index), term, `${index}`)
      const waiting = node({ snapshot: SNAPSHOT_AT(100, 1) }).raft.log
      waiting.restore(SNAPSHOT_AT(105, 2))
      const over: [index: Index, term: Term | undefined][] = [
        [100, undefined],
        [101, undefined],
        [104, undefined],
        [105, 2],
        [106, undefined]
      ]
      for (const [index, term] of over)
        t.equal(waiting.term(index), term, `${index} below a waiting snapshot`)
    }
  )
  await t.test('compaction and restore move the first index, and keep the rest', async t => {
    const member = node({ terms: Array(1000).fill(1), commit: 1000, applied: 1000 })
    for (const [index, left] of [
      [300, 700],
      [500, 500],
      [900, 100]
    ] as const) {
      member.disk.compact(index)
      t.equal(member.raft.log.firstIndex, index + 1)
      t.equal(member.raft.log.slice(index + 1, 1001, UNLIMITED)?.length, left)
    }
    const restored = node({ snapshot: SNAPSHOT_AT(1000, 1000) }).raft.log
    t.match(restored, { firstIndex: 1001, lastIndex: 1000, committed: 1000, applied: 1000, lastTerm: 1000 })
    t.equal(restored.unstable.offset, 1001)
  })
})

t.test('L02 after a compaction every accessor speaks of what is left', async t => {
  const member = node({ terms: Array.from({ length: 750 }, (_, i) => i + 1), commit: 750, applied: 750 })
  const { log } = member.raft
  log.append(entries(751, ...Array.from({ length: 250 }, (_, i) => i + 751)))
  member.disk.compact(500)
  t.equal(log.lastIndex, 1000)
  t.equal(log.firstIndex, 501)
  for (let index = 501; index <= 1000; index++) {
    if (log.term(index) !== index || !log.matches(index, index)) t.fail(`term of ${index}`)
  }
  t.equal(log.term(500), 500, 'the last one that went is still known')
  t.equal(log.term(499), undefined)
  t.equal(log.unstable.entries.length, 250)
  t.equal(log.unstable.entries[0]!.index, 751)
  log.append(entries(1001, 1001))
  t.equal(log.lastIndex, 1001)
  t.equal(log.slice(501, 1002, UNLIMITED)!.length, 501)
  t.throws(() => log.slice(500, 502, UNLIMITED), InvariantError)
})
