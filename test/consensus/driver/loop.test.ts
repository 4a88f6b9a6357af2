import t from 'tap'
import { Loop, type LoopTask } from '../../../src/consensus/driver/loop.js'

function loop(costMs = 0) {
  let nowMs = 0
  const deferred: (() => void)[] = []
  const order: string[] = []
  const subject = new Loop({
    runtime: { defer: task => deferred.push(task) },
    now: () => nowMs,
    sliceMs: 2,
    flush: () => order.push('flush')
  })
  const task = (name: string, turns: number): LoopTask => ({
    step: () => {
      order.push(name)
      nowMs += costMs
      return --turns > 0
    },
    apply: () => {
      order.push(`apply ${name}`)
      return false
    }
  })
  return { subject, deferred, order, task }
}

const microtasks = () => new Promise<void>(resolve => queueMicrotask(resolve)).then(() => {})

t.test('work that comes while idle is done in the same turn of the event loop, together', async t => {
  const { subject, order, task } = loop()
  subject.wake(task('a', 1))
  subject.wake(task('b', 1))
  t.same(order, [])
  await microtasks()
  t.same(order, ['a', 'b', 'flush'])
  t.ok(subject.isIdle)
})

t.test('each group has one turn a round, whoever has more comes again', async t => {
  const { subject, order, task } = loop()
  subject.wake(task('busy', 3))
  subject.wake(task('other', 1))
  await microtasks()
  t.same(order, ['busy', 'other', 'flush', 'busy', 'flush', 'busy', 'flush'])
})

t.test('messages leave and the write begins before anything is applied', async t => {
  const { subject, order, task } = loop()
  const a = task('a', 1)
  subject.wakeApply(a)
  subject.wake(a)
  await microtasks()
  t.same(order, ['a', 'flush', 'apply a'])
})

t.test('a round that has used up its time goes on in a later turn, where it stopped', async t => {
  const { subject, order, task, deferred } = loop(1)
  for (const name of ['a', 'b', 'c', 'd']) subject.wake(task(name, 1))
  await microtasks()
  t.same(order, ['a', 'b', 'flush'])
  t.equal(subject.waiting, 2)
  subject.wake(task('e', 1))
  await microtasks()
  t.equal(order.length, 3, 'what comes meanwhile waits for its turn')
  t.equal(deferred.length, 1)
  deferred.shift()!()
  t.same(order.slice(3), ['c', 'd', 'flush'])
  deferred.shift()!()
  t.same(order.slice(6), ['e', 'flush'])
  t.equal(subject.yields, 2)
})
