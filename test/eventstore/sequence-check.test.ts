import t from 'tap'
import { SequenceCheck } from '../../src/eventstore/append/sequence-check.js'
import type { TransactionScan } from '../../src/eventstore/append/transaction-scan.js'
import type { AggregateIndex } from '../../src/eventstore/index/aggregate-index.js'

t.test(
  'a node that is behind applies what was committed before it calls a sequence number wrong',
  async t => {
    const highest = new Map([['order', 7]])
    let barriers = 0
    const check = new SequenceCheck({
      index: () => indexOf(highest),
      caughtUp: async () => {
        barriers++
        highest.set('order', 8)
      }
    })
    const reserved = await check.reserve(scanOf('order', 9))
    t.equal(barriers, 1)
    check.release(reserved, false)

    await t.rejects(Promise.resolve(check.reserve(scanOf('order', 12))), { code: 'AXONIQ-2000' })
    t.equal(barriers, 2, 'a conflict is only called one after a look at what is committed')
  }
)

t.test('numbers that follow on each other wait for nothing', t => {
  const check = new SequenceCheck({
    index: () => indexOf(new Map([['order', 0]])),
    caughtUp: () => t.fail('asked') as never
  })
  for (const first of [1, 2, 3]) t.notOk(check.reserve(scanOf('order', first)) instanceof Promise)
  t.end()
})

t.test('where the node can not catch up, the caller is told that and not of a conflict', async t => {
  const check = new SequenceCheck({
    index: () => indexOf(new Map([['order', 7]])),
    caughtUp: () => Promise.reject(new Error('no leader'))
  })
  await t.rejects(Promise.resolve(check.reserve(scanOf('order', 9))), { message: 'no leader' })
})

function indexOf(highest: ReadonlyMap<string, number>): AggregateIndex {
  const index = { highestSequence: (id: string) => highest.get(id), load: () => Promise.resolve() }
  return index as unknown as AggregateIndex
}

function scanOf(id: string, sequence: number): TransactionScan {
  return { ranges: new Map([[id, { first: sequence, last: sequence }]]) } as unknown as TransactionScan
}
