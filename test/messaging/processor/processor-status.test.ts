import t from 'tap'
import { type ProcessorStatus, processorOverview } from '../../../src/messaging/index.js'
import type { EventProcessorInfo } from '../../../src/wire/generated/control.js'
import { messagingWith } from '../fixtures.js'
import {
  connectProcessor,
  processorIdentity,
  processorInfo,
  processorSegment
} from '../processor-fixtures.js'

t.test('one processor is one name, context and token store', async t => {
  const { messaging } = messagingWith()
  connectProcessor(messaging, 'a', { segmentStatus: [processorSegment(0, 2)] })
  const b = connectProcessor(messaging, 'b', { segmentStatus: [processorSegment(1, 2)], mode: 'Tracking' })
  connectProcessor(messaging, 'c', { tokenStoreIdentifier: 'another' })
  connectProcessor(messaging, 'd', {}, 'other')
  b.session.processorInfo(
    processorInfo({ processorName: 'q', mode: 'Subscribing', isStreamingProcessor: false })
  )
  t.match(messaging.processors.list(), [
    {
      ...processorIdentity,
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
  const a = connectProcessor(messaging, 'a')
  a.session.processorInfo(processorInfo({ running: false }))
  t.match(messaging.processors.list(), [{ instances: [{ isRunning: false }] }])
  clock.advance(30_000)
  t.equal(messaging.processors.list().length, 1)
  clock.advance(1)
  t.same(messaging.processors.list(), [])
})

t.test('a client reports no more than 1000 processors', async t => {
  const { messaging, clock } = messagingWith()
  const a = connectProcessor(messaging, 'a', { processorName: 'p0' })
  for (let number = 1; number < 1005; number++)
    a.session.processorInfo(processorInfo({ processorName: `p${number}` }))
  t.equal(messaging.processors.list().length, 1000)
  clock.advance(30_001)
  a.session.processorInfo(processorInfo({ processorName: 'p2000' }))
  t.equal(messaging.processors.list().length, 1, 'old ones make room')
})

t.test('a mode says as much as the flag, from old clients', async t => {
  const { messaging } = messagingWith()
  connectProcessor(messaging, 'a', { mode: 'Tracking', isStreamingProcessor: false })
  t.match(messaging.processors.list(), [{ isStreaming: true }])
})

t.test('10 free threads and 2 segments make a capacity of 12', async t => {
  const { messaging } = messagingWith()
  connectProcessor(messaging, 'a', {
    availableThreads: 10,
    segmentStatus: [processorSegment(0, 2), processorSegment(1, 2)]
  })
  t.equal(messaging.processors.find(processorIdentity)?.instances[0]?.capacity, 12)
})

t.test('what an operator sees', async t => {
  const overview = (...reports: Partial<EventProcessorInfo>[]) => {
    const { messaging } = messagingWith()
    for (const [index, report] of reports.entries()) connectProcessor(messaging, `client-${index}`, report)
    return processorOverview(messaging.processors.find(processorIdentity) as ProcessorStatus)
  }
  t.same(
    overview(
      { segmentStatus: [processorSegment(1, 2), processorSegment(2, 4)], availableThreads: 0 },
      { segmentStatus: [processorSegment(0, 4)], running: false }
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
        { ...processorSegment(0, 4), clientId: 'client-1' },
        { ...processorSegment(1, 2), clientId: 'client-0' },
        { ...processorSegment(2, 4), clientId: 'client-0' }
      ]
    }
  )
  t.match(overview({ segmentStatus: [processorSegment(0, 1)] }), {
    canMerge: false,
    canPlay: false,
    warnings: []
  })
  t.match(overview({ running: false, segmentStatus: [processorSegment(0, 1)] }), {
    canPause: false,
    canSplit: false
  })
  t.match(overview({ segmentStatus: [processorSegment(0, 2)] }), {
    warnings: ['Not all segments are claimed']
  })
  t.match(
    overview({ segmentStatus: [processorSegment(0, 1)] }, { segmentStatus: [processorSegment(0, 1)] }),
    {
      warnings: ['Segment 0 is claimed by client-0 and client-1']
    }
  )
})
