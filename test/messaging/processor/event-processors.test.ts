import fc from 'fast-check'
import t from 'tap'
import {
  type BalanceInstance,
  threadNumberMoves
} from '../../../src/messaging/processor/thread-number-balance.js'
import { FakeStream, messagingWith } from '../fixtures.js'
import {
  connectProcessor,
  processorIdentity,
  processorInfo,
  processorSegment
} from '../processor-fixtures.js'

t.test('pause and start go to every client that runs the processor, with one id', async t => {
  const { messaging } = messagingWith()
  const a = connectProcessor(messaging, 'a')
  const b = connectProcessor(messaging, 'b', { running: false })
  const c = connectProcessor(messaging, 'c', { processorName: 'another' })
  t.equal(await messaging.processors.pause(processorIdentity), 'success')
  t.same([a.told, b.told, c.told], [['pauseEventProcessor'], ['pauseEventProcessor'], []])
  t.equal(a.id(), b.id())
  t.equal(await messaging.processors.start(processorIdentity), 'success')
  t.same(a.told, ['pauseEventProcessor', 'startEventProcessor'])
})

t.test('an operation is over when all have answered, and fails if one has failed', async t => {
  const { messaging, clock } = messagingWith()
  const a = connectProcessor(messaging, 'a')
  const b = connectProcessor(messaging, 'b')
  a.answer('failure')
  b.answer('nothing')
  const pausing = messaging.processors.pause(processorIdentity)
  let isOver = false
  pausing.catch(() => (isOver = true))
  await Promise.resolve()
  await new Promise(setImmediate)
  t.equal(isOver, false)
  b.session.result({ instructionId: b.id()!, success: true, error: undefined })
  await t.rejects(pausing, { code: 'AXONIQ-1004' })
  clock.advance(20_000)
})

t.test('some clients that only ack make the outcome accepted', async t => {
  const { messaging } = messagingWith()
  connectProcessor(messaging, 'a')
  const out = new FakeStream()
  const old = messaging.platform.openStream('default', out)
  old.register({ clientId: 'old', componentName: 'c', tags: new Map(), version: '4.5' })
  old.processorInfo(processorInfo())
  const pausing = messaging.processors.pause(processorIdentity)
  old.ack({ instructionId: out.instructions()[0]!.instructionId, success: true, error: undefined })
  t.equal(await pausing, 'accepted')
})

t.test('nobody runs it', async t => {
  const { messaging } = messagingWith()
  connectProcessor(messaging, 'a')
  const unknown = { ...processorIdentity, context: 'other' }
  for (const operation of ['pause', 'start', 'split', 'merge'] as const) {
    await t.rejects(messaging.processors[operation](unknown), {
      code: 'AXONIQ-2800',
      message: /p in other with token store store/
    })
  }
  await t.rejects(messaging.processors.move(unknown, 0, 'a'), { code: 'AXONIQ-2800' })
  await t.rejects(messaging.processors.balance(unknown, 'threadNumber'), { code: 'AXONIQ-2800' })
  await t.rejects(messaging.processors.split(processorIdentity), {
    code: 'AXONIQ-2800',
    message: /No client has claimed a segment/
  })
})

t.test('split takes the largest segment, and of equal ones the last', async t => {
  const { messaging } = messagingWith()
  const a = connectProcessor(messaging, 'a', { segmentStatus: [processorSegment(0, 2)] })
  const b = connectProcessor(messaging, 'b', { segmentStatus: [processorSegment(1, 2)] })
  await messaging.processors.split(processorIdentity)
  t.same([a.told, b.told], [[], ['splitEventProcessorSegment 1']])
  b.session.processorInfo(processorInfo({ segmentStatus: [processorSegment(1, 4), processorSegment(3, 4)] }))
  await messaging.processors.split(processorIdentity)
  t.same([a.told, b.told], [['splitEventProcessorSegment 0'], ['splitEventProcessorSegment 1']])
})

t.test('merge takes the smallest segment, after the others have let its other half go', async t => {
  const { messaging } = messagingWith()
  const a = connectProcessor(messaging, 'a', { segmentStatus: [processorSegment(0, 2)] })
  const b = connectProcessor(messaging, 'b', { segmentStatus: [processorSegment(1, 2)] })
  a.answer('nothing')
  const merging = messaging.processors.merge(processorIdentity)
  await new Promise(setImmediate)
  t.same([a.told, b.told], [['releaseSegment 0'], []], 'the merge waits for the release')
  a.session.result({ instructionId: a.id()!, success: true, error: undefined })
  await merging
  t.same(b.told, ['mergeEventProcessorSegment 1'])

  a.answer('success')
  a.session.processorInfo(processorInfo({ segmentStatus: [processorSegment(0, 2)] }))
  b.session.processorInfo(processorInfo({ segmentStatus: [processorSegment(1, 4), processorSegment(3, 4)] }))
  await messaging.processors.merge(processorIdentity)
  t.same(a.told.at(-1), 'releaseSegment 1')
  t.same(b.told.at(-1), 'mergeEventProcessorSegment 3')
})

