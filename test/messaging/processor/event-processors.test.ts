import fc from 'fast-check'
import t from 'tap'
import { type ProcessorStatus, processorOverview } from '../../../src/messaging/index.js'
import {
  type BalanceInstance,
  threadNumberMoves
} from '../../../src/messaging/processor/thread-number-balance.js'
import type { EventProcessorInfo } from '../../../src/wire/generated/control.js'
import { FakeStream, messagingWith } from '../fixtures.js'

type Messaging = ReturnType<typeof messagingWith>['messaging']

function segment(segmentId: number, onePartOf: number, changes: { errorState?: string } = {}) {
  return {
    segmentId,
    caughtUp: true,
    replaying: false,
    onePartOf,
    tokenPosition: 7,
    errorState: '',
    ...changes
  }
}

function info(changes: Partial<EventProcessorInfo> = {}): EventProcessorInfo {
  return {
    processorName: 'p',
    mode: 'Pooled Streaming',
    activeThreads: 1,
    running: true,
    error: false,
    segmentStatus: [],
    availableThreads: 10,
    tokenStoreIdentifier: 'store',
    isStreamingProcessor: true,
    loadBalancingStrategyName: 'threadNumber',
    ...changes
  }
}

const identity = { context: 'default', name: 'p', tokenStoreIdentifier: 'store' }

/** A client that answers each instruction with success, and remembers it. */
function connect(
  messaging: Messaging,
  clientId: string,
  report: Partial<EventProcessorInfo> = {},
  context = 'default'
) {
  const out = new FakeStream()
  const session = messaging.platform.openStream(context, out)
  session.register({ clientId, componentName: `component of ${clientId}`, tags: new Map(), version: '4.6' })
  session.processorInfo(info(report))
  const told: string[] = []
  let answersWith: 'success' | 'failure' | 'nothing' = 'success'
  out.onWrite = () => {
    const { request, instructionId } = out.instructions().at(-1)!
    const value = request?.value as { segmentIdentifier?: number }
    told.push(
      `${request?.$case}${value.segmentIdentifier === undefined ? '' : ` ${value.segmentIdentifier}`}`
    )
    if (answersWith === 'nothing') return
    const success = answersWith === 'success'
    const error = success
      ? undefined
      : { errorCode: 'AXONIQ-1004', message: 'no', location: clientId, details: [] }
    queueMicrotask(() => session.result({ instructionId, success, error }))
  }
  return {
    session,
    told,
    id: () => out.instructions().at(-1)?.instructionId,
    answer: (kind: typeof answersWith) => {
      answersWith = kind
    }
  }
}

t.test('one processor is one name, context and token store', async t => {
  const { messaging } = messagingWith()
  connect(messaging, 'a', { segmentStatus: [segment(0, 2)] })
  const b = connect(messaging, 'b', { segmentStatus: [segment(1, 2)], mode: 'Tracking' })
  connect(messaging, 'c', { tokenStoreIdentifier: 'another' })
  connect(messaging, 'd', {}, 'other')
  b.session.processorInfo(info({ processorName: 'q', mode: 'Subscribing', isStreamingProcessor: false }))
  t.match(messaging.processors.list(), [
    {
      ...identity,
      mode: 'Unknown',
      isStreaming: true,
      loadBalancingStrategy: 'threadNumber',
      instances: [
        { client: { clientId: 'a' }, capacity: 11 },
        { client: { clientId: 'b' }, capacity: 11 }
      ]
    },
    { name: 'q', mode: 'Subscribing', isStreaming: false },
    { tokenStoreIdentifier: 'another' },
    { context: 'other' }
  ])
  t.same(
    messaging.processors.ofComponent('component of b').map(({ name }) => name),
    ['p', 'q']
  )
})

t.test('the newest status counts, for 30 s', async t => {
  const { messaging, clock } = messagingWith()
  const a = connect(messaging, 'a')
  a.session.processorInfo(info({ running: false }))
  t.match(messaging.processors.list(), [{ instances: [{ isRunning: false }] }])
  clock.advance(30_000)
  t.equal(messaging.processors.list().length, 1)
  clock.advance(1)
  t.same(messaging.processors.list(), [])
})

