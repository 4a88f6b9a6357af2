import { status } from '@grpc/grpc-js'
import t, { type Test } from 'tap'
import {
  AdminActionResult,
  EventProcessor,
  EventProcessorIdentifier,
  LoadBalanceRequest,
  LoadBalancingStrategy,
  MoveSegment,
  Result
} from '../../../src/wire/generated/admin.js'
import { Component } from '../../../src/wire/generated/common.js'
import type { EventProcessorInfo } from '../../../src/wire/generated/control.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import { defaultOptions } from '../../messaging/fixtures.js'
import { startServer, until } from './grpc-fixture.js'

const service = 'admin.EventProcessorAdminService'
const identifier = { processorName: 'p', tokenStoreIdentifier: 'store', contextName: '' }

function segment(segmentId: number, onePartOf: number, errorState = '') {
  return { segmentId, caughtUp: true, replaying: false, onePartOf, tokenPosition: 42, errorState }
}

interface ClientOptions {
  readonly clientId: string
  readonly info?: Partial<EventProcessorInfo>
  readonly answer?: 'success' | 'failure' | 'nothing'
  readonly version?: string
}

async function start(t: Test, instructionTimeoutMs = 10_000) {
  const instructions = { timeoutMs: instructionTimeoutMs, scanIntervalMs: 20, awaitedMax: 1000 }
  const { connect, messaging } = await startServer(t, { ...defaultOptions, instructions })
  const admin = connect()
  let reports = 0
  return {
    admin,
    connect,
    /** A client that runs processor `p` and answers what it is told. */
    client: async ({ clientId, info = {}, answer = 'success', version = '4.6' }: ClientOptions) => {
      const stream = connect().platformStream()
      const told: string[] = []
      stream.call.on('data', () => {
        const { request, instructionId } = stream.received.at(-1)!
        if (request === undefined || request.$case === 'ack') return
        const { segmentIdentifier } = request.value as { segmentIdentifier?: number }
        told.push(segmentIdentifier === undefined ? request.$case : `${request.$case} ${segmentIdentifier}`)
        if (answer === 'nothing') return
        const error = { errorCode: 'AXONIQ-1004', message: 'it broke', location: clientId, details: [] }
        const result = {
          instructionId,
          success: answer === 'success',
          error: answer === 'success' ? undefined : error
        }
        if (version === '4.6') stream.send({ $case: 'result', value: result })
        else stream.send({ $case: 'ack', value: result })
      })
      stream.send({
        $case: 'register',
        value: { clientId, componentName: `${clientId}-app`, tags: {}, version }
      })
      stream.send({
        $case: 'eventProcessorInfo',
        value: {
          processorName: 'p',
          mode: 'Pooled Streaming',
          activeThreads: 1,
          running: true,
          error: false,
          segmentStatus: [],
          availableThreads: 10,
          tokenStoreIdentifier: 'store',
          isStreamingProcessor: true,
          loadBalancingStrategyName: '',
          ...info
        }
      })
      reports++
      await until(() => messaging.processors.list().flatMap(({ instances }) => instances).length === reports)
      return { stream, told }
    },
    act: async (method: string, changes: Partial<typeof identifier> = {}) => {
      const request = encodeMessage(EventProcessorIdentifier, { ...identifier, ...changes })
      return decodeMessage(AdminActionResult, await admin.unary(`${service}/${method}`, request).answer)
        .result
    },
    move: async (segmentId: number, targetClientId: string) => {
      const request = encodeMessage(MoveSegment, {
        eventProcessor: identifier,
        segment: segmentId,
        targetClientId
      })
      const answer = await admin.unary(`${service}/MoveEventProcessorSegment`, request).answer
      return decodeMessage(AdminActionResult, answer).result
    }
  }
}

t.test('all processors are listed, 10 free threads and 2 segments as a capacity of 12', async t => {
  const { admin, client } = await start(t)
  await client({ clientId: 'a', info: { segmentStatus: [segment(0, 2), segment(1, 2, 'bad event')] } })
  await client({
    clientId: 'b',
    info: { processorName: 'q', mode: 'Subscribing', isStreamingProcessor: false }
  })
  const all = await admin.list(`${service}/GetAllEventProcessors`, Buffer.alloc(0))
  const claimed = { onePartOf: 2, claimedBy: 'a', isCaughtUp: true, isReplaying: false, tokenPosition: 42 }
  t.match(
    all.map(bytes => decodeMessage(EventProcessor, bytes)),
    [
      {
        identifier: { processorName: 'p', tokenStoreIdentifier: 'store', contextName: 'default' },
        mode: 'Pooled Streaming',
        isStreaming: true,
        clientInstance: [
          {
            clientId: 'a',
            isRunning: true,
            maxCapacity: 12,
            claimedSegment: [
              { ...claimed, id: 0, isInError: false, error: '' },
              { ...claimed, id: 1, isInError: true, error: 'bad event' }
            ]
          }
        ]
      },
      { identifier: { processorName: 'q' }, mode: 'Subscribing', isStreaming: false }
    ]
  )
  const ofB = await admin.list(
    `${service}/GetEventProcessorsByComponent`,
    encodeMessage(Component, { component: 'b-app' })
  )
  t.match(
    ofB.map(bytes => decodeMessage(EventProcessor, bytes)),
    [{ identifier: { processorName: 'q' } }]
  )
})

