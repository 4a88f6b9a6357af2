import t, { type Test } from 'tap'
import { HistoryChecker } from './history/checker.js'
import type { AppendOperation, LoggedValue, OperationRequest } from './history/operation.js'

import { Violation } from './world/violation.js'

const READ: OperationRequest = { kind: 'read' }

function append(...values: number[]): AppendOperation {
  return { kind: 'append', values, aggregate: 0, expected: undefined }
}

function logged(value: number, sequence: number, aggregate = 0): LoggedValue {
  return { value, aggregate, sequence }
}

function breaks(t: Test, rule: string, action: () => void): void {
  try {
    action()
  } catch (error) {
    t.equal(error instanceof Violation ? error.rule : error, rule)
    return
  }
  t.fail(`${rule} was not broken`)
}

/** One append that begins, is logged at the end, and is acknowledged. */
function appended(checker: HistoryChecker, value: number, token: number): void {
  const record = checker.invoke(append(value))
  checker.logged([logged(value, token)])
  checker.complete(record, { kind: 'ok', token })
}

t.test('a legal history is accepted', async t => {
  const checker = new HistoryChecker()
  appended(checker, 1, 0)
  const late = checker.invoke(append(2, 3))
  const early = checker.invoke(READ)
  checker.complete(early, { kind: 'ok', token: 1 })
  checker.logged([logged(2, 1), logged(3, 2)])
  checker.complete(late, { kind: 'ok', token: 1 })
  const lost = checker.invoke(append(4))
  checker.complete(lost, { kind: 'unknown' })
  const refused = checker.invoke(append(5))
  checker.complete(refused, { kind: 'fail' })
  checker.complete(checker.invoke({ kind: 'scan', from: 1 }), { kind: 'ok', token: 3, values: [2, 3] })
  t.equal(checker.open, 0)
  t.equal(checker.logLength, 3)
  checker.finish()
})

t.test('what is unknown may take effect at any later time', async () => {
  const checker = new HistoryChecker()
  const lost = checker.invoke(append(1))
  checker.complete(lost, { kind: 'unknown' })
  appended(checker, 2, 0)
  checker.logged([logged(1, 1)])
  checker.finish()
})

t.test('an acknowledged value that is not in the log is found', async t => {
  const checker = new HistoryChecker()
  const record = checker.invoke(append(1))
  breaks(t, 'history (2)', () => checker.complete(record, { kind: 'ok', token: 0 }))
})

t.test('a value that is in the log twice is found', async t => {
  const checker = new HistoryChecker()
  appended(checker, 1, 0)
  breaks(t, 'history (1)', () => checker.logged([logged(1, 1)]))
})

t.test('a refused value that takes effect is found, before or after the refusal', async t => {
  const after = new HistoryChecker()
  after.complete(after.invoke(append(1)), { kind: 'fail' })
  breaks(t, 'history (1)', () => after.logged([logged(1, 0)]))
  const before = new HistoryChecker()
  const record = before.invoke(append(1))
  before.logged([logged(1, 0)])
  breaks(t, 'history (1)', () => before.complete(record, { kind: 'fail' }))
})

t.test('a token that is not the place in the log is found, also within one batch', async t => {
  const checker = new HistoryChecker()
  const record = checker.invoke(append(1, 2))
  checker.logged([logged(1, 0), logged(3, 1), logged(2, 2)])
  breaks(t, 'history (2)', () => checker.complete(record, { kind: 'ok', token: 0 }))
})

t.test('an append that comes before one that was acknowledged before it began is found', async t => {
  const checker = new HistoryChecker()
  checker.logged([logged(1, 0), logged(2, 1)])
  checker.complete(checker.invoke(append(2)), { kind: 'ok', token: 1 })
  const later = checker.invoke(append(1))
  breaks(t, 'history (3)', () => checker.complete(later, { kind: 'ok', token: 0 }))
})

t.test('a stale read is found: of an acknowledged append, and of what an earlier read saw', async t => {
  const checker = new HistoryChecker()
  appended(checker, 1, 0)
  breaks(t, 'history (4)', () => checker.complete(checker.invoke(READ), { kind: 'ok', token: 0 }))
  checker.logged([logged(2, 1)])
  checker.complete(checker.invoke(READ), { kind: 'ok', token: 2 })
  breaks(t, 'history (4)', () => checker.complete(checker.invoke(READ), { kind: 'ok', token: 1 }))
})

t.test('a read that began before the append was acknowledged may miss it', async () => {
  const checker = new HistoryChecker()
  const read = checker.invoke(READ)
  appended(checker, 1, 0)
  checker.complete(read, { kind: 'ok', token: 0 })
})

t.test('a read of what is not there is found', async t => {
  const checker = new HistoryChecker()
  breaks(t, 'history (4)', () => checker.complete(checker.invoke(READ), { kind: 'ok', token: 1 }))
})

t.test('a scan with a hole, a foreign value or a missing end is found', async t => {
  const checker = new HistoryChecker()
  for (const value of [1, 2, 3]) appended(checker, value, value - 1)
  const scan = (...values: number[]) => {
    const record = checker.invoke({ kind: 'scan', from: 0 })
    return () => checker.complete(record, { kind: 'ok', token: values.length, values })
  }
  breaks(t, 'history (5)', scan(1, 3))
  breaks(t, 'history (5)', scan(1, 2, 4))
  breaks(t, 'history (4)', scan(1, 2))
  scan(1, 2, 3)()
})

t.test('a sequence number that is left out or given twice is found', async t => {
  const checker = new HistoryChecker()
  checker.logged([logged(1, 0), logged(2, 0, 1)])
  breaks(t, 'history (6)', () => checker.logged([logged(3, 2)]))
  breaks(t, 'history (6)', () => checker.logged([logged(4, 0, 1)]))
})

t.test('an acknowledged value that is lost in the end is found', async t => {
  const checker = new HistoryChecker()
  appended(checker, 1, 0)
  t.doesNotThrow(() => checker.finish())
  t.equal(checker.acknowledged, 1)
})
