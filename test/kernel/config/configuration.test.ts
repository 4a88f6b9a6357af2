// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of property files
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  ConfigurationError,
  checkConfiguration,
  type LoadOptions,
  loadConfiguration,
  propertyTable,
  settingsFrom
} from '../../../src/kernel/config/index.js'
import { nearestName } from '../../../src/kernel/config/suggestion.js'

function load(argv: readonly string[], more: Partial<LoadOptions> = {}) {
  return loadConfiguration({ argv, env: {}, cwd: '/nowhere', ...more })
}

t.test('every bad value is told at once: key, value, place and what is allowed', async t => {
  const cwd = t.testdir({
    'axonserver.properties': '\nserver.port=http\naxoniq.axonserver.query.timeout=5 s\n'
  })
  try {
    load(['--axoniq.axonserver.standalone=banana', '--axoniq.axonserver.name'], {
      cwd,
      env: { LOGGING_LEVEL_ROOT: 'LOUD' }
    })
    t.fail('it started')
  } catch (error) {
    t.ok(error instanceof ConfigurationError)
    t.match([...(error as ConfigurationError).problems].sort(), [
      /^axoniq\.axonserver\.name \(argument --axoniq\.axonserver\.name\): a value is missing/,
      /^axoniq\.axonserver\.query\.timeout is "5 s" \(axonserver\.properties:3\); expected a duration/,
      /^axoniq\.axonserver\.standalone is "banana" \(argument --axoniq\.axonserver\.standalone\); expected true or false/,
      /^logging\.level\.root is "LOUD" \(environment variable LOGGING_LEVEL_ROOT\); expected one of TRACE, DEBUG/,
      /^server\.port is "http" \(axonserver\.properties:2\); expected a whole number from 0 to 65535/
    ])
    t.match((error as Error).message, /5 problems:\n {2}- /)
  }
})

t.test('an unknown key of ours is a warning with the nearest name, another one is none', async t => {
  const cwd = t.testdir({
    'axonserver.properties': 'axoniq.axonserver.prot=1\nmanagement.foo=1\nmyelin.journal.dir=x\n'
  })
  const env = { AXONIQ_AXONSERVER_SSL_CERTCHAINFIL: 'x', PATH: '/bin', MANAGEMENT_X: '1' }
  const { warnings, otherKeys, notes } = load(['--axoniq.zzzzzzzzzzzz=1'], { cwd, env })
  t.match(warnings, [
    'axoniq.axonserver.prot (axonserver.properties:1) is not a property that this server knows, and has no effect. Did you mean axoniq.axonserver.port?',
    /^myelin\.journal\.dir \(axonserver\.properties:3\)/,
    /^AXONIQ_AXONSERVER_SSL_CERTCHAINFIL .* Did you mean axoniq\.axonserver\.ssl\.cert-chain-file\?$/,
    /^axoniq\.zzzzzzzzzzzz .* and has no effect\.$/
  ])
  t.same(otherKeys, ['management.foo (axonserver.properties:2)'])
  t.same(notes, [])
})

t.test('many unknown keys are all told, and only the first are compared with every name', async t => {
  const argv = Array.from({ length: 500 }, (_, i) => `--axoniq.axonserver.prot${i}=1`)
  const { warnings } = load(argv)
  t.equal(warnings.length, 500)
  t.equal(warnings.filter(warning => warning.includes('Did you mean')).length <= 20, true)
})

t.test('strict: a warning stops the start, a note does not', async t => {
  const strict = '--myelin.config.strict=true'
  t.throws(() => load([strict, '--axoniq.axonserver.prot=1']), { message: /prot .* Did you mean/ })
  t.throws(() => load([strict, '--axoniq.axonserver.name=${NONE}']), ConfigurationError)
  t.equal(load([strict, '--axoniq.axonserver.event.flags=0', '--other.key=1']).notes.length, 1)
})

t.test('what has no effect is told once, and only when it is set', async t => {
  const { notes } = load(['--axoniq.axonserver.data-fetcher-threads=9', '--axoniq.axonserver.port=9'], {
    env: { AXONIQ_LICENSE: '/none' }
  })
  t.match(notes, [
    /^AXONIQ_LICENSE has no effect/,
    /^axoniq\.axonserver\.data-fetcher-threads \(argument .*\) has no effect\. There are no thread pools/
  ])
})

