import t from 'tap'
import { ManualClock } from '../../../src/kernel/index.js'
import { RateMeter } from '../../../src/messaging/flow/rate-meter.js'
import { TimerTable } from '../../../src/messaging/flow/timer-table.js'

t.test('a rate is a whole number per second over the window', async t => {
  const clock = new ManualClock()
  const meter = new RateMeter(clock)
  for (let second = 0; second < 60; second++) {
    for (let mark = 0; mark < 7; mark++) meter.mark()
    clock.advance(1000)
  }
  t.equal(meter.count, 420)
  t.equal(meter.rate(1), 6, 'the window includes the second that has just begun')
  clock.advance(59_000)
  t.equal(meter.rate(1), 0)
  t.equal(meter.rate(5), 3, 'a shorter running time counts as the window')
  clock.advance(16 * 60_000)
  t.equal(meter.rate(15), 0)
  t.equal(meter.count, 420)
})

t.test('marks older than the ring do not come back', async t => {
  const clock = new ManualClock()
  const meter = new RateMeter(clock)
  for (let mark = 0; mark < 900; mark++) meter.mark()
  clock.advance(14 * 60_000)
  t.equal(meter.rate(15), 1)
  clock.advance(61_000)
  meter.mark()
  t.equal(meter.rate(15), 0)
})

t.test('a timer counts, adds up and keeps the longest', async t => {
  const table = new TimerTable()
  table.record('default', 'order', 'caller', 'handler', 5)
  table.record('default', 'order', 'caller', 'handler', 3)
  table.record('other', 'order', 'caller', 'handler', 1)
  t.match(
    [...table.values()],
    [
      { context: 'default', count: 2, totalMs: 8, maxMs: 5 },
      { context: 'other', count: 1 }
    ]
  )
  table.removeContext('default')
  t.equal(table.size, 1)
})

t.test('the table of timers is bounded: the oldest makes way', async t => {
  const table = new TimerTable(3)
  for (const source of ['a', 'b', 'c', 'd']) table.record('default', 'order', source, 'handler', 1)
  t.same(
    [...table.values()].map(({ source }) => source),
    ['b', 'c', 'd']
  )
  t.equal(table.evicted, 1)
})

t.test('the timers of a client go with it', async t => {
  const table = new TimerTable()
  table.record('default', 'order', 'a', 'h', 1)
  table.record('default', 'order', 'b', 'h', 1)
  table.record('default', 'order', 'b', 'a', 1)
  table.record('other', 'order', 'a', 'h', 1)
  table.removeClient('default', 'a')
  t.match([...table.values()], [{ source: 'b', target: 'h' }, { context: 'other' }])
})
