import t from 'tap'
import plugin from '../../../plugins/messaging/index.js'
import { settingsFrom } from '../../../src/kernel/config/configuration.js'
import { Container } from '../../../src/kernel/container.js'
import {
  Clock,
  HealthCheck,
  Logger,
  ManualClock,
  MetricsSource,
  silentLogger
} from '../../../src/kernel/index.js'
import { MessagingToken } from '../../../src/messaging/index.js'
import { GrpcEndpoint, GrpcService } from '../../../src/wire/grpc/index.js'
import { command, commandResponse, FakeStream } from '../../messaging/fixtures.js'

const prefix = 'axoniq.axonserver'

function register(values: Record<string, string | number | boolean> = {}) {
  const services = new Container()
  const clock = new ManualClock()
  const settings = settingsFrom({
    [`${prefix}.name`]: 'node-1',
    [`${prefix}.hostname`]: 'localhost',
    ...values
  })
  services.bind(Clock, () => clock)
  services.bind(Logger, () => silentLogger)
  plugin.register?.({ services, settings, log: silentLogger })
  return { services, clock, settings, messaging: services.get(MessagingToken) }
}

/** A handler with one command that waits, because there is no permit for it. */
function withWaitingCommand() {
  const registered = register()
  const { messaging } = registered
  const stream = messaging.commands.openHandlerStream('default', new FakeStream())
  stream.subscribe({ command: 'com.acme.Order', clientId: 'handler', componentName: 'orders', loadFactor: 0 })
  stream.addPermits('handler', 1)
  messaging.commands.dispatch('default', command({ id: 'c1', name: 'com.acme.Order' }), () => {})
  messaging.commands.dispatch('default', command({ id: 'c2', name: 'com.acme.Order' }), () => {})
  return { ...registered, stream }
}

t.test('all services of messaging are there, each method once', async t => {
  const { services } = register()
  const paths = services.all(GrpcService).flatMap(({ methods }) => methods.map(({ path }) => path))
  t.equal(new Set(paths).size, paths.length)
  for (const path of [
    'command.CommandService/OpenStream',
    'command.CommandService/Dispatch',
    'query.QueryService/OpenStream',
    'control.PlatformService/GetPlatformServer',
    'control.PlatformService/OpenStream',
    'admin.EventProcessorAdminService/MoveEventProcessorSegment'
  ]) {
    t.ok(paths.includes(`/io.axoniq.axonserver.grpc.${path}`), path)
  }
})

t.test('the node is what the properties say, and a free port is the one that was bound', async t => {
  const { messaging } = register({ [`${prefix}.domain`]: 'example.com', [`${prefix}.hostname`]: 'host-1' })
  t.match(messaging.node, {
    name: 'node-1',
    hostName: 'host-1.example.com',
    grpcPort: 8124,
    httpPort: 8024,
    grpcInternalPort: 8224
  })
  const free = register({ [`${prefix}.port`]: 0 })
  t.equal(free.messaging.node.grpcPort, 0)
  free.services.bind(GrpcEndpoint, () => ({ port: 45_678 }))
  t.equal(free.messaging.node.grpcPort, 45_678)
})

t.test('the properties of commands have an effect', async t => {
  const { messaging, clock } = register({
    [`${prefix}.command-queue-capacity-per-client`]: 1,
    [`${prefix}.messages.context-buffer-limit`]: 2,
    [`${prefix}.default-command-timeout`]: 1000,
    [`${prefix}.cache-close-rate`]: 100
  })
  const stream = messaging.commands.openHandlerStream('default', new FakeStream())
  stream.subscribe({ command: 'order', clientId: 'handler', componentName: 'orders', loadFactor: 0 })
  stream.addPermits('handler', 1)
  const codes: string[] = []
  const reply = (response: Buffer) => codes.push(/AXONIQ-\d+/.exec(response.toString('latin1'))?.[0] ?? '')
  for (let number = 0; number < 3; number++) messaging.commands.dispatch('default', command(), reply)
  t.same(codes, ['AXONIQ-1900'])
  clock.advance(1100)
  t.same(codes, ['AXONIQ-1900', 'AXONIQ-4002', 'AXONIQ-4002'])
})

t.test('health: WARN while commands wait for a handler without permits', async t => {
  const { services, stream } = withWaitingCommand()
  const check = services.all(HealthCheck).find(({ name }) => name === 'command')!
  const prefixOfQueue = `${stream.streamId}.default`
  t.match(stream.streamId, /^handler\.[0-9a-f-]{36}$/)
  t.same(await check.check(), {
    status: 'WARN',
    details: { [`${prefixOfQueue}.waitingCommands`]: 1, [`${prefixOfQueue}.permits`]: 0 }
  })
  stream.addPermits('handler', 5)
  t.same(await check.check(), {
    status: 'UP',
    details: { [`${prefixOfQueue}.waitingCommands`]: 0, [`${prefixOfQueue}.permits`]: 4 }
  })
})

t.test('figures have their new names and, unless switched off, the old ones', async t => {
  const { services, messaging, stream, clock } = withWaitingCommand()
  messaging.clients.connect('default', { clientId: 'x', componentName: 'c', tags: new Map(), version: '' })
  clock.advance(250)
  stream.respond(commandResponse('c1'))
  const measurements = services.all(MetricsSource).flatMap(source => [...source.measurements()])
  const named = (name: string) => measurements.filter(measurement => measurement.name === name)
  const tags = { context: 'default', request: 'com/acme/Order', source: 'caller', target: 'handler' }
  const queue = { destination: `${stream.streamId}.default` }
  for (const name of ['axon.commands', 'axon.commands.duration']) {
    t.match(named(name), [
      { kind: 'timer', unit: 'seconds', value: 1, totalSeconds: 0.25, maxSeconds: 0.25, tags }
    ])
  }
  for (const name of [
    'axon.command.count',
    'axon.commands.count',
    'axon.commands.throughput.count',
    'axon.command.rate.count'
  ]) {
    t.match(named(name), [{ kind: 'counter', value: 2, tags: { context: 'default' } }], name)
  }
  for (const name of ['axon.command.rate', 'axon.commands.rate', 'axon.commands.throughput.rate']) {
    for (const window of ['oneMinuteRate', 'fiveMinuteRate', 'fifteenMinuteRate']) {
      t.match(
        named(`${name}.${window}`),
        [{ kind: 'gauge', value: 2, tags: { context: 'default' } }],
        `${name}.${window}`
      )
    }
  }
  t.match(named('axon.commands.active'), [{ kind: 'gauge', value: 1 }])
  t.match(named('axon.ApplicationCommandQueue.size'), [{ value: 1, tags: queue }])
  t.match(named('axon.commands.saturation.queued.count'), [{ value: 1, tags: queue }])
  t.match(named('axon.applications.saturation.connected.count'), [{ value: 1 }])

  const { services: without } = register({ [`${prefix}.legacy-metrics-enabled`]: false })
  const names = without
    .all(MetricsSource)
    .flatMap(source => [...source.measurements()].map(({ name }) => name))
  t.notOk(names.includes('axon.commands.active'))
  t.ok(names.includes('axon.commands.saturation.active.count'))
})

t.test('stop ends the streams', async t => {
  const { services, settings, messaging } = register()
  const out = new FakeStream()
  messaging.commands.openHandlerStream('default', out).addPermits('handler', 1)
  await plugin.stop?.({ services, settings, log: silentLogger, signal: new AbortController().signal })
  t.equal(out.ended, 'ended')
})