t.test('a value may be left empty: it is unset, but for texts and lists', async t => {
  const { settings } = load([
    '--axoniq.axonserver.port=',
    '--axoniq.axonserver.ssl.cert-chain-file=',
    '--axoniq.axonserver.internal-domain=',
    '--management.endpoints.web.exposure.include='
  ])
  t.equal(settings.number('axoniq.axonserver.port'), 8124)
  t.equal(settings.isSet('axoniq.axonserver.port'), false)
  t.equal(settings.string('axoniq.axonserver.ssl.cert-chain-file'), undefined)
  t.equal(settings.string('axoniq.axonserver.internal-domain'), '')
  t.same(settings.list('management.endpoints.web.exposure.include'), [])
})

t.test('values arrive in the units of the server', async t => {
  const settings = settingsFrom(
    {
      'axoniq.axonserver.instruction.result.timeout': 7,
      'axoniq.axonserver.event.segment-size': '1KB',
      'axoniq.axonserver.event.storage': 'events',
      'server.ssl.key-store': 'file:ssl/tls.p12',
      'axoniq.axonserver.query-handler-selector': 'ROUND_ROBIN'
    },
    '/srv'
  )
  t.equal(settings.number('axoniq.axonserver.instruction.result.timeout'), 7000)
  t.equal(settings.number('axoniq.axonserver.event.segment-size'), 1024)
  t.equal(settings.string('axoniq.axonserver.event.storage'), '/srv/events')
  t.equal(settings.string('server.ssl.key-store'), '/srv/ssl/tls.p12')
  t.equal(settings.string('axoniq.axonserver.query-handler-selector'), 'round-robin')
  t.equal(settings.number('axoniq.axonserver.replication.wait-for-leader-timeout'), -1)
  t.equal(settings.isSet('axoniq.axonserver.event.storage'), true)
})

t.test('a reader that does not fit is a bug of the caller', async t => {
  const settings = settingsFrom({})
  t.throws(() => settings.number('axoniq.axonserver.prot'), /no property is declared/)
  t.throws(() => settings.number('axoniq.axonserver.name'), /of type string/)
  t.throws(() => settings.string('logging.file'), /no property is declared/, 'an alias is for files')
  t.throws(() => settings.map('axoniq.axonserver'), /no map/)
  t.throws(() => settings.number('axoniq.axonserver.event.global-index-segments-check'), /optionalNumber/)
  t.equal(settings.optionalNumber('axoniq.axonserver.event.global-index-segments-check'), undefined)
  t.throws(() => settingsFrom({ 'axoniq.axonserver.prot': 1 }), /no property is declared/)
  t.throws(() => settingsFrom({ 'server.port': 'x' }), ConfigurationError)
})

t.test('a plugin brings its own properties, in every spelling, but not those of others', async t => {
  const file = { name: 'acme.audit.log-file', type: 'path', default: './audit', doc: 'Where.' } as const
  const token = {
    name: 'acme.audit.token',
    type: 'string',
    default: null,
    doc: 'Which.',
    sensitive: true
  } as const
  const every = { name: 'acme.audit.interval', type: 'duration', default: 5000, doc: 'How often.' } as const
  const declarations = [file, token, every]
  const { settings, effective } = load([], {
    declarations,
    env: { ACME_AUDIT_LOGFILE: 'a', ACME_AUDIT_TOKEN: 'geheim' }
  })
  t.equal(settings.string('acme.audit.log-file'), '/nowhere/a')
  t.equal(settings.number('acme.audit.interval'), 5000)
  t.notMatch(JSON.stringify(effective()), /geheim/)
  t.throws(() => load([], { declarations: [file, file] }), /acme\.audit\.log-file is declared twice/)
  const taken = { ...file, name: 'axoniq.axonserver.po-rt' }
  t.throws(() => load([], { declarations: [taken] }), /declared twice/)
})