t.test('a client reports no more than 1000 processors', async t => {
  const { messaging, clock } = messagingWith()
  const a = connect(messaging, 'a', { processorName: 'p0' })
  for (let number = 1; number < 1005; number++) a.session.processorInfo(info({ processorName: `p${number}` }))
  t.equal(messaging.processors.list().length, 1000)
  clock.advance(30_001)
  a.session.processorInfo(info({ processorName: 'p2000' }))
  t.equal(messaging.processors.list().length, 1, 'old ones make room')
})

t.test('a mode says as much as the flag, from old clients', async t => {
  const { messaging } = messagingWith()
  connect(messaging, 'a', { mode: 'Tracking', isStreamingProcessor: false })
  t.match(messaging.processors.list(), [{ isStreaming: true }])
})

t.test('10 free threads and 2 segments make a capacity of 12', async t => {
  const { messaging } = messagingWith()
  connect(messaging, 'a', { availableThreads: 10, segmentStatus: [segment(0, 2), segment(1, 2)] })
  t.equal(messaging.processors.find(identity)?.instances[0]?.capacity, 12)
})

t.test('what an operator sees', async t => {
  const overview = (...reports: Partial<EventProcessorInfo>[]) => {
    const { messaging } = messagingWith()
    for (const [index, report] of reports.entries()) connect(messaging, `client-${index}`, report)
    return processorOverview(messaging.processors.find(identity) as ProcessorStatus)
  }
  t.same(
    overview(
      { segmentStatus: [segment(1, 2), segment(2, 4)], availableThreads: 0 },
      { segmentStatus: [segment(0, 4)], running: false }
    ),
    {
      fullName: 'p@store',
      warnings: [],
      freeThreadInstances: ['client-1'],
      activeThreads: 3,
      canPause: true,
      canPlay: true,
      canSplit: true,
      canMerge: true,
      trackers: [
        { ...segment(0, 4), clientId: 'client-1' },
        { ...segment(1, 2), clientId: 'client-0' },
        { ...segment(2, 4), clientId: 'client-0' }
      ]
    }
  )
  t.match(overview({ segmentStatus: [segment(0, 1)] }), { canMerge: false, canPlay: false, warnings: [] })
  t.match(overview({ running: false, segmentStatus: [segment(0, 1)] }), { canPause: false, canSplit: false })
  t.match(overview({ segmentStatus: [segment(0, 2)] }), { warnings: ['Not all segments are claimed'] })
  t.match(overview({ segmentStatus: [segment(0, 1)] }, { segmentStatus: [segment(0, 1)] }), {
    warnings: ['Segment 0 is claimed by client-0 and client-1']
  })
})

t.test('pause and start go to every client that runs the processor, with one id', async t => {
  const { messaging } = messagingWith()
  const a = connect(messaging, 'a')
  const b = connect(messaging, 'b', { running: false })
  const c = connect(messaging, 'c', { processorName: 'another' })
  t.equal(await messaging.processors.pause(identity), 'success')
  t.same([a.told, b.told, c.told], [['pauseEventProcessor'], ['pauseEventProcessor'], []])
  t.equal(a.id(), b.id())
  t.equal(await messaging.processors.start(identity), 'success')
  t.same(a.told, ['pauseEventProcessor', 'startEventProcessor'])
})

t.test('an operation is over when all have answered, and fails if one has failed', async t => {
  const { messaging, clock } = messagingWith()
  const a = connect(messaging, 'a')
  const b = connect(messaging, 'b')
  a.answer('failure')
  b.answer('nothing')
  const pausing = messaging.processors.pause(identity)
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
  connect(messaging, 'a')
  const out = new FakeStream()
  const old = messaging.platform.openStream('default', out)
  old.register({ clientId: 'old', componentName: 'c', tags: new Map(), version: '4.5' })
  old.processorInfo(info())
  const pausing = messaging.processors.pause(identity)
  old.ack({ instructionId: out.instructions()[0]!.instructionId, success: true, error: undefined })
  t.equal(await pausing, 'accepted')
})

