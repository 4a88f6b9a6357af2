import t from 'tap'
import { thisNode } from '../../../src/messaging/index.js'
import { answersHeartbeats, reportsResults } from '../../../src/messaging/platform/client-version.js'
import type { EventProcessorInfo } from '../../../src/wire/generated/control.js'
import { PlatformInfo, UpdateType } from '../../../src/wire/generated/control.js'
import { decodeMessage, ServerError } from '../../../src/wire/index.js'
import {
  Answers,
  command,
  commandResponse,
  defaultOptions,
  FakeStream,
  messagingWith,
  testNode
} from '../fixtures.js'

type Messaging = ReturnType<typeof messagingWith>['messaging']

interface SessionOptions {
  readonly clientId?: string
  readonly context?: string
  readonly version?: string
  readonly component?: string
}

function connect(messaging: Messaging, options: SessionOptions = {}) {
  const { clientId = 'client', context = 'default', version = '4.6', component = 'orders' } = options
  const out = new FakeStream()
  const session = messaging.platform.openStream(context, out)
  session.register({ clientId, componentName: component, tags: new Map(), version })
  return { out, session }
}

function info(processorName: string): EventProcessorInfo {
  return {
    processorName,
    mode: 'Tracking',
    activeThreads: 1,
    running: true,
    error: false,
    segmentStatus: [],
    availableThreads: 1,
    tokenStoreIdentifier: 'store',
    isStreamingProcessor: true,
    loadBalancingStrategyName: ''
  }
}

function ack(instructionId: string, success = true, errorCode = '') {
  const error = success ? undefined : { errorCode, message: 'refused', location: '', details: [] }
  return { instructionId, success, error }
}

const processor = { context: 'default', name: 'p', tokenStoreIdentifier: 'store' }

t.test('the node answers with itself, and that the connection can stay', async t => {
  t.same(decodeMessage(PlatformInfo, thisNode(testNode)), {
    primary: {
      nodeName: 'node-1',
      hostName: 'host-1.example.com',
      grpcPort: 8124,
      httpPort: 8024,
      version: 0
    },
    sameConnection: true
  })
})

t.test('versions of clients', async t => {
  for (const version of [
    '4.2.1',
    '4.2.10',
    '4.3',
    '4.3.0',
    '4.6',
    '4.10.2-SNAPSHOT',
    '5',
    '6.1',
    '2025.2.1'
  ]) {
    t.equal(answersHeartbeats(version), true, `${version} answers heartbeats`)
  }
  for (const version of ['', 'unknown', '4.2', '4.2.0', '4.1.9', '3.9', '4']) {
    t.equal(answersHeartbeats(version), false, `${version} does not`)
  }
  for (const version of ['4.6', '4.6.0', '4.7', '5.0', '2025.2.1'])
    t.equal(reportsResults(version), true, version)
  for (const version of ['', 'x', '4.5.9', '4', '3.9']) t.equal(reportsResults(version), false, version)
})

t.test('the life of a platform stream', async t => {
  t.test('before register nothing has an effect; the second register has none', async t => {
    const { messaging } = messagingWith()
    const out = new FakeStream()
    const session = messaging.platform.openStream('default', out)
    session.heartbeat()
    session.processorInfo(info('p'))
    session.subscribeTopology()
    session.ack(ack('x'))
    session.result(ack('x'))
    t.equal(session.lastHeartbeatMs, undefined)
    t.same(messaging.processors.list(), [])
    t.same(out.written, [])
    session.register({ clientId: 'a', componentName: 'c', tags: new Map(), version: '' })
    session.register({ clientId: 'b', componentName: 'c', tags: new Map(), version: '' })
    t.match([...messaging.clients.all()], [{ clientId: 'a', context: 'default' }])
  })

  t.test('a newer stream of the same client does not end the older one', async t => {
    const { messaging } = messagingWith()
    const old = connect(messaging)
    connect(messaging)
    t.equal(old.out.ended, 'open')
    t.equal(messaging.clients.streams('default', 'client').size, 2)
    old.session.terminate('closed by the client')
    t.equal(old.out.ended, 'ended')
    t.equal(messaging.clients.streams('default', 'client').size, 1)
  })

  t.test('its end forgets the processors and fails what is awaited of it', async t => {
    const { messaging } = messagingWith()
    const { session } = connect(messaging)
    session.processorInfo(info('p'))
    const pausing = messaging.processors.pause(processor)
    session.close('connection lost')
    await t.rejects(pausing, { code: 'AXONIQ-6001' })
    t.same(messaging.processors.list(), [])
    t.equal(messaging.clients.size, 0)
  })

  t.test('its end does not touch the handlers of the client', async t => {
    const { messaging } = messagingWith()
    const { session } = connect(messaging)
    const handler = new FakeStream()
    const stream = messaging.commands.openHandlerStream('default', handler)
    stream.subscribe({ command: 'order', clientId: 'client', componentName: 'orders', loadFactor: 0 })
    session.close('connection lost')
    t.equal(handler.ended, 'open')
    t.equal([...messaging.commands.registrations('default')].length, 1)
  })

  t.test('a removed context and a stop end it normally', async t => {
    const { messaging } = messagingWith()
    const one = connect(messaging)
    const other = connect(messaging, { context: 'other' })
    messaging.closeContext('default')
    t.same([one.out.ended, other.out.ended], ['ended', 'open'])
    messaging.stop()
    t.equal(other.out.ended, 'ended')
    t.equal(messaging.clients.size, 0)
  })
})