t.test('secrets are in no output', async t => {
  const cwd = t.testdir()
  const secrets = propertyTable
    .filter(({ sensitive }) => sensitive)
    .map(({ name }) => name.replace(/<[^>]*>/, 'google'))
  t.ok(secrets.length >= 7)
  mkdirSync(join(cwd, 'config'))
  writeFileSync(
    join(cwd, 'config/axonserver.properties'),
    [
      ...secrets.map(name => `${name}=geheim`),
      'axoniq.axonserver.tags.copy=${axoniq.axonserver.accesscontrol.internal-token}',
      'axoniq.axonserver.tags.second=${axoniq.axonserver.tags.copy}',
      'axoniq.axonserver.enterprise.ldap.server-url=ldap://u:${LDAP_PASSWORD}@h',
      'server.port=${axoniq.axonserver.accesscontrol.token}',
      'logging.level.root=${my.password}',
      'my.password=geheim',
      'axoniq.axonserver.tokn=geheim'
    ].join('\n')
  )
  const env = {
    LDAP_PASSWORD: 'geheim',
    AXONIQ_AXONSERVER_TOKENN: 'geheim',
    JAVA_TOOL_OPTIONS: '-Dx.secret=geheim'
  }
  const options = { argv: ['--axoniq.axonserver.tokennn=geheim'], env, cwd }
  const check = checkConfiguration(options)
  t.equal(check.exitCode, 1)
  t.match(check.text, /server\.port is a value that is not shown/)
  t.match(check.text, /logging\.level\.root is a value that is not shown/)
  t.match(check.text, /accesscontrol\.internal-token +=? ?\*{6}/)
  t.notMatch(check.text, /geheim/)

  try {
    loadConfiguration(options)
    t.fail('it started')
  } catch (error) {
    t.notMatch(`${error} ${JSON.stringify(error)}`, /geheim/)
  }

  const good = { ...options, argv: ['--server.port=1', '--logging.level.root=INFO'] }
  const { settings, warnings, notes, otherKeys, effective } = loadConfiguration(good)
  t.notMatch(JSON.stringify([warnings, notes, otherKeys, effective()]), /geheim/)
  t.equal(settings.string('axoniq.axonserver.accesscontrol.internal-token'), 'geheim')
  t.equal(settings.map('axoniq.axonserver.tags').get('second'), 'geheim')
})

t.test('config check shows what is set and from where, and fails for a warning too', async t => {
  const cwd = t.testdir({
    'axonserver.properties': 'server.port=9000\naxoniq.axonserver.event.flags=1\n',
    'other.yml': 'axoniq.axonserver:\n  prot: 1\n'
  })
  const good = checkConfiguration({ argv: [], env: { AXONIQ_AXONSERVER_NAME: 'n' }, cwd })
  t.equal(good.exitCode, 0)
  t.match(good.text, /axoniq\.axonserver\.name +=? ?n {3}\(environment variable AXONIQ_AXONSERVER_NAME\)/)
  t.match(good.text, /server\.port +=? ?9000 {3}\(axonserver\.properties:1\)/)
  t.match(good.text, /Set without effect:\n {2}axoniq\.axonserver\.event\.flags/)
  t.match(good.text, /The configuration is good/)
  const other = checkConfiguration({ argv: [], env: {}, cwd, file: 'other.yml' })
  t.equal(other.exitCode, 1)
  t.match(other.text, /Warnings:\n {2}axoniq\.axonserver\.prot \(other\.yml:2\)/)
  t.notMatch(other.text, /9000/)
  const missing = checkConfiguration({ argv: [], env: {}, cwd, file: 'none.properties' })
  t.equal(missing.exitCode, 1)
  t.match(missing.text, /none\.properties, which does not exist/)
})

t.test('effective has every property once, defaults included', async t => {
  const effective = load(['--server.port=9000']).effective()
  const names = effective.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  t.match(
    effective.find(({ name }) => name === 'axoniq.axonserver.port'),
    { value: '8124', source: 'default' }
  )
  t.match(
    effective.find(({ name }) => name === 'management.server.port'),
    { value: '9000', source: 'default' }
  )
})

t.test('a name is near when little separates it', async t => {
  const names = ['axoniq.axonserver.port', 'axoniq.axonserver.internal-port', 'server.port']
  t.equal(nearestName('axoniq.axonserver.prt', names), 'axoniq.axonserver.port')
  t.equal(nearestName('axoniq.axonserver.internalports', names), 'axoniq.axonserver.internal-port')
  t.equal(nearestName('axoniq.axonserver.something', names), undefined)
  t.equal(nearestName('x'.repeat(1000), names), undefined)
})