t.test('nobody runs it', async t => {
  const { messaging } = messagingWith()
  connect(messaging, 'a')
  const unknown = { ...identity, context: 'other' }
  for (const operation of ['pause', 'start', 'split', 'merge'] as const) {
    await t.rejects(messaging.processors[operation](unknown), {
      code: 'AXONIQ-2800',
      message: /p in other with token store store/
    })
  }
  await t.rejects(messaging.processors.move(unknown, 0, 'a'), { code: 'AXONIQ-2800' })
  await t.rejects(messaging.processors.balance(unknown, 'threadNumber'), { code: 'AXONIQ-2800' })
  await t.rejects(messaging.processors.split(identity), {
    code: 'AXONIQ-2800',
    message: /No client has claimed a segment/
  })
})

t.test('split takes the largest segment, and of equal ones the last', async t => {
  const { messaging } = messagingWith()
  const a = connect(messaging, 'a', { segmentStatus: [segment(0, 2)] })
  const b = connect(messaging, 'b', { segmentStatus: [segment(1, 2)] })
  await messaging.processors.split(identity)
  t.same([a.told, b.told], [[], ['splitEventProcessorSegment 1']])
  b.session.processorInfo(info({ segmentStatus: [segment(1, 4), segment(3, 4)] }))
  await messaging.processors.split(identity)
  t.same([a.told, b.told], [['splitEventProcessorSegment 0'], ['splitEventProcessorSegment 1']])
})

t.test('merge takes the smallest segment, after the others have let its other half go', async t => {
  const { messaging } = messagingWith()
  const a = connect(messaging, 'a', { segmentStatus: [segment(0, 2)] })
  const b = connect(messaging, 'b', { segmentStatus: [segment(1, 2)] })
  a.answer('nothing')
  const merging = messaging.processors.merge(identity)
  await new Promise(setImmediate)
  t.same([a.told, b.told], [['releaseSegment 0'], []], 'the merge waits for the release')
  a.session.result({ instructionId: a.id()!, success: true, error: undefined })
  await merging
  t.same(b.told, ['mergeEventProcessorSegment 1'])

  a.answer('success')
  a.session.processorInfo(info({ segmentStatus: [segment(0, 2)] }))
  b.session.processorInfo(info({ segmentStatus: [segment(1, 4), segment(3, 4)] }))
  await messaging.processors.merge(identity)
  t.same(a.told.at(-1), 'releaseSegment 1')
  t.same(b.told.at(-1), 'mergeEventProcessorSegment 3')
})

t.test('a merge stops where a release fails', async t => {
  const { messaging } = messagingWith()
  const a = connect(messaging, 'a', { segmentStatus: [segment(0, 2)] })
  const b = connect(messaging, 'b', { segmentStatus: [segment(1, 2)] })
  a.answer('failure')
  await t.rejects(messaging.processors.merge(identity), { code: 'AXONIQ-1004' })
  t.same(b.told, [])
})

t.test('move asks all others to let the segment go', async t => {
  const { messaging } = messagingWith()
  const a = connect(messaging, 'a', { segmentStatus: [segment(0, 2), segment(1, 2)] })
  const b = connect(messaging, 'b')
  const c = connect(messaging, 'c', { availableThreads: 0 })
  t.equal(await messaging.processors.move(identity, 0, 'b'), 'success')
  t.same([a.told, b.told, c.told], [['releaseSegment 0'], [], ['releaseSegment 0']])
  t.equal(await messaging.processors.move(identity, 0, 'a'), 'success', 'it has it already')
  t.equal(a.told.length, 1)
  await t.rejects(messaging.processors.move(identity, 0, 'c'), { code: 'AXONIQ-2802' })
  await t.rejects(messaging.processors.move(identity, 0, 'nobody'), { code: 'AXONIQ-2801' })
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
    const a = connect(messaging, 'a', {
      segmentStatus: [0, 1, 2, 3].map(id => segment(id, 4)),
      availableThreads: 0
    })
    const b = connect(messaging, 'b')
    await messaging.processors.balance(identity, 'threadNumber')
    t.same([a.told, b.told], [['releaseSegment 3', 'releaseSegment 2'], []])
    for (const strategy of ['default', 'disabled', 'whatever'])
      await messaging.processors.balance(identity, strategy)
    t.equal(a.told.length, 2)
  })
})
