import { createServer } from 'node:net'
import t from 'tap'
import { EventClient } from '../../support/event-client.js'
import { ServerProcess } from '../../support/server-process.js'
import { GrpcClient } from '../messaging/grpc-fixture.js'
import { call, eventually } from './http-client.js'

t.test('what operators do and read', async t => {
  const server = await ServerProcess.start({
    properties: {
      'axoniq.axonserver.name': 'axonserver',
      'axoniq.axonserver.instruction-cache-timeout': '300',
      'axoniq.axonserver.cache-close-rate': '50'
    }
  })
  t.teardown(async () => {
    await server.stop()
    server.remove()
  })
  const ask = (path: string, method?: string) => call(server.url + path, method)

  await t.test('event processors: what their clients answer decides the status', async t => {
    const connect = async (
      clientId: string,
      version: string,
      answers: 'yes' | 'no' | 'never',
      threads = 5
    ) => {
      const client = new GrpcClient(server.grpcPort, 'default')
      t.teardown(() => client.close())
      const stream = client.platformStream()
      stream.call.on('data', () => {
        const { request, instructionId } = stream.received.at(-1)!
        if (request === undefined || request.$case === 'ack' || answers === 'never') return
        const error = { errorCode: 'AXONIQ-1004', message: 'it broke', location: '', details: [] }
        const success = answers === 'yes'
        const value = { instructionId, success, error: success ? undefined : error }
        stream.send(version === '4.6' ? { $case: 'result', value } : { $case: 'ack', value })
      })
      stream.send({ $case: 'register', value: { clientId, componentName: 'my app', tags: {}, version } })
      const segment = { caughtUp: true, replaying: false, onePartOf: 2, tokenPosition: 42, errorState: '' }
      stream.send({
        $case: 'eventProcessorInfo',
        value: {
          processorName: `com.acme.${answers} ${version}`,
          mode: 'Pooled Streaming',
          activeThreads: 2,
          running: true,
          error: false,
          segmentStatus: threads === 0 ? [] : [0, 1].map(segmentId => ({ ...segment, segmentId })),
          availableThreads: threads,
          tokenStoreIdentifier: 'store',
          isStreamingProcessor: true,
          loadBalancingStrategyName: ''
        }
      })
    }
    await connect('client-1', '4.6', 'yes')
    await connect('client-0', '4.6', 'yes', 0)
    await connect('old', '4.5.1', 'yes')
    await connect('failing', '4.6', 'no')
    await connect('silent', '4.6', 'never')
    const listing = '/v1/components/my%20app/processors?context=default'
    await eventually('all are known', async () => {
      const processors = (await ask(listing)).body as { trackers?: unknown[] }[]
      const clients = await ask(
        '/v1/processors/com.acme.yes%204.6/clients?context=default&tokenStoreIdentifier=store'
      )
      return processors.length === 4 && (clients.body as unknown[]).length === 2
    })
    const tracker = {
      clientId: 'client-1',
      caughtUp: true,
      replaying: false,
      tokenPosition: 42,
      errorState: '',
      onePartOf: 2
    }
    const processors = (await ask(listing)).body as { name: string }[]
    t.same(
      processors.find(({ name }) => name === 'com.acme.yes 4.6'),
      {
        name: 'com.acme.yes 4.6',
        context: 'default',
        mode: 'Pooled Streaming',
        isStreaming: true,
        fullName: 'com.acme.yes 4.6@store',
        warnings: [],
        tokenStoreIdentifier: 'store',
        freeThreadInstances: ['client-1'],
        activeThreads: 2,
        canPause: true,
        canPlay: false,
        canSplit: true,
        canMerge: true,
        trackers: [
          { ...tracker, segmentId: 0 },
          { ...tracker, segmentId: 1 }
        ]
      }
    )
    const operate = (processor: string, operation: string) => {
      const path = `/v1/components/my%20app/processors/${encodeURIComponent(processor)}/${operation}`
      const separator = operation.includes('?') ? '&' : '?'
      return ask(`${path}${separator}context=default&tokenStoreIdentifier=store`, 'PATCH')
    }
    for (const [operation, done] of [
      ['pause', 'paused'],
      ['start', 'started'],
      ['segments/split', 'split'],
      ['segments/merge', 'merged'],
      ['segments/0/move?target=client-1', 'segment 0 moved']
    ] as const) {
      const { status, text } = await operate('com.acme.yes 4.6', operation)
      t.equal(status, 200, operation)
      t.equal(text, `{"success":true,"message":"processor com.acme.yes 4.6 ${done}"}`)
    }
    t.match(await operate('com.acme.yes 4.5.1', 'pause'), { status: 202, body: { success: true } })
    for (const [processor, operation, status, code] of [
      ['nobody', 'pause', 404, 'AXONIQ-2800'],
      ['com.acme.yes 4.6', 'segments/0/move?target=nobody', 404, 'AXONIQ-2801'],
      ['com.acme.yes 4.6', 'segments/0/move?target=client-0', 404, 'AXONIQ-2802'],
      ['com.acme.no 4.6', 'start', 500, 'AXONIQ-1004'],
      ['com.acme.never 4.6', 'segments/split', 504, 'AXONIQ-11000']
    ] as const) {
      const answer = await operate(processor, operation)
      t.equal(answer.status, status, code)
      t.same(Object.keys(answer.body as object), ['success', 'message'])
      t.match(answer.body, { success: false, message: new RegExp(`^\\[${code}\\] `) })
      t.equal(answer.headers.get('AxonIQ-ErrorCode'), code)
    }
    for (const segment of ['x', '-1', '0x1', '9999999999']) {
      t.match(await operate('com.acme.yes 4.6', `segments/${segment}/move?target=client-1`), { status: 400 })
    }
    const balance = '/v1/processors/com.acme.yes%204.6/loadbalance?context=default&tokenStoreIdentifier=store'
    t.match(await ask(`${balance}&strategy=disabled`, 'PATCH'), { status: 200, text: '' })
    t.match(await ask(balance, 'PATCH'), { status: 400, body: { message: /'strategy'/ } })
    t.match((await ask('/v1/processors/loadbalance/strategies')).body, [{}, { name: 'threadNumber' }])
    t.match((await ask('/v1/components/clients')).body, [{ name: 'client-1', axonServerNode: 'axonserver' }])
  })

  await t.test('every meter that is named can be read, and prometheus has each series once', async t => {
    const { names } = (await ask('/actuator/metrics')).body as { names: string[] }
    t.same(names, [...new Set(names)].sort())
    for (const name of names) {
      const { status, text } = await ask(`/actuator/metrics/${name}`)
      const values = [...text.matchAll(/"value":([^}]*)}/g)].map(([, value]) => value!)
      const isRight = status === 200 && values.length > 0 && values.every(value => /\./.test(value))
      if (!isRight) t.fail(`${name}: ${status} ${text}`)
    }
    const { text, headers } = await ask('/actuator/prometheus')
    t.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    const sample = /^([a-zA-Z_:][\w:]*\{([a-zA-Z_]\w*="([^"\\]|\\["\\n])*",?)+\}) (NaN|[+-]Inf|[-+\d.e]+)$/
    const series: string[] = []
    for (const line of text.split('\n').slice(0, -1)) {
      if (/^# (HELP|TYPE) [a-zA-Z_:][\w:]* ./.test(line)) continue
      const match = sample.exec(line)
      if (match === null) t.fail(`not readable: ${line}`)
      else series.push(match[1]!)
    }
    t.ok(series.length > 30)
    t.same(series.length, new Set(series).size)
    t.ok(series.every(name => name.includes('axonserver="axonserver"')))
  })

  await t.test('HTTP answers while events are being stored', async t => {
    const events = new EventClient(server.address)
    t.teardown(() => events.close())
    let isOver = false
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let next = 0; !isOver; next += 50) await events.append(`writer ${writer}`, next, 50, 1000)
    })
    const durationsMs: number[] = []
    for (let i = 0; i < 50; i++) {
      const startMs = performance.now()
      const { status } = await ask(i % 2 === 0 ? '/actuator/health' : '/actuator/prometheus')
      t.equal(status, 200)
      durationsMs.push(performance.now() - startMs)
    }
    isOver = true
    await Promise.all(writers)
    t.ok((await events.lastToken()) > 400)
    t.ok(Math.max(...durationsMs) < 2000, `the slowest took ${Math.max(...durationsMs)} ms`)
  })
})

