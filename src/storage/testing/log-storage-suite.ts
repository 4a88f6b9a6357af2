import type { LogStorage } from '../log-storage.js'
import type { SuiteTest } from './key-value-store-suite.js'
import {
  ALL_BYTES,
  type AlsoAfterRestart,
  entry,
  NO_CHECKPOINTS,
  part,
  placesOf,
  run
} from './log-storage/fixture.js'
import { testRaftWrites } from './log-storage/raft-writes.js'

export interface LogUnderTest {
  readonly log: LogStorage
  /** The same data as the next start finds it, after a close; absent where nothing is kept. */
  reopen?(): LogStorage
  remove(): Promise<void>
}

/** What every LogStorage promises. A claim is checked on the log as it is and, where it keeps its data, after a restart. */
export function testLogStorage(t: SuiteTest, create: () => Promise<LogUnderTest>): void {
  const withLog = (claim: string, body: (t: SuiteTest, log: LogStorage) => Promise<void>) =>
    t.test(claim, async t => {
      const { log, remove } = await create()
      await log.open(NO_CHECKPOINTS)
      try {
        await body(t, log)
      } finally {
        await log.close()
        await remove()
      }
    })

  const alsoAfterRestart: AlsoAfterRestart = (claim, write, check, checkpoints = NO_CHECKPOINTS) =>
    t.test(claim, async t => {
      const { log, reopen, remove } = await create()
      await log.open(NO_CHECKPOINTS)
      await write(log)
      await check(t, log)
      await log.close()
      const again = reopen?.()
      if (again !== undefined) {
        for (const { group, damage } of await again.open(checkpoints))
          t.equal(damage, undefined, `group ${group}`)
        await check(t, again)
        await again.close()
      }
      await remove()
    })

  withLog('an unknown group is empty', async (t, log) => {
    t.equal(log.firstIndex(5), 1)
    t.equal(log.lastIndex(5), 0)
    t.equal(log.hardState(5), undefined)
    t.equal(log.term(5, 1), undefined)
    t.same(await log.entries(5, 1, 10, ALL_BYTES), [])
  })

  alsoAfterRestart(
    'a batch of many groups is there, each with its own entries and hard state',
    log =>
      log.append(
        run(1, 50).map(({ index }) => part(index, run(1, index), { term: index, vote: 3, commit: index - 1 }))
      ),
    async (t, log) => {
      for (const group of [1, 2, 50]) {
        t.same(await log.entries(group, 1, 100, ALL_BYTES), run(1, group))
        t.same(log.hardState(group), { term: group, vote: 3, commit: group - 1 })
      }
    }
  )

  alsoAfterRestart(
    'the newest hard state counts, also without entries, and for a group that has none yet',
    async log => {
      await log.append([part(1, run(1, 2))])
      await log.append([
        part(1, [], { term: 7, vote: 1, commit: 2 }),
        part(2, [], { term: 3, vote: 2, commit: 0 })
      ])
    },
    async (t, log) => {
      t.same(log.hardState(1), { term: 7, vote: 1, commit: 2 })
      t.same(log.hardState(2), { term: 3, vote: 2, commit: 0 })
      t.equal(log.lastIndex(1), 2)
      t.equal(log.lastIndex(2), 0)
    }
  )

  alsoAfterRestart(
    'entries replace what is there from their first index on',
    async log => {
      await log.append([part(1, run(1, 10))])
      await log.append([part(1, run(11, 12))])
      await log.append([part(1, run(6, 7, 2))])
      await log.append([part(1, run(8, 8, 3))])
    },
    async (t, log) => {
      t.same(await placesOf(log, 1), ['1@1', '2@1', '3@1', '4@1', '5@1', '6@2', '7@2', '8@3'])
      t.same(
        [5, 6, 7, 8, 9].map(index => log.term(1, index)),
        [1, 2, 2, 3, undefined]
      )
      t.same(await log.entries(1, 5, 6, ALL_BYTES), [entry(5), entry(6, 2)])
    }
  )

  alsoAfterRestart(
    'batches for one group that wait together all count, in their order',
    log =>
      Promise.all([1, 2, 3, 4].map(i => log.append([part(1, [entry(i)], { term: i, vote: 1, commit: 0 })]))),
    async (t, log) => {
      t.same(await placesOf(log, 1), ['1@1', '2@1', '3@1', '4@1'])
      t.equal(log.hardState(1)?.term, 4)
    }
  )

  alsoAfterRestart(
    'what a checkpoint contains is gone, its term is still known, and the rest is there',
    async log => {
      await log.append([part(1, [...run(1, 5), ...run(6, 9, 2)])])
      log.dropPrefix(1, { index: 6, term: 2 })
    },
    async (t, log) => {
      t.equal(log.firstIndex(1), 7)
      t.equal(log.lastIndex(1), 9)
      t.same(
        [5, 6, 7, 9, 10].map(index => log.term(1, index)),
        [undefined, 2, 2, 2, undefined]
      )
      t.same(await log.entries(1, 3, 9, ALL_BYTES), [])
      t.same(await placesOf(log, 1), ['7@2', '8@2', '9@2'])
    },
    new Map([[1, { index: 6, term: 2 }]])
  )

  alsoAfterRestart(
    'a log that a checkpoint contains wholly goes on behind it',
    async log => {
      await log.append([part(1, run(1, 5))])
      log.dropPrefix(1, { index: 5, term: 1 })
      log.dropPrefix(1, { index: 3, term: 1 })
      await log.append([part(1, run(6, 7))])
    },
    async (t, log) => {
      t.same(await placesOf(log, 1), ['6@1', '7@1'])
    },
    new Map([[1, { index: 5, term: 1 }]])
  )

  alsoAfterRestart(
    'a suffix that is replaced below a later checkpoint does not come back',
    async log => {
      await log.append([part(1, run(1, 11))])
      await log.append([part(1, run(6, 7, 2))])
      await log.append([part(1, run(8, 9, 2))])
      log.dropPrefix(1, { index: 9, term: 2 })
    },
    async (t, log) => {
      t.equal(log.firstIndex(1), 10)
      t.equal(log.lastIndex(1), 9)
      t.equal(log.term(1, 9), 2)
    },
    new Map([[1, { index: 9, term: 2 }]])
  )

  alsoAfterRestart(
    "a group that begins with another node's checkpoint has its log behind it",
    async log => {
      log.dropPrefix(7, { index: 1000, term: 3 })
      await log.append([part(7, run(1001, 1003, 3))])
    },
    async (t, log) => {
      t.equal(log.firstIndex(7), 1001)
      t.equal(log.term(7, 1000), 3)
      t.same(await placesOf(log, 7), ['1001@3', '1002@3', '1003@3'])
    },
    new Map([[7, { index: 1000, term: 3 }]])
  )

  alsoAfterRestart(
    'entries behind a checkpoint of a newer term are overruled',
    async log => {
      await log.append([part(1, run(1, 10, 2))])
      log.dropPrefix(1, { index: 7, term: 3 })
    },
    async (t, log) => {
      t.equal(log.lastIndex(1), 7)
      t.equal(log.term(1, 8), undefined)
    },
    new Map([[1, { index: 7, term: 3 }]])
  )

  withLog('a read gives at least one entry and otherwise no more bytes than asked', async (t, log) => {
    await log.append([part(1, run(1, 3, 1, 100))])
    await log.append([part(1, run(4, 6, 1, 100))])
    const indexes = async (from: number, to: number, bytesMax: number) =>
      (await log.entries(1, from, to, bytesMax)).map(({ index }) => index)
    t.same(await indexes(2, 6, 400), [2, 3, 4, 5])
    t.same(await indexes(2, 6, 399), [2, 3, 4])
    t.same(await indexes(3, 6, 100), [3])
    t.same(await indexes(3, 6, 0), [3])
    t.same(await indexes(3, 4, ALL_BYTES), [3, 4])
    t.same(await indexes(7, 9, ALL_BYTES), [])
  })

  withLog('batches resolve in the order of the calls', async (t, log) => {
    const order: number[] = []
    const calls = run(1, 200).map(({ index }) =>
      log.append([part(index % 7, [entry(Math.floor((index + 6) / 7))])]).then(() => order.push(index))
    )
    await Promise.all(calls)
    t.same(
      order,
      [...order].sort((a, b) => a - b)
    )
    t.equal(order.length, 200)
  })

  withLog('entries that leave a gap are refused, and nothing of their batch is kept', async (t, log) => {
    await log.append([part(1, run(1, 2))])
    await t.rejects(log.append([part(1, [entry(4)])]))
    t.equal(log.lastIndex(1), 2)
    await log.append([part(1, [entry(3)])])
    t.equal(log.lastIndex(1), 3)
  })

  alsoAfterRestart(
    'a removed group is forgotten for ever, whatever still comes for it',
    async log => {
      await log.append([part(1, run(1, 2)), part(2, run(1, 2))])
      const late = log.append([part(1, [entry(3)]), part(2, [entry(3)])])
      log.removeGroup(1)
      await late
      await log.append([part(1, [entry(4)]), part(2, [entry(4)])])
      log.dropPrefix(1, { index: 4, term: 1 })
    },
    async (t, log) => {
      t.equal(log.lastIndex(1), 0)
      t.equal(log.hardState(1), undefined)
      t.same(await placesOf(log, 2), ['1@1', '2@1', '3@1', '4@1'])
    }
  )

  testRaftWrites(alsoAfterRestart)

  withLog('after a close nothing is taken any more', async (t, log) => {
    await log.append([part(1, run(1, 2))])
    await log.close()
    await t.rejects(log.append([part(1, [entry(3)])]))
  })
}
