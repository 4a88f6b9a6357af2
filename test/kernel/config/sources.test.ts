import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfiguration } from '../../../src/kernel/config/index.js'

const key = 'axoniq.axonserver.name'

interface Given {
  readonly files?: Readonly<Record<string, string>>
  readonly env?: NodeJS.ProcessEnv
  readonly argv?: readonly string[]
}

function loader(t: { testdir(): string }) {
  const cwd = t.testdir()
  let count = 0
  return ({ files = {}, env = {}, argv = [] }: Given) => {
    const directory = join(cwd, String(count++))
    mkdirSync(directory)
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(directory, path, '..'), { recursive: true })
      writeFileSync(join(directory, path), content)
    }
    return loadConfiguration({ argv, env, cwd: directory })
  }
}

t.test('each source is stronger than the one before', async t => {
  const load = loader(t)
  const properties = (value: string) => `${key}=${value}\n`
  const yaml = (value: string) => `axoniq:\n  axonserver:\n    name: ${value}\n`
  const steps: Given[] = [
    { files: { 'axonserver.yaml': yaml('yaml') } },
    { files: { 'axonserver.yml': yaml('yml') } },
    { files: { 'axonserver.properties': properties('properties') } },
    { files: { 'config/axonserver.yml': yaml('config yml') } },
    { files: { 'config/axonserver.properties': properties('config properties') } },
    { files: { 'config/a/axonserver.properties': properties('config a') } },
    { files: { 'config/b/axonserver.yml': yaml('config b') } },
    { files: { 'axonserver-one.properties': properties('profile one') } },
    { files: { 'config/axonserver-one.properties': properties('config profile one') } },
    { files: { 'axonserver-two.yml': yaml('profile two') } },
    { env: { AXONIQ_AXONSERVER_NAME: 'environment' } },
    { env: { JAVA_TOOL_OPTIONS: `-Xmx1g -D${key}="java options" -ea` } },
    { argv: [`-D${key}=system`] },
    { env: { SPRING_APPLICATION_JSON: '{"axoniq":{"axonserver":{"name":"json"}}}' } },
    { argv: [`-Dspring.application.json={"${key}":"json property"}`] },
    { argv: [`--${key}=argument`] },
    { argv: [`--${key}=last argument`] }
  ]
  const expected = [
    'yaml',
    'yml',
    'properties',
    'config yml',
    'config properties',
    'config a',
    'config b',
    'profile one',
    'config profile one',
    'profile two',
    'environment',
    'java options',
    'system',
    'json',
    'json property',
    'argument',
    'last argument'
  ]
  for (let i = 0; i < steps.length; i++) {
    const used = steps.slice(0, i + 1)
    const configuration = load({
      files: Object.assign({}, ...used.map(({ files }) => files)),
      env: Object.assign({}, ...used.map(({ env }) => env)),
      argv: ['start', '-Dspring.profiles.active=one,two', ...used.flatMap(({ argv = [] }) => argv)]
    })
    t.equal(configuration.settings.string(key), expected[i])
  }
})

t.test('sources are merged key by key', async t => {
  const { settings } = loader(t)({
    files: {
      'axonserver.properties': 'server.port=1\naxoniq.axonserver.port=1\n',
      'config/axonserver.properties': 'axoniq.axonserver.port=2\naxoniq.axonserver.internal-port=2\n'
    },
    env: { AXONIQ_AXONSERVER_INTERNAL_PORT: '3' }
  })
  const port = (name: string) => settings.number(name)
  t.same(
    [port('server.port'), port('axoniq.axonserver.port'), port('axoniq.axonserver.internal-port')],
    [1, 2, 3]
  )
})

t.test('a property file with everything that the format has', async t => {
  const { settings, effective } = loader(t)({
    files: {
      'axonserver.properties': [
        '# a comment',
        '! another',
        'axoniq.axonserver.name : a\\u00e9',
        'axoniq.axonserver.autocluster.contexts = _admin,\\',
        '    default',
        'axoniq.axonserver.domain=x ',
        'axoniq.axonserver.accesscontrol.token=t ',
        'logging.file=./a.log',
        'logging.file.max-history=3',
        'server.port 8025'
      ].join('\r\n')
    }
  })
  t.equal(settings.string(key), 'aé')
  t.same(settings.list('axoniq.axonserver.autocluster.contexts'), ['_admin', 'default'])
  t.equal(settings.string('axoniq.axonserver.domain'), 'x')
  t.equal(settings.string('axoniq.axonserver.accesscontrol.token'), 't ', 'secrets are taken as they are')
  t.equal(settings.number('server.port'), 8025)
  t.match(settings.string('logging.file.name'), /a\.log$/)
  t.equal(settings.number('logging.file.max-history'), 3)
  const line = (name: string) => effective().find(property => property.name === name)?.source
  t.equal(line('axoniq.axonserver.autocluster.contexts'), 'axonserver.properties:4')
  t.equal(line('server.port'), 'axonserver.properties:10')
})