t.test('heartbeats', async t => {
  t.test('go out every 500 ms after 5 s, without id, to versions that answer', async t => {
    const { messaging, clock } = messagingWith()
    const young = connect(messaging)
    const old = connect(messaging, { clientId: 'old', version: '4.2.0' })
    clock.advance(4999)
    t.equal(young.out.written.length, 0)
    clock.advance(1)
    t.equal(young.out.written.length, 1)
    clock.advance(2000)
    t.equal(young.out.written.length, 5)
    t.match(young.out.instructions()[0], { request: { $case: 'heartbeat' }, instructionId: '' })
    t.equal(old.out.written.length, 0)
  })

  t.test('do not pile up for a client that does not read', async t => {
    const { messaging, clock } = messagingWith()
    const { out, session } = connect(messaging)
    out.flowingMax = 1
    clock.advance(8000)
    t.equal(out.written.length, 1)
    out.flowingMax = Number.POSITIVE_INFINITY
    session.resume()
    clock.advance(500)
    t.equal(out.written.length, 2)
  })

  t.test('are off unless enabled', async t => {
    const { messaging, clock } = messagingWith({ heartbeat: { ...defaultOptions.heartbeat, enabled: false } })
    const { out, session } = connect(messaging)
    session.heartbeat()
    clock.advance(60_000)
    t.same(out.written, [])
    t.equal(out.ended, 'open')
  })

  t.test('a client that never sent one is not missed', async t => {
    const { messaging, clock } = messagingWith()
    const { out } = connect(messaging)
    clock.advance(60_000)
    t.equal(out.ended, 'open')
  })

  t.test('after 5 s of silence the client is gone, with its handlers in that context', async t => {
    const { messaging, clock } = messagingWith()
    const silent: string[] = []
    messaging.platform.addListener({ clientSilent: ({ clientId }) => silent.push(clientId) })
    const client = connect(messaging)
    const alive = connect(messaging, { clientId: 'alive' })
    const handlerOf = (context: string, clientId: string) => {
      const out = new FakeStream()
      const stream = messaging.commands.openHandlerStream(context, out)
      stream.subscribe({ command: 'order', clientId, componentName: 'orders', loadFactor: 0 })
      return out
    }
    const handlers = [
      handlerOf('default', 'client'),
      handlerOf('other', 'client'),
      handlerOf('default', 'alive')
    ]
    client.session.heartbeat()
    for (let second = 0; second < 12; second++) {
      alive.session.heartbeat()
      clock.advance(1000)
    }
    t.equal(client.out.ended, 'failed')
    t.ok(client.out.error instanceof ServerError)
    t.match(client.out.error, { code: 'AXONIQ-0001' })
    t.same(
      handlers.map(({ ended }) => ended),
      ['failed', 'open', 'open']
    )
    t.equal(alive.out.ended, 'open')
    t.same(silent, ['client'])
  })

  t.test('the handlers of a client that has connected anew stay', async t => {
    const { messaging, clock } = messagingWith()
    const old = connect(messaging)
    old.session.heartbeat()
    connect(messaging)
    const handler = new FakeStream()
    const stream = messaging.commands.openHandlerStream('default', handler)
    stream.subscribe({ command: 'order', clientId: 'client', componentName: 'orders', loadFactor: 0 })
    clock.advance(12_000)
    t.equal(old.out.ended, 'failed')
    t.equal(handler.ended, 'open')
  })
})

