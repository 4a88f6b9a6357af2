import { status } from '@grpc/grpc-js'
import t from 'tap'
import {
  ClientIdentification,
  type EventProcessorInfo,
  PlatformInfo,
  UpdateType
} from '../../../src/wire/generated/control.js'
import { decodeMessage, encodeMessage, wrapMessage } from '../../../src/wire/index.js'
import { defaultOptions } from '../../messaging/fixtures.js'
import { type GrpcClient, startServer, until } from './grpc-fixture.js'

const identification = { clientId: 'client', componentName: 'orders', tags: { region: 'eu' }, version: '4.6' }

function register(client: GrpcClient, changes: Partial<typeof identification> = {}) {
  const stream = client.platformStream()
  stream.send({ $case: 'register', value: { ...identification, ...changes } })
  return stream
}

t.test('GetPlatformServer names this node and registers nobody', async t => {
  const { connect, messaging } = await startServer(t)
  const request = encodeMessage(ClientIdentification, identification)
  const answer = await connect().unary('control.PlatformService/GetPlatformServer', request).answer
  t.match(decodeMessage(PlatformInfo, answer), {
    sameConnection: true,
    primary: { nodeName: 'node-1', hostName: 'host-1.example.com', grpcPort: 8124, httpPort: 8024 }
  })
  t.equal(messaging.clients.size, 0)
  await t.rejects(connect('nowhere').unary('control.PlatformService/GetPlatformServer', request).answer, {
    code: status.NOT_FOUND
  })
})

t.test('a client registers, and is gone when it half-closes or its connection breaks', async t => {
  const { connect, connectByWire, messaging, log } = await startServer(t)
  const polite = register(connect())
  await until(() => messaging.clients.size === 1)
  const wire = await connectByWire('other')
  register(wire.client, { clientId: 'rude' })
  await until(() => messaging.clients.size === 2)
  t.equal(messaging.clients.tagsOf('default', 'client').get('region'), 'eu')
  polite.call.end()
  t.match(await polite.ended(), { code: status.OK })
  wire.cut()
  await until(() => messaging.clients.size === 0)
  t.match(log.lines, [
    /^info Application connected: orders, clientId = client, clientStreamId = client\.id-\d+, context = default$/,
    /^info Application connected: orders, clientId = rude, clientStreamId = rude\.id-\d+, context = other$/,
    /^info Application disconnected: orders, clientId = client\.id-\d+, context = default: closed by the client$/,
    /^info Application disconnected: orders, clientId = rude\.id-\d+, context = other: connection lost$/
  ])
})

t.test('a heartbeat with an id is acknowledged, before register and with the monitor off too', async t => {
  const { connect } = await startServer(t)
  const stream = connect().platformStream()
  stream.send({ $case: 'heartbeat', value: {} }, 'beat 1')
  stream.send({ $case: 'heartbeat', value: {} })
  stream.send({ $case: 'register', value: identification }, 'registered')
  stream.send({ $case: 'register', value: identification }, 'again')
  stream.send(undefined, 'unknown')
  stream.sendBytes(wrapMessage(1, Buffer.from([0x0a, 0x7f])))
  stream.send({ $case: 'heartbeat', value: {} }, 'beat 2')
  t.match(await stream.receive(5), [
    { request: { $case: 'ack', value: { instructionId: 'beat 1', success: true } }, instructionId: '' },
    { request: { value: { instructionId: 'registered', success: true } } },
    { request: { value: { instructionId: 'again', success: true } } },
    { request: { value: { instructionId: 'unknown', success: false, error: { errorCode: 'AXONIQ-1002' } } } },
    { request: { value: { instructionId: 'beat 2', success: true } } }
  ])
})

