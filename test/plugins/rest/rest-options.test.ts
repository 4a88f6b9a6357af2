import t from 'tap'
import { restOptions } from '../../../plugins/rest/rest-options.js'
import { settingsFrom } from '../../../src/kernel/config/configuration.js'

function options(properties: Record<string, string | number | boolean> = {}) {
  return restOptions(settingsFrom(properties))
}

t.test('without properties: one port, all addresses, /actuator with details and probes', async t => {
  t.match(options(), {
    hosts: ['::', '0.0.0.0'],
    port: 8024,
    contextPath: '',
    trustProxy: false,
    actuatorPort: undefined,
    actuatorPath: '/actuator',
    showDetails: true,
    probes: true,
    livenessState: true,
    readinessState: true,
    showsInfo: true
  })
  const { exposes } = options()
  t.same(['health', 'info', 'metrics', 'prometheus', 'shutdown'].map(exposes), [
    true,
    true,
    true,
    true,
    false
  ])
})

t.test('an address that is named is the only one', async t => {
  t.same(options({ 'server.address': '127.0.0.1' }).hosts, ['127.0.0.1'])
})

t.test('the actuator has a port of its own only when another one is named', async t => {
  t.equal(options({ 'server.port': 9000 }).actuatorPort, undefined)
  t.equal(options({ 'server.port': 9000, 'management.server.port': 9000 }).actuatorPort, undefined)
  t.equal(options({ 'server.port': 9000, 'management.server.port': 9001 }).actuatorPort, 9001)
})

t.test('probes are there unless the property says otherwise', async t => {
  const property = 'management.endpoint.health.probes.enabled'
  t.equal(options({ [property]: false }).probes, false)
  t.equal(options({ [property]: true }).probes, true)
})

t.test('exclusion beats inclusion', async t => {
  const exposure = 'management.endpoints.web.exposure'
  const { exposes } = options({ [`${exposure}.include`]: '*', [`${exposure}.exclude`]: 'metrics' })
  t.same(['health', 'metrics'].map(exposes), [true, false])
  t.equal(options({ [`${exposure}.exclude`]: '*' }).exposes('health'), false)
})

t.test('details are for everybody or, as nobody logs in here, for nobody', async t => {
  for (const [value, shown] of Object.entries({ always: true, never: false, 'when-authorized': false })) {
    t.equal(options({ 'management.endpoint.health.show-details': value }).showDetails, shown, value)
  }
})

t.test('a path loses the slashes at its end, and one that is no path is refused in words', async t => {
  const property = 'server.servlet.context-path'
  for (const [value, path] of [
    ['/', ''],
    ['/axon', '/axon'],
    ['/a/b-c.d/', '/a/b-c.d']
  ] as const) {
    t.equal(options({ [property]: value }).contextPath, path)
  }
  for (const value of ['axon', '/a b', '/a/:id', '/*', '//a']) {
    t.throws(() => options({ [property]: value }), {
      message: `${property} is "${value}": a path begins with "/" and has letters, digits, "-", "_", "." or "~"`
    })
  }
  t.throws(() => options({ 'management.endpoints.web.base-path': 'manage' }), {
    message: /base-path is "manage"/
  })
})