t.test('a merge stops where a release fails', async t => {
  const { messaging } = messagingWith()
  const a = connectProcessor(messaging, 'a', { segmentStatus: [processorSegment(0, 2)] })
  const b = connectProcessor(messaging, 'b', { segmentStatus: [processorSegment(1, 2)] })
  a.answer('failure')
  await t.rejects(messaging.processors.merge(processorIdentity), { code: 'AXONIQ-1004' })
  t.same(b.told, [])
})

t.test('move asks all others to let the segment go', async t => {
  const { messaging } = messagingWith()
  const a = connectProcessor(messaging, 'a', {
    segmentStatus: [processorSegment(0, 2), processorSegment(1, 2)]
  })
  const b = connectProcessor(messaging, 'b')
  const c = connectProcessor(messaging, 'c', { availableThreads: 0 })
  t.equal(await messaging.processors.move(processorIdentity, 0, 'b'), 'success')
  t.same([a.told, b.told, c.told], [['releaseSegment 0'], [], ['releaseSegment 0']])
  t.equal(await messaging.processors.move(processorIdentity, 0, 'a'), 'success', 'it has it already')
  t.equal(a.told.length, 1)
  await t.rejects(messaging.processors.move(processorIdentity, 0, 'c'), { code: 'AXONIQ-2802' })
  await t.rejects(messaging.processors.move(processorIdentity, 0, 'nobody'), { code: 'AXONIQ-2801' })
})

t.test('balancing', async t => {
  const instance = (clientId: string, capacity: number, ...segmentIds: number[]): BalanceInstance => ({
    clientId,
    capacity,
    segmentIds
  })

  t.test('segments move until the numbers are as equal as threads allow', async t => {
    t.same(threadNumberMoves([instance('a', 4, 0, 1, 2, 3), instance('b', 4)]), [
      { segmentId: 3, targetClientId: 'b' },
      { segmentId: 2, targetClientId: 'b' }
    ])
    t.same(threadNumberMoves([instance('a', 2, 0, 1), instance('b', 4, 2)]), [], 'a difference of one stays')
    t.same(threadNumberMoves([instance('a', 3, 0, 1, 2), instance('b', 0)]), [], 'no thread, no segment')
    t.same(threadNumberMoves([]), [])
  })

  t.test('nothing is lost, nobody gets more than fits, and no better move is left', async () => {
    const segments = fc.array(fc.record({ count: fc.nat(8), free: fc.nat(8) }), {
      minLength: 1,
      maxLength: 6
    })
    fc.assert(
      fc.property(segments, shares => {
        let next = 0
        const instances = shares.map(({ count, free }, index) =>
          instance(`c${index}`, count + free, ...Array.from({ length: count }, () => next++))
        )
        const owner = new Map(
          instances.flatMap(({ clientId, segmentIds }) => segmentIds.map(id => [id, clientId]))
        )
        for (const { segmentId, targetClientId } of threadNumberMoves(instances))
          owner.set(segmentId, targetClientId)
        const counts = instances.map(
          ({ clientId }) => [...owner.values()].filter(id => id === clientId).length
        )
        const fits = instances.every(({ capacity }, index) => counts[index]! <= capacity)
        const isDone = instances.every(({ capacity }, target) =>
          counts.every(count => counts[target]! >= capacity || counts[target]! + 1 > count - 1)
        )
        return owner.size === next && fits && isDone
      })
    )
  })

  t.test('each move is done before the next; another strategy does nothing', async t => {
    const { messaging } = messagingWith()
    const a = connectProcessor(messaging, 'a', {
      segmentStatus: [0, 1, 2, 3].map(id => processorSegment(id, 4)),
      availableThreads: 0
    })
    const b = connectProcessor(messaging, 'b')
    await messaging.processors.balance(processorIdentity, 'threadNumber')
    t.same([a.told, b.told], [['releaseSegment 3', 'releaseSegment 2'], []])
    for (const strategy of ['default', 'disabled', 'whatever'])
      await messaging.processors.balance(processorIdentity, strategy)
    t.equal(a.told.length, 2)
  })
})