t.test('instructions', async t => {
  const pausing = (version?: string) => {
    const fixture = messagingWith()
    const client = connect(fixture.messaging, version === undefined ? {} : { version })
    client.session.processorInfo(info('p'))
    const outcome = fixture.messaging.processors.pause(processor)
    const [instruction] = client.out.instructions()
    return { ...fixture, ...client, outcome, id: instruction!.instructionId, instruction }
  }

  t.test('carry a random id, and end with the result', async t => {
    const { session, outcome, id, instruction } = pausing()
    t.match(instruction, { request: { $case: 'pauseEventProcessor', value: { processorName: 'p' } } })
    t.not(id, '')
    session.ack(ack(''))
    session.ack(ack(id))
    session.result(ack('another'))
    session.result(ack(id))
    t.equal(await outcome, 'success')
  })

  t.test('an ack is all that an old client says', async t => {
    for (const version of ['4.5.2', '']) {
      const { session, outcome, id } = pausing(version)
      session.ack(ack(id))
      t.equal(await outcome, 'accepted')
    }
  })

  t.test('an instruction that the client does not know fails at once if the ack says which', async t => {
    const { session, outcome, id } = pausing()
    session.ack(ack(id, false, 'AXONIQ-1002'))
    await t.rejects(outcome, { code: 'AXONIQ-1002' })
  })

  t.test('a failure has the code of the client', async t => {
    for (const [given, code] of [
      ['AXONIQ-1004', 'AXONIQ-1004'],
      ['AXONIQ-1003', 'AXONIQ-1003'],
      ['', 'AXONIQ-1004'],
      ['OWN-1', 'AXONIQ-1004']
    ] as const) {
      const { session, outcome, id } = pausing()
      session.result(ack(id, false, given))
      await t.rejects(outcome, { code, message: /client could not do it: refused/ })
    }
  })

  t.test('no answer in 10 s, looked for every 5 s', async t => {
    const { clock, outcome, messaging, session, id } = pausing()
    clock.advance(9999)
    t.equal(messaging.instructions.awaited, 1)
    clock.advance(5001)
    await t.rejects(outcome, { code: 'AXONIQ-11000', message: /from client in 10000 ms/ })
    t.equal(messaging.instructions.awaited, 0)
    session.result(ack(id))
    t.equal(messaging.instructions.awaited, 0, 'a late result is ignored')
  })

  t.test('no more than 1000 answers are awaited', async t => {
    const { messaging } = messagingWith()
    const { session } = connect(messaging)
    session.processorInfo(info('p'))
    const outcomes = Array.from({ length: 1000 }, () => messaging.processors.pause(processor))
    await t.rejects(messaging.processors.pause(processor), { code: 'AXONIQ-1900' })
    t.equal(messaging.instructions.awaited, 1000)
    session.close('gone')
    t.ok((await Promise.allSettled(outcomes)).every(({ status }) => status === 'rejected'))
    t.equal(messaging.instructions.awaited, 0)
  })
})

t.test('a reconnect is asked of every stream of the client', async t => {
  const { messaging } = messagingWith()
  const asked: string[] = []
  messaging.platform.addListener({
    reconnectRequested: ({ context }, reason) => asked.push(`${context} ${reason}`)
  })
  const one = connect(messaging)
  const two = connect(messaging, { context: 'other' })
  const stranger = connect(messaging, { clientId: 'stranger' })
  t.equal(messaging.platform.requestReconnect('client', 'operator'), true)
  t.match(one.out.instructions(), [{ request: { $case: 'requestReconnect' } }])
  t.equal(two.out.written.length, 1)
  t.equal(stranger.out.written.length, 0)
  t.equal(messaging.platform.requestReconnect('nobody', 'operator'), false)
  t.same(asked, ['default operator', 'other operator'])
})

