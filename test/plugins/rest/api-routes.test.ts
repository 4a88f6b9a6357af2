import t, { type Test } from 'tap'
import { clientRoutes } from '../../../plugins/rest/client-routes.js'
import { contextRoutes } from '../../../plugins/rest/context-routes.js'
import { handlerRoutes } from '../../../plugins/rest/handler-routes.js'
import type { Contexts, CreateContextRequest } from '../../../src/cluster/index.js'
import { ServerError } from '../../../src/wire/index.js'
import { command, commandResponse, FakeStream, messagingWith } from '../../messaging/fixtures.js'
import { queryRequest, queryResponse } from '../../messaging/query/fixtures.js'
import { ask, ErrorLog, serve } from './fixtures.js'

async function serveMessaging(t: Test) {
  const { messaging } = messagingWith()
  t.teardown(() => messaging.stop())
  const app = await serve(t, [clientRoutes(messaging), handlerRoutes(messaging, () => ['default', 'other'])])
  const commandHandler = (context: string, clientId: string, componentName: string, commands: string[]) => {
    const out = new FakeStream()
    const stream = messaging.commands.openHandlerStream(context, out)
    for (const name of commands) stream.subscribe({ command: name, clientId, componentName, loadFactor: 100 })
    stream.addPermits(clientId, 100)
    return { out, stream }
  }
  const queryHandler = (context: string, clientId: string, componentName: string, queries: string[][]) => {
    const stream = messaging.queries.openHandlerStream(context, new FakeStream())
    for (const [query, result] of queries) stream.subscribe(query!, result!, clientId, componentName)
    stream.addPermits(clientId, 100)
    return stream
  }
  const get = async (url: string) => (await ask(app, url)).body
  return { messaging, app, get, commandHandler, queryHandler }
}

t.test('applications are listed by component and context', async t => {
  const { messaging, app, get } = await serveMessaging(t)
  const connect = (context: string, clientId: string, componentName: string, tags: [string, string][] = []) =>
    messaging.clients.connect(context, { clientId, componentName, tags: new Map(tags), version: '4.6' })
  connect('default', 'a', 'orders', [['region', 'eu']])
  connect('other', 'b', 'orders')
  connect('default', 'c', 'my component/Ü')
  const a = { name: 'a', componentName: 'orders', context: 'default', axonServerNode: 'node-1' }
  t.same(await get('/v1/components/orders/instances?context=default'), [{ ...a, tags: { region: 'eu' } }])
  t.equal(((await get('/v1/components/clients')) as unknown[]).length, 3)
  for (const [context, count] of Object.entries({ '': 2, null: 2, 'default, other': 2, nowhere: 0 })) {
    const found = await get(`/v1/components/orders/instances?context=${encodeURIComponent(context)}`)
    t.equal((found as unknown[]).length, count, `context "${context}"`)
  }
  const encoded = encodeURIComponent('my component/Ü')
  t.match(await get(`/v1/components/${encoded}/instances?context=`), [{ name: 'c' }])
  t.match(await ask(app, '/v1/components/orders/instances'), {
    status: 400,
    body: { message: /'context' is missing/ }
  })
  const long = 'com.example.'.repeat(100)
  t.same(await get(`/v1/components/${long}/instances?context=`), [], 'a name of 1200 characters')
})

t.test('commands and queries of a component are sorted, without duplicates, with response types', async t => {
  const { get, commandHandler, queryHandler } = await serveMessaging(t)
  commandHandler('default', 'a', 'orders', ['Ship', 'Order'])
  commandHandler('default', 'b', 'orders', ['Order'])
  commandHandler('other', 'a', 'orders', ['Return'])
  commandHandler('default', 'c', 'stock', ['Count'])
  t.same(await get('/v1/components/orders/commands?context=default'), [{ name: 'Order' }, { name: 'Ship' }])
  t.same(await get('/v1/components/orders/commands?context=null'), [
    { name: 'Order' },
    { name: 'Return' },
    { name: 'Ship' }
  ])
  queryHandler('default', 'a', 'orders', [
    ['find', 'Order'],
    ['all', 'List']
  ])
  queryHandler('default', 'b', 'orders', [['find', 'Item']])
  queryHandler('other', 'b', 'orders', [['other', 'X']])
  queryHandler('default', 'c', 'stock', [['count', 'Long']])
  t.same(await get('/v1/components/orders/queries?context=default'), [
    { name: 'all', responseTypes: ['List'] },
    { name: 'find', responseTypes: ['Item', 'Order'] }
  ])
  t.match(await get('/v1/components/orders/queries?context='), [{ name: 'all' }, {}, { name: 'other' }])
  t.same(await get('/v1/components/nobody/queries?context='), [])
})

