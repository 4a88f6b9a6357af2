import { request } from 'node:http'
import { createServer } from 'node:net'
import t from 'tap'
import { EventClient } from '../../support/event-client.js'
import { ServerProcess } from '../../support/server-process.js'
import { GrpcClient } from '../messaging/grpc-fixture.js'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined when it is no JSON. */
  readonly body: unknown
}

async function call(url: string, method = 'GET', init: RequestInit = {}): Promise<Answer> {
  const { status, headers, ...response } = await fetch(url, { method, ...init }).then(async answer => ({
    status: answer.status,
    headers: answer.headers,
    text: await answer.text()
  }))
  let body: unknown
  if (/json/.test(headers.get('content-type') ?? '')) body = JSON.parse(response.text)
  return { status, headers, text: response.text, body }
}

const json = (body: unknown): RequestInit => ({
  headers: { 'Content-Type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body)
})

async function eventually(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 10_000
  while (!(await isTrue())) {
    if (Date.now() > endMs) throw new Error(`waited in vain: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

t.test('a clustered node, from its first start on', async t => {
  const server = await ServerProcess.start({
    standalone: false,
    properties: {
      'axoniq.axonserver.name': 'axonserver',
      'axoniq.axonserver.devmode.enabled': 'true',
      'axoniq.axonserver.instruction-cache-timeout': '300',
      'axoniq.axonserver.cache-close-rate': '50'
    }
  })
  t.teardown(async () => {
    await server.stop()
    server.remove()
  })
  const ask = (path: string, method?: string, init?: RequestInit) => call(server.url + path, method, init)
  const contextNames = async () =>
    ((await ask('/v1/public/context')).body as { context: string }[]).map(({ context }) => context)
  const create = (body: unknown) => ask('/v1/context', 'POST', json(body))

  await t.test('before it is initialised: health is well, and it has no contexts and says so', async t => {
    t.match(await ask('/actuator/health'), { status: 200, body: { status: 'UP' } })
    t.match(await ask('/v1/public/context'), { status: 200, text: '[]' })
    t.match(await ask('/v1/public/me'), {
      status: 200,
      body: {
        clustered: true,
        adminNode: false,
        developmentMode: true,
        contextNames: [],
        storageContextNames: [],
        name: 'axonserver',
        hostName: 'localhost',
        httpPort: server.httpPort,
        grpcPort: server.grpcPort
      }
    })
    const refused = await create({ context: 'early' })
    t.match(refused, { status: 503, text: /^\[AXONIQ-1400\] .*\/v1\/context\/init/ })
    t.equal(refused.headers.get('AxonIQ-ErrorCode'), 'AXONIQ-1400')
    t.match(await ask('/v1/context/default', 'DELETE'), { status: 404 })
  })

  await t.test(
    'init: 202 and exactly two members, as often as it is repeated, whatever the body',
    async t => {
      const bodies: (RequestInit | undefined)[] = [
        undefined,
        json(''),
        json('{}'),
        json('{garbage'),
        { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=b' }
      ]
      for (const init of bodies) {
        const { status, body } = await ask('/v1/context/init', 'POST', init)
        t.equal(status, 202)
        t.same(Object.keys(body as object).sort(), ['message', 'success'])
        t.match(body, { success: true, message: String })
      }
      t.same(await contextNames(), ['_admin', 'default'])
      t.match(await ask('/v1/context/init?context=default', 'POST'), { status: 202 })
      t.match((await ask('/v1/public/context')).body, [
        {},
        {
          context: 'default',
          replicationGroup: 'default',
          metaData: {},
          changePending: false,
          pendingSince: 0,
          leader: 'axonserver',
          roles: [{ role: 'PRIMARY', node: 'axonserver' }]
        }
      ])
      t.same((await ask('/internal/raft/contexts')).body, (await ask('/v1/public/context')).body)
      t.match((await ask('/v1/public/me')).body, {
        adminNode: true,
        contextNames: ['_admin', 'default'],
        storageContextNames: ['default']
      })
      t.same((await ask('/v1/public/mycontexts')).body, ['default'])
    }
  )

  await t.test('health names the leaders, and every component can be asked alone', async t => {
    const { status, body, headers } = await ask('/actuator/health')
    t.match(
      { status, body },
      {
        status: 200,
        body: {
          status: 'UP',
          components: {
            raft: {
              status: 'UP',
              details: { 'default.leader': 'axonserver', '_admin.leader': 'axonserver' }
            },
            diskSpace: { details: { 'default-event': { free: Number }, journal: { free: Number } } },
            localEventStore: { details: { 'default.lastEvent': -1 } },
            readinessState: { status: 'UP' }
          }
        }
      }
    )
    t.match(headers.get('content-type'), /^application\/vnd\.spring-boot\.actuator\.v3\+json/)
    const { components } = body as { components: Record<string, unknown> }
    t.same(Object.keys(components), Object.keys(components).sort())
    for (const name of Object.keys(components)) {
      t.match(await ask(`/actuator/health/${name}`), { status: 200, body: { status: 'UP' } }, name)
    }
  })

  await t.test('info has a version of numbers, which is also that of /v1/public/version', async t => {
    const { body } = await ask('/actuator/info')
    t.match(body, { app: { name: String, description: String, version: /^\d+\.\d+(\.\d+)?/ } })
    const { version } = (body as { app: { version: string } }).app
    t.match(await ask('/v1/public/version'), { status: 200, body: { version } })
  })

  await t.test(
    'delete, then create into the existing group with roles, as client test suites do',
    async t => {
      for (let round = 0; round < 2; round++) {
        const deleted = await ask('/v1/context/default', 'DELETE')
        t.match(deleted, { status: 202, body: { success: true } })
        await eventually('default is gone', async () => !(await contextNames()).includes('default'))
        const created = await create({
          context: 'default',
          dcbContext: false,
          replicationGroup: 'default',
          roles: [{ node: 'axonserver', role: 'PRIMARY' }]
        })
        t.equal(created.status, 202)
        t.same(Object.keys(created.body as object).sort(), ['message', 'success'])
        await eventually('default is back', async () => (await contextNames()).includes('default'))
      }
      t.match(await create({ context: 'orders', replicationGroup: 'default' }), { status: 202 })
      t.match(await create({ context: 'alone', metaData: { 'event.index-format': 'X' } }), { status: 202 })
      t.match((await ask('/v1/public/context')).body, [
        {},
        { context: 'alone', replicationGroup: 'alone', metaData: { 'event.index-format': 'X' } },
        { context: 'default' },
        { context: 'orders', replicationGroup: 'default' }
      ])
      t.match(await ask('/v1/context/alone?preserveEventStore=false', 'DELETE'), { status: 202 })
      t.match(await ask('/v1/context/orders', 'DELETE'), { status: 202 })
    }
  )

  await t.test('errors have their status, their code in a header and words, and change nothing', async t => {
    const coded: [answer: Promise<Answer>, status: number, code: string][] = [
      [create({ context: 'default' }), 400, 'AXONIQ-1304'],
      [create({ context: '5' }), 400, 'AXONIQ-2308'],
      [create({ context: 'x', replicationGroup: '_y' }), 400, 'AXONIQ-2308'],
      [create({ context: 'x', roles: [{ node: 'nobody', role: 'PRIMARY' }] }), 404, 'AXONIQ-1301'],
      [ask('/v1/context/nowhere', 'DELETE'), 404, 'AXONIQ-1302'],
      [ask('/v1/context/_admin', 'DELETE'), 403, 'AXONIQ-2304']
    ]
    for (const [answer, status, code] of coded) {
      const { headers, ...found } = await answer
      t.match(found, { status, text: new RegExp(`^\\[${code}\\] .+`) }, code)
      t.equal(headers.get('AxonIQ-ErrorCode'), code)
      t.match(headers.get('Content-Type'), /^text\/plain/)
    }
    const form = { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'context=x' }
    const others: [answer: Promise<Answer>, status: number, error: string][] = [
      [ask('/v1/context', 'POST'), 400, 'Bad Request'],
      [create(''), 400, 'Bad Request'],
      [create('{"context":'), 400, 'Bad Request'],
      [ask('/v1/context', 'POST', form), 415, 'Unsupported Media Type'],
      [ask('/v1/context/default?preserveEventStore=true', 'DELETE'), 400, 'Bad Request'],
      [ask('/v1/components/x/processors'), 400, 'Bad Request'],
      [ask('/v1/context/init'), 405, 'Method Not Allowed'],
      [ask('/actuator/health', 'POST'), 405, 'Method Not Allowed'],
      [ask('/nowhere'), 404, 'Not Found'],
      [ask('/v1/public/'), 404, 'Not Found'],
      [ask('/actuator/'), 404, 'Not Found'],
      [ask('/v1/public.json'), 404, 'Not Found'],
      [ask('/actuator/loggers'), 404, 'Not Found']
    ]
    for (const [answer, status, error] of others) {
      const found = await answer
      t.match(found, { status, body: { status, error, message: /./, timestamp: Number, path: /^\// } })
      t.equal(found.headers.get('AxonIQ-ErrorCode'), null)
    }
    t.same(await contextNames(), ['_admin', 'default'])
  })

  await t.test('a request to upgrade the connection is answered as if it did not ask', async t => {
    for (const upgrade of ['TLS/1.2', 'h2c', 'websocket']) {
      for (const [method, path, expected] of [
        ['GET', '/actuator/info', 200],
        ['POST', '/v1/context/init', 202]
      ] as const) {
        const status = await new Promise((resolve, reject) => {
          const headers = { Connection: 'Upgrade', Upgrade: upgrade }
          const sent = request(server.url + path, { method, headers }, response => {
            response.resume()
            resolve(response.statusCode)
          })
          sent.once('upgrade', (_response, socket) => reject(socket.destroy()))
          sent.once('error', reject)
          sent.end()
        })
        t.equal(status, expected, `${method} ${path}, Upgrade: ${upgrade}`)
      }
    }
  })

  await t.test('development mode empties the default context, and handlers stay', async t => {
    const events = new EventClient(server.address)
    t.teardown(() => events.close())
    await events.append('a', 0, 10)
    t.equal(await events.lastToken(), 9)
    const { status, text } = await ask('/v1/devmode/purge-events', 'DELETE')
    t.same([status, text], [200, ''])
    t.equal(await events.lastToken(), -1)
  })

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

  await t.test('another server that wants the port ends with words', async t => {
    const second = ServerProcess.launch({ properties: { 'server.port': `${server.httpPort}` } })
    t.teardown(() => second.remove())
    t.not(await second.exited, 0)
    t.match(second.output, `HTTP can not listen on port ${server.httpPort}: another process listens there.`)
    t.match(second.output, '(server.port)')
    t.match(await ask('/actuator/info'), { status: 200 })
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
