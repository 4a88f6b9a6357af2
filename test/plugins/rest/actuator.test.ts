import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type ActuatorOptions, actuatorRoutes } from '../../../plugins/rest/actuator/actuator-routes.js'
import { prometheusText } from '../../../plugins/rest/actuator/prometheus-text.js'
import { diskSpace } from '../../../plugins/rest/node-health.js'
import type { Health, HealthCheck, Measurement } from '../../../src/kernel/index.js'
import { ask, serve } from './fixtures.js'

const measurements: Measurement[] = [
  {
    name: 'axon.commands',
    kind: 'timer',
    unit: 'seconds',
    description: 'Commands',
    tags: { context: 'a' },
    value: 3,
    totalSeconds: 0.5,
    maxSeconds: 0.25
  },
  {
    name: 'axon.commands',
    kind: 'timer',
    unit: 'seconds',
    description: 'Commands',
    tags: { context: 'b' },
    value: 1,
    totalSeconds: 1e-7,
    maxSeconds: 1e-7
  },
  { name: 'axon.x.total', kind: 'counter', description: 'X', value: 7 },
  {
    name: 'disk.free',
    kind: 'gauge',
    unit: 'bytes',
    description: 'Free',
    tags: { path: '/a "b"\\' },
    value: 1e21
  },
  { name: 'small', kind: 'gauge', description: 'Small', value: 1e-7 },
  { name: 'none', kind: 'gauge', description: 'None', value: Number.NaN }
]

function check(name: string, health: Health | Error): HealthCheck {
  return {
    name,
    check: () => {
      if (health instanceof Error) throw health
      return health
    }
  }
}

async function start(t: Test, changes: Partial<ActuatorOptions> = {}, contextPath = '') {
  const options: ActuatorOptions = {
    basePath: '/actuator',
    exposes: () => true,
    app: { name: 'Product', description: 'It', version: '1.2.3' },
    checks: [],
    showDetails: true,
    probes: false,
    sources: [{ measurements: () => measurements }],
    nodeName: 'node-1',
    ...changes
  }
  return serve(t, [actuatorRoutes(options)], { contextPath })
}

t.test('health is the worst of its components, and 503 only when something is down', async t => {
  const up = check('up', { status: 'UP', details: { a: 1 } })
  const warn = check('attention', { status: 'WARN' })
  const down = check('zdown', new Error('broken'))
  const out = check('out', { status: 'OUT_OF_SERVICE' })
  for (const [checks, status, code] of [
    [[], 'UNKNOWN', 200],
    [[up], 'UP', 200],
    [[up, check('?', { status: 'UNKNOWN' })], 'UP', 200],
    [[up, warn], 'WARN', 200],
    [[warn, out], 'OUT_OF_SERVICE', 503],
    [[out, down, up], 'DOWN', 503]
  ] as const) {
    t.match(await ask(await start(t, { checks }), '/actuator/health'), { status: code, body: { status } })
  }
  const app = await start(t, { checks: [up, warn, down] })
  const { text, body } = await ask(app, '/actuator/health')
  t.equal(text.indexOf('attention') < text.indexOf('"up"'), true, 'by name')
  t.match(body, { components: { zdown: { status: 'DOWN', details: { error: 'broken' } } } })
  t.notOk('groups' in (body as object))
  t.match(await ask(app, '/actuator/health/up'), { status: 200, body: { status: 'UP', details: { a: 1 } } })
  t.match(await ask(app, '/actuator/health/zdown'), { status: 503 })
  for (const path of ['nothing', 'liveness', 'readiness']) {
    t.match(await ask(app, `/actuator/health/${path}`), { status: 404 }, path)
  }
})

t.test('details are hidden where they may not be shown', async t => {
  const app = await start(t, {
    checks: [check('up', { status: 'UP', details: { a: 1 } })],
    showDetails: false
  })
  t.equal((await ask(app, '/actuator/health')).text, '{"status":"UP"}')
  t.equal((await ask(app, '/actuator/health/up')).text, '{"status":"UP"}')
})

t.test('probes ask for liveness and readiness', async t => {
  const checks = [
    check('livenessState', { status: 'UP' }),
    check('readinessState', { status: 'OUT_OF_SERVICE' })
  ]
  const app = await start(t, { checks, probes: true })
  t.match(await ask(app, '/actuator/health/liveness'), { status: 200, text: '{"status":"UP"}' })
  t.match(await ask(app, '/actuator/health/readiness'), { status: 503, text: '{"status":"OUT_OF_SERVICE"}' })
  t.match(await ask(app, '/actuator/health'), { status: 503, body: { groups: ['liveness', 'readiness'] } })
})

t.test('disk space: low is a warning, a path that can not be read is down', async t => {
  const stores = () =>
    new Map([
      ['a-event', t.testdirName],
      ['state', t.testdirName]
    ])
  t.testdir()
  t.match(await diskSpace({ stores, thresholdBytes: 0 }).check(), {
    status: 'UP',
    details: { 'a-event': { path: t.testdirName, free: Number, total: Number }, state: {}, threshold: 0 }
  })
  t.match(await diskSpace({ stores, thresholdBytes: 2 ** 60 }).check(), { status: 'WARN' })
  const absent = () => new Map([['a-event', '/nowhere/at all']])
  t.match(await diskSpace({ stores: absent, thresholdBytes: 0 }).check(), {
    status: 'DOWN',
    details: { path: '/nowhere/at all', error: /ENOENT/ }
  })
})

