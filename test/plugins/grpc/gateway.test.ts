import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import t, { type Test } from 'tap'
import { Gateway, type GatewayParts } from '../../../plugins/grpc/gateway.js'
import { type Health, ManualClock, silentLogger } from '../../../src/kernel/index.js'
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus
} from '../../../src/wire/generated/grpc/health/v1/health.js'
import {
  ServerReflectionRequest,
  ServerReflectionResponse
} from '../../../src/wire/generated/grpc/reflection/v1/reflection.js'
import { unaryMethod } from '../../../src/wire/grpc/index.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import { answer, connect, defaults, eventually, exchange, frame, request } from './fixture.js'

const eventStore = 'io.axoniq.axonserver.grpc.event.EventStore'
const echo = unaryMethod(`/${eventStore}/GetLastToken`, message => message)
const check = '/grpc.health.v1.Health/Check'
const watch = '/grpc.health.v1.Health/Watch'

async function gateway(
  t: Test,
  parts: Partial<GatewayParts> = {},
  clock = new ManualClock()
): Promise<Gateway> {
  const started = new Gateway({ ...defaults, clock, drainMs: 300 })
  await started.start({ services: [{ methods: [echo] }], checks: [], gate: undefined, ...parts })
  t.teardown(() => started.stop())
  return started
}

const asking = (service: string): Buffer => encodeMessage(HealthCheckRequest, { service })
const statusIn = (bytes: Buffer | undefined): ServingStatus =>
  decodeMessage(HealthCheckResponse, bytes ?? Buffer.alloc(0)).status

t.test('health answers for the server and for each service', async t => {
  const { port } = await gateway(t, { gate: { exists: () => false } })
  const session = connect(t, port)
  for (const service of ['', eventStore, 'grpc.health.v1.Health']) {
    const { messages } = await exchange(session, check, [asking(service)])
    t.equal(statusIn(messages[0]), ServingStatus.SERVING, service)
  }
  t.match(await exchange(session, check, [asking('no.such.Service')]), {
    status: '5',
    text: /no\.such\.Service/
  })
})

t.test('a health check that is down, or fails, takes the server out of service', async t => {
  let health: Health = { status: 'UP' }
  const checks = [
    { name: 'disk', check: () => health },
    { name: 'late', check: async (): Promise<Health> => ({ status: 'WARN' }) }
  ]
  const clock = new ManualClock()
  const { port } = await gateway(t, { checks }, clock)
  const session = connect(t, port)
  const overall = async (): Promise<ServingStatus> =>
    statusIn((await exchange(session, check, [asking('')])).messages[0])
  t.equal(await overall(), ServingStatus.SERVING)

  const seen: ServingStatus[] = []
  const watching = request(session, watch)
  watching.on('data', (bytes: Buffer) => seen.push(statusIn(bytes.subarray(5))))
  watching.end(frame(asking('')))
  await eventually(() => seen.length === 1, 'the first status came')
  clock.advance(5000)
  health = { status: 'DOWN' }
  t.equal(await overall(), ServingStatus.NOT_SERVING)
  clock.advance(5000)
  await eventually(() => seen.length === 2, 'the watcher heard')
  t.strictSame(seen, [ServingStatus.SERVING, ServingStatus.NOT_SERVING])
  const service = await exchange(session, check, [asking(eventStore)])
  t.equal(statusIn(service.messages[0]), ServingStatus.SERVING, 'its services go on')
})

t.test('watchers hear that the server stops before it does', async t => {
  const started = await gateway(t)
  const session = connect(t, started.port)
  const known = request(session, watch)
  const unknown = request(session, watch)
  const answers = Promise.all([answer(known), answer(unknown)])
  known.end(frame(asking(eventStore)))
  unknown.end(frame(asking('no.such.Service')))
  await exchange(session, check, [asking('')])
  await started.stop()
  const [ofKnown, ofUnknown] = await answers
  t.strictSame(ofKnown?.messages.map(statusIn), [ServingStatus.SERVING, ServingStatus.NOT_SERVING])
  t.strictSame(ofUnknown?.messages.map(statusIn), [ServingStatus.SERVICE_UNKNOWN])
})

t.test('reflection lists what is served and describes it', async t => {
  const { port } = await gateway(t)
  const session = connect(t, port)
  const ask = async (name: string, messageRequest: ServerReflectionRequest['messageRequest']) => {
    const message = encodeMessage(ServerReflectionRequest, { host: 'h', messageRequest })
    const { messages } = await exchange(session, `/${name}.ServerReflection/ServerReflectionInfo`, [message])
    return decodeMessage(ServerReflectionResponse, messages[0] as Buffer).messageResponse
  }
  for (const name of ['grpc.reflection.v1', 'grpc.reflection.v1alpha']) {
    const list = await ask(name, { $case: 'listServices', value: '' })
    t.strictSame(list?.$case === 'listServicesResponse' && list.value.service.map(service => service.name), [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      eventStore
    ])
    for (const symbol of [
      eventStore,
      `${eventStore}.AppendEvent`,
      'io.axoniq.axonserver.grpc.event.EventWithToken'
    ]) {
      const found = await ask(name, { $case: 'fileContainingSymbol', value: symbol })
      const files = found?.$case === 'fileDescriptorResponse' ? found.value.fileDescriptorProto : []
      const names = files.map(bytes => fromBinary(FileDescriptorProtoSchema, bytes).name)
      t.strictSame(names, ['event.proto', 'common.proto', 'google/protobuf/empty.proto'])
    }
    t.match(await ask(name, { $case: 'fileByFilename', value: 'query.proto' }), {
      $case: 'fileDescriptorResponse'
    })
    t.match(await ask(name, { $case: 'fileByFilename', value: 'x.proto' }), { value: { errorCode: 5 } })
    t.match(await ask(name, { $case: 'allExtensionNumbersOfType', value: 'x' }), { value: { errorCode: 5 } })
    t.match(await ask(name, undefined), { value: { errorCode: 3 } })
  }
})

t.test('it says when it starts and stops, and counts in between', async t => {
  const lines: string[] = []
  const log = { ...silentLogger, info: (...parts: unknown[]) => void lines.push(String(parts.at(-1))) }
  const started = new Gateway({ ...defaults, log, clock: new ManualClock() })
  t.equal(started.port, 0)
  t.strictSame([...started.measurements()], [])
  await started.stop()
  await started.start({ services: [{ methods: [echo] }], checks: [], gate: undefined })
  const { port } = started
  const session = connect(t, port)
  await exchange(session, echo.path, [Buffer.alloc(7)])
  await exchange(session, echo.path, [])
  const figures = new Map(
    [...started.measurements()].map(({ name, tags, value }) => [`${name} ${tags?.method ?? ''}`, value])
  )
  const method = echo.path.slice(1)
  t.equal(figures.get(`grpc.server.calls ${method}`), 2)
  t.equal(figures.get(`grpc.server.calls.active ${method}`), 0)
  t.equal(figures.get(`grpc.server.errors ${method}`), 1)
  t.equal(figures.get(`grpc.server.received ${method}`), 7)
  t.equal(figures.get(`grpc.server.sent ${method}`), 7)
  t.equal(figures.get('grpc.server.connections '), 1)
  await started.stop()
  t.strictSame(lines, [
    `Axon Server Gateway started on port: ${port} - no SSL`,
    'Axon Server Gateway stopped'
  ])
})