t.test('a node behind a proxy, whose operators are on a port of their own', async t => {
  const actuatorPort = await freePort()
  const server = await ServerProcess.start({
    properties: {
      'server.servlet.context-path': '/axon/',
      'server.forward-headers-strategy': 'native',
      'management.server.port': `${actuatorPort}`,
      'management.endpoints.web.base-path': '/manage',
      'management.endpoints.web.exposure.include': '*',
      'management.endpoints.web.exposure.exclude': 'prometheus',
      'management.endpoint.health.show-details': 'when-authorized',
      'management.endpoint.health.probes.enabled': 'true'
    }
  })
  t.teardown(async () => {
    await server.stop()
    server.remove()
  })
  const actuator = `http://localhost:${actuatorPort}/manage`
  t.match(await call(`${actuator}/health`), {
    status: 200,
    text: '{"status":"UP","groups":["liveness","readiness"]}'
  })
  t.match(await call(`${actuator}/health/readiness`), { status: 200, text: '{"status":"UP"}' })
  t.match(await call(`${actuator}/prometheus`), { status: 404 })
  t.match(await call(`${actuator}/metrics`), { status: 200 })
  t.match(
    await call(actuator, 'GET', {
      headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'a.example' }
    }),
    {
      body: { _links: { health: { href: 'https://a.example/manage/health' } } }
    }
  )
  t.match(await call(`${server.url}/axon/v1/public/context`), {
    body: [{ context: '_admin' }, { context: 'default' }]
  })
  for (const path of [
    '/v1/public/context',
    '/axon/manage/health',
    '/axon/actuator/health',
    '/manage/health'
  ]) {
    t.match(await call(server.url + path), { status: 404 }, path)
  }
  t.match(await call(`${server.url}/axon/v1/devmode/purge-events`, 'DELETE'), { status: 404 })
})

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