t.test('files are UTF-8, or Latin-1 where they are not', async t => {
  const load = loader(t)
  const bytes = (encoding: BufferEncoding) => Buffer.from(`${key}=näme\n`, encoding) as unknown as string
  t.equal(load({ files: { 'axonserver.properties': bytes('utf8') } }).settings.string(key), 'näme')
  t.equal(load({ files: { 'axonserver.properties': bytes('latin1') } }).settings.string(key), 'näme')
  t.equal(load({ files: { 'axonserver.properties': `\uFEFF${key}=x` } }).settings.string(key), 'x')
})

t.test('YAML: nesting, sequences, maps, anchors, documents, and every scalar as it is written', async t => {
  const { settings, effective } = loader(t)({
    files: {
      'axonserver.yml': `
axoniq.axonserver:
  accesscontrol: { token: 123e4, enabled: yes }
  autocluster:
    contexts:
      - _admin
      - default
  tags: &tags
    Region: north
    rack: 007
  event:
    storages:
      <<: *tags
logging:
  level:
    root: off
    io.axoniq: debug
---
spring.config.activate.on-profile: other
server.port: 1
---
spring.config.activate.on-profile: "one, three"
server.port: 2
`
    },
    argv: ['--spring.profiles.active=one']
  })
  t.equal(settings.string('axoniq.axonserver.accesscontrol.token'), '123e4')
  t.equal(settings.boolean('axoniq.axonserver.accesscontrol.enabled'), true)
  t.same(settings.list('axoniq.axonserver.autocluster.contexts'), ['_admin', 'default'])
  t.same(
    [...settings.map('axoniq.axonserver.tags')],
    [
      ['Region', 'north'],
      ['rack', '007']
    ]
  )
  t.match(settings.map('axoniq.axonserver.event.storages').get('Region'), /^\/.*north$/)
  t.same(Object.fromEntries(settings.map('logging.level')), { root: 'OFF', 'io.axoniq': 'DEBUG' })
  t.equal(settings.number('server.port'), 2)
  const token = effective().find(({ name }) => name.endsWith('accesscontrol.token'))
  t.equal(token?.source, 'axonserver.yml:3')
})

t.test('lists: with commas, by index, in the environment; the strongest source gives all of it', async t => {
  const load = loader(t)
  const contexts = (given: Given) => load(given).settings.list('axoniq.axonserver.autocluster.contexts')
  const file = 'axoniq.axonserver.autocluster.contexts[1]=b\naxoniq.axonserver.autocluster.contexts[0]=a,x\n'
  t.same(contexts({ files: { 'axonserver.properties': file } }), ['a,x', 'b'])
  const env = { AXONIQ_AXONSERVER_AUTOCLUSTER_CONTEXTS_0_: 'c' }
  t.same(contexts({ files: { 'axonserver.properties': file }, env }), ['c'])
  t.same(contexts({ env: { AXONIQ_AXONSERVER_AUTOCLUSTER_CONTEXTS: ' d , e' } }), ['d', 'e'])
})

t.test('maps: the environment overrides what a file wrote in another case', async t => {
  const { settings } = loader(t)({
    files: {
      'axonserver.properties': 'axoniq.axonserver.tags.Region=north\naxoniq.axonserver.tags[a/b]=c\n'
    },
    env: { AXONIQ_AXONSERVER_TAGS_REGION: 'south', AXONIQ_AXONSERVER_TAGS_RACK: '7' }
  })
  t.same(Object.fromEntries(settings.map('axoniq.axonserver.tags')), {
    Region: 'south',
    'a/b': 'c',
    rack: '7'
  })
})

t.test('in one source the canonical name beats its alias, wherever it stands', async t => {
  const load = loader(t)
  const history = (content: string) =>
    load({ files: { 'axonserver.properties': content } }).settings.string('logging.file.name')
  t.match(history('logging.file.name=new.log\nlogging.file=old.log\n'), /new\.log$/)
  t.match(history('logging.file=old.log\nlogging.file.name=new.log\n'), /new\.log$/)
  t.match(history('logging.file=old.log\n'), /old\.log$/)
})

t.test('profiles can be named in a file, and the last one wins', async t => {
  const { settings } = loader(t)({
    files: {
      'axonserver.properties': `spring.profiles.active=a,b\n${key}=base\nserver.port=1\n`,
      'axonserver-a.properties': `${key}=a\nserver.port=2\n`,
      'axonserver-b.properties': `${key}=b\n`,
      'axonserver-c.properties': `${key}=c\n`
    }
  })
  t.equal(settings.string(key), 'b')
  t.equal(settings.number('server.port'), 2)
})

