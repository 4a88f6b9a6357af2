import type { LogStorage } from '../../log-storage.js'
import { ALL_BYTES, type AlsoAfterRestart, entry, part, placesOf, run } from './fixture.js'

/** What Raft relies on where suffixes are overruled, checkpoints taken and snapshots installed. */
export function testRaftWrites(alsoAfterRestart: AlsoAfterRestart): void {
  alsoAfterRestart(
    'batches that wait together may overrule each other, and the last one counts, with its hard state',
    log =>
      Promise.all([
        log.append([part(1, run(1, 7))]),
        log.append([part(1, run(4, 4, 2), { term: 2, vote: 0, commit: 3 })]),
        log.append([part(1, run(5, 6, 2), { term: 2, vote: 0, commit: 4 })]),
        log.append([part(1, run(6, 6, 3), { term: 3, vote: 0, commit: 4 })]),
        log.append([part(1, [], { term: 4, vote: 1, commit: 4 })])
      ]),
    async (t, log) => {
      t.same(await placesOf(log, 1), ['1@1', '2@1', '3@1', '4@2', '5@2', '6@3'])
      t.same(log.hardState(1), { term: 4, vote: 1, commit: 4 })
    }
  )

  alsoAfterRestart(
    'a log may be overruled from its first entry on, and again',
    async log => {
      await log.append([part(1, run(1, 3))])
      await log.append([part(1, run(1, 1, 2))])
      await log.append([part(1, run(1, 2, 3))])
    },
    async (t, log) => {
      t.same(await placesOf(log, 1), ['1@3', '2@3'])
      t.equal(log.term(1, 3), undefined)
    }
  )

  alsoAfterRestart(
    'terms are known wherever runs were cut, and reads keep to their bytes across the cuts',
    async log => {
      await log.append([part(1, [...run(1, 3, 1, 100), ...run(4, 6, 2, 100)])])
      await log.append([part(1, [...run(5, 5, 3, 100), ...run(6, 8, 4, 100)])])
      await log.append([part(1, run(7, 7, 6, 100))])
    },
    async (t, log) => {
      t.same(
        run(1, 8).map(({ index }) => log.term(1, index)),
        [1, 1, 1, 2, 3, 4, 6, undefined]
      )
      const indexes = async (from: number, to: number, bytesMax: number) =>
        (await log.entries(1, from, to, bytesMax)).map(({ index, term }) => `${index}@${term}`)
      t.same(await indexes(3, 8, 400), ['3@1', '4@2', '5@3', '6@4'])
      t.same(await indexes(4, 8, 399), ['4@2', '5@3', '6@4'])
      t.same(await indexes(7, 8, 1), ['7@6'])
    }
  )

  alsoAfterRestart(
    'the suffix behind a checkpoint is overruled like any other, and an entry of the checkpoint stays what it was',
    async log => {
      await log.append([part(1, run(1, 8))])
      log.dropPrefix(1, { index: 5, term: 1 })
      await log.append([part(1, run(6, 6, 2), { term: 2, vote: 0, commit: 5 })])
      // A delayed copy of an append that begins below the checkpoint.
      await log.append([part(1, [...run(4, 5), entry(6, 2), entry(7, 2)], { term: 2, vote: 0, commit: 5 })])
    },
    async (t, log) => {
      t.equal(log.firstIndex(1), 6)
      t.equal(log.term(1, 5), 1)
      t.equal(log.term(1, 4), undefined)
      t.same(await placesOf(log, 1), ['6@2', '7@2'])
    },
    new Map([[1, { index: 5, term: 1 }]])
  )

  const installed = new Map([[1, { index: 7, term: 2 }]])
  alsoAfterRestart(
    'an installed snapshot overrules what follows another entry at its place, whatever its term (Raft figure 8)',
    async log => {
      await log.append([part(1, [...run(1, 5), ...run(6, 7, 3)], { term: 3, vote: 1, commit: 5 })])
      await log.append([part(1, run(8, 9, 3), { term: 3, vote: 1, commit: 5 })])
      log.dropPrefix(1, { index: 7, term: 2 })
    },
    overruled,
    installed
  )

  alsoAfterRestart(
    'and what is written behind the installed snapshot is its continuation',
    async log => {
      await log.append([part(1, [...run(1, 5), ...run(6, 7, 3)], { term: 3, vote: 1, commit: 5 })])
      await log.append([part(1, run(8, 12, 3), { term: 3, vote: 1, commit: 5 })])
      log.dropPrefix(1, { index: 7, term: 2 })
      await log.append([part(1, [], { term: 4, vote: 0, commit: 7 })])
      await log.append([part(1, run(8, 9, 4), { term: 4, vote: 0, commit: 7 })])
    },
    async (t, log) => {
      t.same(await placesOf(log, 1), ['8@4', '9@4'])
      t.same(log.hardState(1), { term: 4, vote: 0, commit: 7 })
    },
    installed
  )

  alsoAfterRestart(
    'a snapshot ahead of the log leaves nothing of it',
    async log => {
      await log.append([part(1, run(1, 9, 3), { term: 3, vote: 1, commit: 2 })])
      log.dropPrefix(1, { index: 20, term: 4 })
      await log.append([part(1, run(21, 22, 5), { term: 5, vote: 0, commit: 20 })])
    },
    async (t, log) => {
      t.same(await placesOf(log, 1), ['21@5', '22@5'])
      t.equal(log.term(1, 20), 4)
      t.same(await log.entries(1, 9, 22, ALL_BYTES), [])
    },
    new Map([[1, { index: 20, term: 4 }]])
  )
}

async function overruled(t: Parameters<Parameters<AlsoAfterRestart>[2]>[0], log: LogStorage): Promise<void> {
  t.equal(log.firstIndex(1), 8)
  t.equal(log.lastIndex(1), 7)
  t.equal(log.term(1, 7), 2)
  t.equal(log.term(1, 8), undefined)
  t.same(await log.entries(1, 8, 9, ALL_BYTES), [])
}