t.test('a client that falls silent is ended with CANCELLED, and so is its command stream', async t => {
  const heartbeat = {
    enabled: true,
    sendIntervalMs: 10,
    sendInitialDelayMs: 10,
    checkIntervalMs: 10,
    checkInitialDelayMs: 10,
    timeoutMs: 500
  }
  const { connect, messaging, log } = await startServer(t, { ...defaultOptions, heartbeat })
  const client = connect()
  const stream = register(client)
  const commands = client.commandStream()
  const subscription = {
    messageId: 'm',
    command: 'order',
    componentName: '',
    clientId: 'client',
    loadFactor: 0
  }
  commands.send({ $case: 'subscribe', value: subscription }, 'm')
  await commands.receive(1)
  t.match(await stream.receive(2), [{ request: { $case: 'heartbeat' } }, { request: { $case: 'heartbeat' } }])
  for (let beat = 0; beat < 3; beat++) {
    stream.send({ $case: 'heartbeat', value: {} }, `beat ${beat}`)
    await until(() =>
      stream.received.some(
        ({ request }) => request?.$case === 'ack' && request.value.instructionId === `beat ${beat}`
      )
    )
  }
  t.equal(stream.status, undefined)
  t.match(await stream.ended(), {
    code: status.CANCELLED,
    errorCode: 'AXONIQ-0001',
    details: /No heartbeat of client in 500 ms/
  })
  t.match(await commands.ended(), { code: status.CANCELLED, errorCode: 'AXONIQ-0001' })
  t.same([...messaging.commands.registrations('default')], [])
  t.ok(
    log.lines.some(line => line.includes('inactivity timeout: orders, clientId = client, context = default'))
  )
})

t.test('a reconnect can be requested', async t => {
  const { connect, messaging, log } = await startServer(t)
  const stream = register(connect())
  await until(() => messaging.clients.size === 1)
  t.equal(messaging.platform.requestReconnect('client', 'requested by an operator'), true)
  t.match(await stream.receive(1), [{ request: { $case: 'requestReconnect' } }])
  t.ok(log.lines.some(line => line.startsWith('info Reconnect requested: orders, clientId = client')))
})

t.test('who follows the topology gets a reset, what there is, and what changes', async t => {
  const { connect } = await startServer(t)
  const stream = register(connect())
  stream.send({ $case: 'subscribeTopologyChanges', value: {} })
  await stream.receive(1)
  const handler = connect().commandStream()
  const subscription = {
    messageId: 'm',
    command: 'order',
    componentName: 'c',
    clientId: 'handler',
    loadFactor: 30
  }
  handler.send({ $case: 'subscribe', value: subscription })
  await stream.receive(2)
  handler.call.end()
  t.match(
    (await stream.receive(3)).map(({ request }) => request?.value),
    [
      { updateType: UpdateType.RESET_ALL, context: 'default' },
      {
        updateType: UpdateType.ADD_COMMAND_HANDLER,
        clientId: 'handler',
        componentName: 'c',
        subscription: { $case: 'command', value: { name: 'order', loadFactor: 30 } }
      },
      { updateType: UpdateType.REMOVE_COMMAND_HANDLER, clientId: 'handler' }
    ]
  )
  stream.send({ $case: 'unsubscribeTopologyChanges', value: {} }, 'done')
  await stream.receive(4)
})

t.test('a processor status arrives, and a result ends what waits for it', async t => {
  const { connect, messaging } = await startServer(t)
  const stream = register(connect())
  const info: EventProcessorInfo = {
    processorName: 'p',
    mode: 'Tracking',
    activeThreads: 1,
    running: true,
    error: false,
    segmentStatus: [],
    availableThreads: 1,
    tokenStoreIdentifier: '',
    isStreamingProcessor: true,
    loadBalancingStrategyName: ''
  }
  stream.send({ $case: 'eventProcessorInfo', value: info })
  await until(() => messaging.processors.list().length === 1)
  const pausing = messaging.processors.pause({ context: 'default', name: 'p', tokenStoreIdentifier: '' })
  const [instruction] = await stream.receive(1)
  stream.send({ $case: 'ack', value: { instructionId: '', success: true, error: undefined } })
  const result = { instructionId: instruction!.instructionId, success: true, error: undefined }
  stream.send({ $case: 'result', value: result })
  t.equal(await pausing, 'success')
})

t.test('the streams of a context that is removed end normally', async t => {
  const { connect, messaging } = await startServer(t)
  const stream = register(connect())
  const commands = connect().commandStream()
  commands.send({ $case: 'flowControl', value: { clientId: 'handler', permits: 1 } }, 'p')
  await commands.receive(1)
  await until(() => messaging.clients.size === 1)
  messaging.closeContext('default')
  t.match(await stream.ended(), { code: status.OK })
  t.match(await commands.ended(), { code: status.OK })
  t.equal(messaging.clients.size, 0)
})
