import t from 'tap'
import { thisNode } from '../../../src/messaging/index.js'
import { answersHeartbeats, reportsResults } from '../../../src/messaging/platform/client-version.js'
import { PlatformInfo } from '../../../src/wire/generated/control.js'
import { decodeMessage } from '../../../src/wire/index.js'
import { Answers, command, commandResponse, FakeStream, messagingWith, testNode } from '../fixtures.js'
import { ack, connect, info, processor } from '../platform-fixtures.js'

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
