import { request } from 'node:http'
import t from 'tap'
import { EventClient } from '../../support/event-client.js'
import { ServerProcess } from '../../support/server-process.js'
import { type Answer, call, eventually, json } from './http-client.js'

t.test('a clustered node, from its first start on', async t => {
  const server = await ServerProcess.start({
    standalone: false,
    properties: {
      'axoniq.axonserver.name': 'axonserver',
      'axoniq.axonserver.devmode.enabled': 'true'
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

  await t.test('another server that wants the port ends with words', async t => {
    const second = ServerProcess.launch({ properties: { 'server.port': `${server.httpPort}` } })
    t.teardown(() => second.remove())
    t.not(await second.exited, 0)
    t.match(
      second.output,
      `HTTP can not listen on :: port ${server.httpPort}: another process listens there.`
    )
    t.match(second.output, '(server.port)')
    t.match(await ask('/actuator/info'), { status: 200 })
  })
})