t.test('locations can be replaced, added to, and optional', async t => {
  const load = loader(t)
  const files = {
    'axonserver.properties': `${key}=usual\nserver.port=1\n`,
    'other/axonserver.properties': `${key}=other\n`,
    'single.yml': `${key}: single\n`,
    'named.properties': `${key}=named\n`,
    'config/k8s/axonserver.properties': `${key}=below\n`
  }
  const name = (argv: readonly string[], env = {}) => {
    const { settings } = load({ files, argv, env })
    return `${settings.string(key)} ${settings.number('server.port')}`
  }
  t.equal(name([]), 'below 1')
  t.equal(name(['--spring.config.location=file:./other/']), 'other 8024')
  t.equal(name(['-Dspring.config.location=other,single.yml']), 'single 8024')
  t.equal(name([], { SPRING_CONFIG_ADDITIONAL_LOCATION: 'optional:file:./none/,./other/' }), 'other 1')
  t.equal(name(['--spring.config.location=config/*/']), 'below 8024')
  t.equal(name(['--spring.config.name=named']), 'named 8024')
  t.equal(name([], { SPRING_CONFIG_NAME: 'named' }), 'below 1', 'only the command line changes the name')
  t.throws(() => name(['--spring.config.location=./none/']), { message: /\.\/none\/, which does not exist/ })
})

t.test(
  'mounted configuration: links are followed, the directories of Kubernetes are not read twice',
  async t => {
    const cwd = t.testdir({
      config: { '..2026': { 'axonserver.properties': `${key}=mounted\n` }, '..gone': {} }
    })
    symlinkSync('..2026', join(cwd, 'config/..data'))
    symlinkSync('..data/axonserver.properties', join(cwd, 'config/axonserver.properties'))
    const { settings, effective } = loadConfiguration({ argv: [], env: {}, cwd })
    t.equal(settings.string(key), 'mounted')
    t.equal(effective().find(({ name }) => name === key)?.source, 'config/axonserver.properties:1')
  }
)

t.test('what Kubernetes says about services is no configuration', async t => {
  const { settings, warnings } = loader(t)({
    env: {
      SERVER_PORT: 'tcp://10.0.0.1:80',
      AXONIQ_AXONSERVER_PORT: 'tcp://10.0.0.1:8124',
      MYELIN_SERVICE_HOST: '10.0.0.1',
      MYELIN_SERVICE_PORT_GRPC: '8124',
      MYELIN_PORT_8124_TCP: 'tcp://10.0.0.1:8124',
      MYELIN_PORT_8124_TCP_ADDR: '10.0.0.1',
      MYELIN_PORT_8124_TCP_PROTO: 'tcp',
      AXONIQ_AXONSERVER_INTERNAL_PORT: '9'
    }
  })
  t.equal(settings.number('server.port'), 8024)
  t.equal(settings.number('axoniq.axonserver.port'), 8124)
  t.equal(settings.number('axoniq.axonserver.internal-port'), 9)
  t.same(warnings, [])
})

t.test('the command line: switches, values with =, and words for others', async t => {
  const { settings } = loader(t)({
    argv: [
      'start',
      '-v',
      '--axoniq.axonserver.standalone',
      '-Daxoniq.axonserver.devmode.enabled',
      `--${key}=a=b`,
      '--'
    ]
  })
  t.equal(settings.boolean('axoniq.axonserver.standalone'), true)
  t.equal(settings.boolean('axoniq.axonserver.devmode.enabled'), true)
  t.equal(settings.string(key), 'a=b')
})

t.test('a source that cannot be read stops the start, and its content is not shown', async t => {
  const load = loader(t)
  const json = (text: string) => () => load({ env: { SPRING_APPLICATION_JSON: text } })
  const secret = /geheim/
  for (const broken of [json('{"a": geheim'), json('["geheim"]'), json('7')]) {
    t.throws(broken, { name: 'ConfigurationError', message: /SPRING_APPLICATION_JSON: expected an object/ })
  }
  const yaml = (text: string) => () => load({ files: { 'axonserver.yml': text } })
  const bad = ['a: [geheim\nb: 1', 'a: 1\na: geheim', 'a: *geheim', 'a: @geheim', 'a: "geheim', '\ta: geheim']
  for (const text of bad) {
    const error = thrown(yaml(text))
    t.equal(error.name, 'ConfigurationError')
    t.match(error.message, /axonserver\.yml/)
    t.notMatch(error.message, secret)
  }
  t.match(thrown(yaml('a: 1\nb: [x\nc: 1')).message, /axonserver\.yml:3: this is not valid YAML, column 1/)
  t.throws(yaml(`a:\n${'  - {b: 1}\n'.repeat(10_001)}`), /more than 10000 keys/)
  t.throws(
    () => load({ files: { 'axonserver.properties/x': '' } }),
    /axonserver\.properties: expected a file/
  )
  t.throws(() => load({ files: { 'axonserver.properties': '#'.repeat(5_000_000) } }), /larger than/)
})

t.test(
  'a file without permission stops the start',
  { skip: process.getuid?.() === 0 && 'root may read all' },
  async t => {
    const cwd = t.testdir({ 'axonserver.properties': 'a=b' })
    chmodSync(join(cwd, 'axonserver.properties'), 0)
    t.throws(() => loadConfiguration({ argv: [], env: {}, cwd }), /cannot be read \(EACCES\)/)
  }
)

function thrown(action: () => unknown): Error {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
