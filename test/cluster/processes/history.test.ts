import t from 'tap'
import type { LoggedValue } from '../../simulation/history/operation.js'
import { History, type Outcome } from './history.js'

const OK: Outcome = { kind: 'ok' }
const UNKNOWN: Outcome = { kind: 'unknown' }

t.test('a history that a correct store could have had is accepted', async t => {
  const history = new History()
  const first = append(history, [1, 2], 0)
  const read = history.invoke({ kind: 'read' })
  history.end(read, { kind: 'ok', length: 2 })
  history.end(first, OK)
  const lost = append(history, [3], 1)
  history.end(lost, UNKNOWN)
  const refused = append(history, [4], 2)
  history.end(refused, { kind: 'fail' })
  const last = append(history, [5], 0)
  history.end(last, OK)
  const without = history.judge(log([1, 0], [2, 0], [5, 0]))
  t.equal(without.logLength, 3, 'what was unknown may also never happen')
  history.streamed({ from: 1, values: [2, 3] })
  const judged = history.judge(log([1, 0], [2, 0], [3, 1], [5, 0]))
  t.match(judged.counts, { ok: 3, fail: 1, unknown: 1, reads: 1 })
})

const illegal: [claim: string, rule: RegExp, make: (history: History) => LoggedValue[]][] = [
  [
    'an acknowledged append that is not in the log',
    /history \(1\)/,
    history => {
      history.end(append(history, [1], 0), OK)
      return log()
    }
  ],
  [
    'an append that is in the log twice',
    /history \(1\)/,
    history => {
      history.end(append(history, [1], 0), OK)
      return log([1, 0], [1, 0])
    }
  ],
  [
    'a refused append that is in the log',
    /history \(1\)/,
    history => {
      history.end(append(history, [1], 0), { kind: 'fail' })
      return log([1, 0])
    }
  ],
  [
    'a transaction that was torn apart',
    /history \(2\)/,
    history => {
      const torn = append(history, [1, 2], 0)
      const other = append(history, [3], 1)
      history.end(torn, OK)
      history.end(other, OK)
      return log([1, 0], [3, 1], [2, 0])
    }
  ],
  [
    'an append that began after another was acknowledged and stands before it',
    /history \(3\)/,
    history => {
      history.end(append(history, [1], 0), OK)
      history.end(append(history, [2], 1), OK)
      return log([2, 1], [1, 0])
    }
  ],
  [
    'a read that does not see what was acknowledged before it began',
    /history \(4\)/,
    history => {
      history.end(append(history, [1], 0), OK)
      history.end(history.invoke({ kind: 'read' }), { kind: 'ok', length: 0 })
      return log([1, 0])
    }
  ],
  [
    'a read after another that sees less',
    /history \(4\)/,
    history => {
      append(history, [1, 2], 0)
      history.end(history.invoke({ kind: 'read' }), { kind: 'ok', length: 2 })
      history.end(history.invoke({ kind: 'read' }), { kind: 'ok', length: 1 })
      return log([1, 0], [2, 0])
    }
  ],
  [
    'a read of what nobody had asked for yet',
    /history \(4\)/,
    history => {
      history.end(history.invoke({ kind: 'read' }), { kind: 'ok', length: 1 })
      history.end(append(history, [1], 0), OK)
      return log([1, 0])
    }
  ],
  [
    'a stream with a hole',
    /history \(5\)/,
    history => {
      history.end(append(history, [1, 2, 3], 0), OK)
      history.streamed({ from: 0, values: [1, 3] })
      return log([1, 0], [2, 0], [3, 0])
    }
  ],
  [
    'an aggregate whose sequence numbers have a hole',
    /history \(6\)/,
    history => {
      history.end(append(history, [1, 2], 0), OK)
      return [
        { value: 1, aggregate: 0, sequence: 0 },
        { value: 2, aggregate: 0, sequence: 2 }
      ]
    }
  ]
]

for (const [claim, rule, make] of illegal) {
  t.test(`${claim} is found`, async t => {
    const history = new History()
    const final = make(history)
    t.throws(() => history.judge(final), { message: rule })
  })
}

function append(history: History, values: number[], aggregate: number) {
  return history.invoke({ kind: 'append', values, aggregate, expected: undefined })
}

/** Numbers the values of each aggregate 0, 1, 2... */
function log(...values: [value: number, aggregate: number][]): LoggedValue[] {
  const next = new Map<number, number>()
  return values.map(([value, aggregate]) => {
    const sequence = next.get(aggregate) ?? 0
    next.set(aggregate, sequence + 1)
    return { value, aggregate, sequence }
  })
}