t.test('pause and start end when all clients are done', async t => {
  const { client, act } = await start(t)
  const a = await client({ clientId: 'a' })
  const b = await client({ clientId: 'b' })
  t.equal(await act('PauseEventProcessor'), Result.SUCCESS)
  t.equal(await act('StartEventProcessor'), Result.SUCCESS)
  t.same([a.told, b.told], Array(2).fill(['pauseEventProcessor', 'startEventProcessor']))
})

t.test('a client that can only ack makes the result ACCEPTED', async t => {
  const { client, act } = await start(t)
  await client({ clientId: 'a' })
  await client({ clientId: 'old', version: '4.5.1' })
  t.equal(await act('PauseEventProcessor'), Result.ACCEPTED)
})

t.test('errors', async t => {
  const { client, act, move, admin, connect } = await start(t, 60)
  await t.rejects(
    act('PauseEventProcessor'),
    { code: status.NOT_FOUND, details: /AXONIQ-2800/ },
    'nobody runs it'
  )
  await client({ clientId: 'a', answer: 'failure', info: { segmentStatus: [segment(0, 1)] } })
  for (const method of [
    'PauseEventProcessor',
    'StartEventProcessor',
    'SplitEventProcessor',
    'MergeEventProcessor'
  ]) {
    await t.rejects(act(method), { code: status.INTERNAL, details: /AXONIQ-1004.*it broke/ }, method)
  }
  await t.rejects(move(0, 'nobody'), { code: status.NOT_FOUND, details: /AXONIQ-2801/ })
  await client({ clientId: 'full', info: { availableThreads: 0, processorName: 'p' } })
  await t.rejects(move(0, 'full'), { code: status.NOT_FOUND, details: /AXONIQ-2802/ })
  await t.rejects(
    act('PauseEventProcessor', { contextName: 'other' }),
    { code: status.NOT_FOUND },
    'another context'
  )
  const silent = await client({
    clientId: 'silent',
    answer: 'nothing',
    info: { tokenStoreIdentifier: 'silent' }
  })
  const silence = { tokenStoreIdentifier: 'silent' }
  await t.rejects(act('PauseEventProcessor', silence), {
    code: status.DEADLINE_EXCEEDED,
    details: /AXONIQ-11000/
  })
  const pausing = act('PauseEventProcessor', silence)
  await silent.stream.receive(2)
  silent.stream.call.cancel()
  await t.rejects(pausing, { code: status.NOT_FOUND, details: /AXONIQ-6001/ })
  await t.rejects(admin.list(`${service}/SetAutoLoadBalanceStrategy`, Buffer.alloc(0)), {
    code: status.CANCELLED
  })
  const malformed = connect('nowhere').unary(
    `${service}/PauseEventProcessor`,
    Buffer.from([0x0a, 0x7f])
  ).answer
  await t.rejects(malformed, { code: status.CANCELLED })
})

t.test('split takes segment 1 of 0 and 1, merge too after the other one is released', async t => {
  const { client, act } = await start(t)
  const a = await client({ clientId: 'a', info: { segmentStatus: [segment(0, 2)] } })
  const b = await client({ clientId: 'b', info: { segmentStatus: [segment(1, 2)] } })
  t.equal(await act('SplitEventProcessor'), Result.SUCCESS)
  t.same([a.told, b.told], [[], ['splitEventProcessorSegment 1']])
  t.equal(await act('MergeEventProcessor'), Result.SUCCESS)
  t.same(
    [a.told, b.told],
    [['releaseSegment 0'], ['splitEventProcessorSegment 1', 'mergeEventProcessorSegment 1']]
  )
})

t.test('move releases the segment everywhere else', async t => {
  const { client, move } = await start(t)
  const a = await client({ clientId: 'a', info: { segmentStatus: [segment(0, 1)] } })
  const b = await client({ clientId: 'b' })
  t.equal(await move(0, 'b'), Result.SUCCESS)
  t.same([a.told, b.told], [['releaseSegment 0'], []])
  t.equal(await move(0, 'a'), Result.SUCCESS)
  t.equal(a.told.length, 1)
})

t.test('balancing by the number of threads', async t => {
  const { client, admin } = await start(t)
  const segmentStatus = [0, 1, 2, 3].map(id => segment(id, 4))
  const a = await client({ clientId: 'a', info: { segmentStatus, availableThreads: 0 } })
  await client({ clientId: 'b' })
  const balance = (strategy: string) =>
    admin.list(
      `${service}/LoadBalanceProcessor`,
      encodeMessage(LoadBalanceRequest, { processor: identifier, strategy })
    )
  t.same(await balance('default'), [])
  t.same(a.told, [])
  t.same(await balance('threadNumber'), [])
  t.same(a.told, ['releaseSegment 3', 'releaseSegment 2'])
  const strategies = await admin.list(`${service}/GetBalancingStrategies`, Buffer.alloc(0))
  t.same(
    strategies.map(bytes => decodeMessage(LoadBalancingStrategy, bytes)),
    [
      { strategy: 'disabled', label: 'Disabled' },
      { strategy: 'threadNumber', label: 'Thread Number' }
    ]
  )
})