t.test('only what is exposed is there and linked, also below a context path', async t => {
  const app = await start(t, { exposes: name => name === 'health' || name === 'info' }, '/axon')
  const { body } = await ask(app, { url: '/axon/actuator', headers: { host: 'example.com:8024' } })
  const base = 'http://example.com:8024/axon/actuator'
  t.same(body, {
    _links: {
      self: { href: base, templated: false },
      health: { href: `${base}/health`, templated: false },
      'health-path': { href: `${base}/health/{*path}`, templated: true },
      info: { href: `${base}/info`, templated: false }
    }
  })
  for (const path of ['/axon/actuator/metrics', '/axon/actuator/prometheus', '/actuator/health']) {
    t.match(await ask(app, path), { status: 404 }, path)
  }
  const info = await ask(app, '/axon/actuator/info')
  t.equal(info.headers['content-type'], 'application/vnd.spring-boot.actuator.v3+json')
  t.same(info.body, { app: { name: 'Product', description: 'It', version: '1.2.3' } })
  const plain = await ask(app, { url: '/axon/actuator/info', headers: { accept: 'application/json' } })
  t.match(plain.headers['content-type'], /^application\/json/)
})

t.test('the base path may be the root, and information about the product may be switched off', async t => {
  const app = await start(t, { basePath: '', app: undefined })
  t.match(await ask(app, '/health'), { status: 200 })
  t.match(await ask(app, '/info'), { status: 200, text: '{}' })
  t.match(await ask(app, '/'), { status: 404 })
})

t.test('metrics are summed over the meters that have the tags, in numbers with a decimal point', async t => {
  const app = await start(t)
  const get = async (path: string) => (await ask(app, `/actuator/metrics/${path}`)).text
  t.same((await ask(app, '/actuator/metrics')).body, {
    names: ['axon.commands', 'axon.x.total', 'disk.free', 'none', 'small']
  })
  const all = await get('axon.commands')
  t.match(
    all,
    '"measurements":[{"statistic":"COUNT","value":4.0},{"statistic":"TOTAL_TIME","value":0.5000001},'
  )
  t.match(JSON.parse(all), {
    name: 'axon.commands',
    description: 'Commands',
    baseUnit: 'seconds',
    availableTags: [
      { tag: 'context', values: ['a', 'b'] },
      { tag: 'axonserver', values: ['node-1'] }
    ]
  })
  t.match(await get('axon.commands?tag=context:b&tag=axonserver:node-1'), '"value":1.0e-7')
  t.match(await get('disk.free'), '{"statistic":"VALUE","value":1.0e+21}')
  t.match(await get('small'), '"value":1.0e-7}')
  t.match(await get('axon.x.total'), '{"statistic":"COUNT","value":7.0}')
  t.match(JSON.parse(await get('none')), { measurements: [{ value: 'NaN' }] })
  for (const path of ['unknown', 'axon.commands?tag=context:c', 'axon.x.total?tag=context:a']) {
    t.match(await ask(app, `/actuator/metrics/${path}`), { status: 404 }, path)
  }
  t.match(await ask(app, '/actuator/metrics/small?tag=context'), {
    status: 400,
    body: { message: /key:value/ }
  })
})

t.test('prometheus text', async t => {
  const app = await start(t)
  const { text, headers } = await ask(app, '/actuator/prometheus')
  t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  t.equal(
    text,
    `# HELP axon_commands_seconds Commands
# TYPE axon_commands_seconds summary
axon_commands_seconds_count{axonserver="node-1",context="a"} 3
axon_commands_seconds_sum{axonserver="node-1",context="a"} 0.5
axon_commands_seconds_count{axonserver="node-1",context="b"} 1
axon_commands_seconds_sum{axonserver="node-1",context="b"} 1e-7
# HELP axon_commands_seconds_max Commands: the longest
# TYPE axon_commands_seconds_max gauge
axon_commands_seconds_max{axonserver="node-1",context="a"} 0.25
axon_commands_seconds_max{axonserver="node-1",context="b"} 1e-7
# HELP axon_x_total X
# TYPE axon_x_total counter
axon_x_total{axonserver="node-1"} 7
# HELP disk_free_bytes Free
# TYPE disk_free_bytes gauge
disk_free_bytes{axonserver="node-1",path="/a \\"b\\"\\\\"} 1e+21
# HELP small Small
# TYPE small gauge
small{axonserver="node-1"} 1e-7
# HELP none None
# TYPE none gauge
none{axonserver="node-1"} NaN
`
  )
})

t.test('whatever names, tags and texts are, every line of the prometheus text can be read', async () => {
  const line =
    /^(# (HELP|TYPE) [a-zA-Z_:][\w:]* .*|[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)*\})? (NaN|[+-]Inf|[-+\d.e]+))$/
  const measurement = fc.record({
    name: fc.string({ minLength: 1 }),
    kind: fc.constantFrom('counter' as const, 'gauge' as const, 'timer' as const),
    description: fc.string({ unit: fc.constantFrom('a', '\\', '\n', '"') }),
    tags: fc.dictionary(
      fc.constantFrom('a', 'b.c', '9'),
      fc.string({ unit: fc.constantFrom('x', '"', '\\', '\n', '}') })
    ),
    value: fc.double()
  })
  fc.assert(
    fc.property(fc.array(measurement, { minLength: 1, maxLength: 5 }), list => {
      const lines = prometheusText(list).split('\n')
      if (lines.pop() !== '') throw new Error('the last line does not end')
      const bad = lines.find(text => !line.test(text))
      if (bad !== undefined) throw new Error(`not readable: ${bad}`)
    }),
    { numRuns: 200 }
  )
})