t.test('stream ids are told by channel', async t => {
  const { messaging, get, commandHandler, queryHandler } = await serveMessaging(t)
  const description = { clientId: 'p', componentName: 'orders', tags: new Map(), version: '' }
  const { streamId } = messaging.clients.connect('default', description)
  const { stream } = commandHandler('default', 'a', 'orders', ['Ship'])
  const queries = queryHandler('other', 'b', 'orders', [['find', 'Order']])
  messaging.commands.openHandlerStream('default', new FakeStream())
  t.same(await get('/v1/components/clientIds'), {
    PLATFORM: { [streamId]: 'p.default' },
    COMMAND: { [stream.streamId]: 'a.default' },
    QUERY: { [queries.streamId]: 'b.other' }
  })
})

t.test('messages are counted by handler, whoever sent them', async t => {
  const { messaging, get, commandHandler, queryHandler } = await serveMessaging(t)
  const { out, stream } = commandHandler('default', 'a', 'orders', ['order', 'ship'])
  commandHandler('other', 'a', 'orders', ['order'])
  out.onWrite = () => stream.respond(commandResponse(out.commandIds().at(-1)!))
  for (let i = 0; i < 3; i++) messaging.commands.dispatch('default', command(), () => {})
  const common = { clientId: 'a', componentName: 'orders' }
  t.same(await get('/v1/public/command-metrics'), [
    { ...common, command: 'order', context: 'default', count: 3 },
    { ...common, command: 'ship', context: 'default', count: 0 },
    { ...common, command: 'order', context: 'other', count: 0 }
  ])
  const queries = queryHandler('default', 'a', 'orders', [['find', 'Order']])
  messaging.queries.query('default', queryRequest({ id: 'q', query: 'find' }), new FakeStream())
  queries.respond(queryResponse('q'))
  queries.complete('q')
  t.same(await get('/v1/public/query-metrics'), [
    { ...common, queryDefinition: { queryName: 'find', context: 'default' }, context: 'default', count: 1 }
  ])
})

t.test('subscription queries are counted by component and by query', async t => {
  const { messaging, get } = await serveMessaging(t)
  const path = '/v1/components/callers/subscription-query-metric'
  const nothing = { totalSubscriptions: 0, activeSubscriptions: 0, updates: 0 }
  t.same(await get(`${path}?context=`), nothing)
  const { byQuery, byComponent } = (() => {
    messaging.queries.openSubscription('default', new FakeStream())
    messaging.queries.openSubscription('other', new FakeStream())
    return [...messaging.queries.contexts()].find(([name]) => name === 'default')![1].subscriptions
  })()
  Object.assign(byComponent.get('callers'), { total: 5, active: 2, updates: 7 })
  Object.assign(byQuery.get('find'), { total: 3, active: 1, updates: 4 })
  const ofComponent = { totalSubscriptions: 5, activeSubscriptions: 2, updates: 7 }
  t.same(await get(`${path}?context=default`), ofComponent)
  t.same(await get(`${path}?context=`), ofComponent)
  t.same(await get(`${path}?context=other`), nothing)
  t.same(await get(`${path}/query/find?context=default`), {
    totalSubscriptions: 3,
    activeSubscriptions: 1,
    updates: 4
  })
  t.same(await get(`${path}/query/none?context=default`), nothing)
})

t.test('a client is asked to reconnect, or said to be absent, always with 200', async t => {
  const { messaging, app } = await serveMessaging(t)
  const out = new FakeStream()
  const session = messaging.platform.openStream('default', out)
  session.register({ clientId: 'a', componentName: 'orders', tags: new Map(), version: '' })
  const request = (client: string) => ask(app, { method: 'PATCH', url: `/v1/instructions?client=${client}` })
  t.match(await request('a'), { status: 200, text: 'a: requested reconnect' })
  t.match(out.instructions(), [{ request: { $case: 'requestReconnect' } }])
  t.match(await request('b'), { status: 200, text: 'b: not connected to this server' })
})