t.test('topology', async t => {
  const changes = (out: FakeStream) =>
    out.instructions().map(({ request, instructionId }) => {
      t.equal(instructionId, '')
      if (request?.$case !== 'topologyChange') throw new Error('another instruction')
      const { updateType, clientId, subscription } = request.value
      return [UpdateType[updateType], clientId, subscription?.value]
    })
  const handler = (messaging: Messaging, clientId: string, names: string[], context = 'default') => {
    const stream = messaging.commands.openHandlerStream(context, new FakeStream())
    for (const command of names)
      stream.subscribe({ command, clientId, componentName: 'orders', loadFactor: 50 })
    return stream
  }

  t.test('first a reset and everything there is, then what changes, in order', async t => {
    const { messaging } = messagingWith()
    const one = handler(messaging, 'h1', ['a', 'b'])
    handler(messaging, 'elsewhere', ['a'], 'other')
    const { out, session } = connect(messaging)
    session.subscribeTopology()
    session.subscribeTopology()
    one.unsubscribe('a')
    handler(messaging, 'h2', ['c'])
    one.subscribe({ command: 'b', clientId: 'h1', componentName: 'orders', loadFactor: 7 })
    one.close('gone')
    t.same(changes(out), [
      ['RESET_ALL', '', undefined],
      ['ADD_COMMAND_HANDLER', 'h1', { name: 'a', loadFactor: 50 }],
      ['ADD_COMMAND_HANDLER', 'h1', { name: 'b', loadFactor: 50 }],
      ['REMOVE_COMMAND_HANDLER', 'h1', { name: 'a', loadFactor: 50 }],
      ['ADD_COMMAND_HANDLER', 'h2', { name: 'c', loadFactor: 50 }],
      ['ADD_COMMAND_HANDLER', 'h1', { name: 'b', loadFactor: 7 }],
      ['REMOVE_COMMAND_HANDLER', 'h1', { name: 'b', loadFactor: 7 }]
    ])
    const [, added] = out.instructions()
    t.match(added?.request?.value, { context: 'default', componentName: 'orders', clientStreamId: /^h1\./ })
  })

  t.test('queries are told as queries', async t => {
    const { messaging } = messagingWith()
    const { out, session } = connect(messaging)
    session.subscribeTopology()
    const registration = {
      kind: 'query' as const,
      context: 'default',
      name: 'find',
      clientId: 'h',
      clientStreamId: 'h.1',
      componentName: 'c',
      loadFactor: 0
    }
    messaging.topology.handlerAdded(registration)
    messaging.topology.handlerRemoved(registration)
    t.same(changes(out).slice(1), [
      ['ADD_QUERY_HANDLER', 'h', { name: 'find' }],
      ['REMOVE_QUERY_HANDLER', 'h', { name: 'find' }]
    ])
  })

  t.test('nothing after unsubscribe, or after the end of the stream', async t => {
    const { messaging } = messagingWith()
    const { out, session } = connect(messaging)
    const closing = connect(messaging)
    session.subscribeTopology()
    closing.session.subscribeTopology()
    session.unsubscribeTopology()
    closing.session.close('gone')
    handler(messaging, 'h', ['a'])
    t.equal(out.written.length, 1)
    t.equal(closing.out.written.length, 1)
    t.equal(messaging.topology.subscribers, 0)
  })

  t.test('a subscriber that is behind gets everything anew, instead of a growing buffer', async t => {
    const { messaging } = messagingWith()
    const { out, session } = connect(messaging)
    session.subscribeTopology()
    out.flowingMax = 2
    handler(messaging, 'h', ['a', 'b', 'c'])
    t.equal(out.written.length, 2)
    out.flowingMax = Number.POSITIVE_INFINITY
    session.resume()
    t.same(
      changes(out)
        .slice(2)
        .map(([type, , subscription]) => [type, subscription]),
      [
        ['RESET_ALL', undefined],
        ['ADD_COMMAND_HANDLER', { name: 'a', loadFactor: 50 }],
        ['ADD_COMMAND_HANDLER', { name: 'b', loadFactor: 50 }],
        ['ADD_COMMAND_HANDLER', { name: 'c', loadFactor: 50 }]
      ]
    )
    session.resume()
    t.equal(out.written.length, 6, 'and nothing twice')
  })
})

t.test('the figures of a client go with its last stream', async t => {
  const { messaging } = messagingWith()
  const client = connect(messaging, { clientId: 'handler' })
  const stream = messaging.commands.openHandlerStream('default', new FakeStream())
  stream.subscribe({ command: 'order', clientId: 'handler', componentName: 'orders', loadFactor: 0 })
  stream.addPermits('handler', 5)
  messaging.commands.dispatch('default', command({ id: 'c1' }), new Answers().reply)
  stream.respond(commandResponse('c1'))
  t.equal(messaging.commands.stats.timers.size, 1)
  client.session.close('gone')
  t.equal(messaging.commands.stats.timers.size, 0)
})