t.test(
  'creating a context: what is asked for arrives, what is wrong is said and changes nothing',
  async t => {
    const created: CreateContextRequest[] = []
    const contexts = { create: async (request: CreateContextRequest) => void created.push(request) }
    const app = await serve(t, [contextRoutes(contexts as unknown as Contexts, { developmentMode: false })])
    const post = (payload: unknown, type = 'application/json') =>
      ask(app, {
        method: 'POST',
        url: '/v1/context',
        headers: { 'content-type': type },
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload)
      })
    const wrong: [payload: unknown, message: RegExp, type?: string][] = [
      ['', /needs a JSON object/],
      ['{"context":', /no JSON/],
      ['[]', /must be a JSON object/],
      ['null', /must be a JSON object/],
      ['"orders"', /must be a JSON object/],
      [{}, /'context'/],
      [{ context: 5 }, /'context'/],
      [{ context: 'a', replicationGroup: 5 }, /'replicationGroup'/],
      [{ context: 'a', roles: 'node-1' }, /'roles'/],
      [{ context: 'a', roles: [null] }, /'roles'/],
      [{ context: 'a', roles: [{ node: 'n', role: 'KING' }] }, /'roles'.*PRIMARY/],
      [{ context: 'a', metaData: [] }, /'metaData'/],
      [{ context: 'a', dcbContext: true }, /DCB/]
    ]
    for (const [payload, message] of wrong) {
      t.match(await post(payload), { status: 400, body: { status: 400, error: 'Bad Request', message } })
    }
    t.match(await post('context=orders', 'application/x-www-form-urlencoded'), {
      status: 415,
      body: { message: /x-www-form-urlencoded.*application\/json/ }
    })
    t.match(await post(`{"context":"${'x'.repeat(1024 * 1024)}"}`), { status: 413 })
    t.same(created, [])
    const body = {
      context: 'orders',
      replicationGroup: null,
      roles: [{ node: 'node-1' }],
      metaData: { a: 1 },
      leader: null,
      unknown: true
    }
    t.match(await post(body, 'application/json; charset=utf-8'), {
      status: 202,
      body: { success: true, message: 'Context orders created' }
    })
    t.match(await post({ context: 'old', nodes: ['node-1'] }, 'application/vnd.example+json'), {
      status: 202
    })
    t.match(created, [
      {
        context: 'orders',
        replicationGroup: undefined,
        roles: [{ node: 'node-1', role: 'PRIMARY' }],
        metaData: { a: '1' }
      },
      { context: 'old', roles: [{ node: 'node-1', role: 'PRIMARY' }] }
    ])
  }
)

t.test('errors: own ones as text with a code, others as an object, bugs also in the log', async t => {
  const log = new ErrorLog()
  const app = await serve(
    t,
    [
      app => {
        app.get('/own', async () => {
          throw new ServerError('AXONIQ-1302', 'no such context')
        })
        app.get('/bug', async () => {
          throw new Error('broken')
        })
        app.put('/thing/:id', async () => 'ok')
        app.get('/thing/:id', async () => 'ok')
      }
    ],
    { log }
  )
  const own = await ask(app, '/own')
  t.match(own, { status: 404, text: '[AXONIQ-1302] no such context' })
  t.match(own.headers, { 'axoniq-errorcode': 'AXONIQ-1302', 'content-type': /^text\/plain/ })
  t.same(log.errors, [])
  const bug = await ask(app, '/bug?a=b')
  t.match(bug, {
    status: 500,
    body: {
      status: 500,
      error: 'Internal Server Error',
      path: '/bug',
      asVersion: '1.2.3',
      product: 'Product'
    }
  })
  t.match(log.errors, [{ method: 'GET', path: '/bug', error: { message: 'broken' } }])
  t.match(await ask(app, '/nowhere'), { status: 404, body: { error: 'Not Found', path: '/nowhere' } })
  t.match(await ask(app, '/own/'), { status: 404 }, 'a trailing slash')
  const wrongMethod = await ask(app, { method: 'DELETE', url: '/thing/5' })
  t.match(wrongMethod, { status: 405, body: { error: 'Method Not Allowed' } })
  t.equal(wrongMethod.headers.allow, 'GET, HEAD, PUT')
  t.match(await ask(app, '/thing/%zz'), { status: 400, body: { status: 400, product: 'Product' } })
})
