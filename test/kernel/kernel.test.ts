import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  HealthCheck,
  KernelInfo,
  kernelErrors,
  Logger,
  type Plugin,
  Settings,
  token
} from '../../src/kernel/index.js'
import { Kernel } from '../../src/kernel/kernel.js'
import { give, TestKernel } from '../../src/testing.js'
import { repository } from '../support/repository.js'
import { quiet, recorded } from './support/plugins.js'

const Engine = token<string>('test/Engine@1')

t.test('the kernel binds settings, log, clock and what runs here', async t => {
  const seen: string[] = []
  let info: KernelInfo | undefined
  const plugin = recorded('curious', [], {
    requires: [KernelInfo, Settings, Logger],
    config: [{ name: 'curious.size', type: 'dataSize', default: '2KB', doc: 'A size.' }],
    start({ services, settings, log }) {
      info = services.get(KernelInfo)
      seen.push(info.phase, String(settings.number('curious.size')))
      log.info({ size: 1 }, 'started')
    },
    stop: () => void seen.push(info!.phase)
  })
  const kernel = await TestKernel.start({ plugins: [plugin], properties: { 'curious.size': '3KB' } })
  t.equal(info?.phase, 'ready')
  t.equal(kernel.services.get(Settings), kernel.settings)
  t.match(info, {
    product: 'Myelin',
    version: /^\d+\.\d+\.\d+/,
    plugins: [{ name: 'curious', version: '1.0.0', origin: 'given' }]
  })
  t.ok(info!.startedAtMs <= Date.now() && info!.startedAtMs > Date.now() - 3_600_000)
  t.match(kernel.log.at(-1), { logger: 'io.axoniq.axonserver.plugin.curious', message: 'started', size: 1 })
  await kernel.stop()
  t.same(seen, ['starting', '3072', 'stopping'])
})

t.test('a plugin has to keep its promises, and may do nothing beyond them', async t => {
  const refuses = (plugin: Partial<Plugin>, expected: { code: string; message?: RegExp }) =>
    t.rejects(TestKernel.start({ plugins: [recorded('liar', [], plugin)] }), expected)
  await refuses(
    { provides: [Engine], register() {} },
    { code: 'KERNEL_SERVICE_UNBOUND', message: /liar promises the service Engine/ }
  )
  await refuses(
    { register: ({ services }) => services.bind(Engine, () => 'x') },
    { code: 'KERNEL_SERVICE_UNPROMISED', message: /binds Engine, which is not in its provides/ }
  )
  await refuses(
    {
      register: ({ services }) =>
        services.add(HealthCheck, () => ({ name: 'x', check: () => ({ status: 'UP' }) }))
    },
    { code: 'KERNEL_SERVICE_UNPROMISED', message: /binds HealthCheck, which is not in its extends/ }
  )
  await refuses(
    {
      provides: [Engine],
      register({ services }) {
        services.bind(Engine, () => 'x')
        services.bind(Engine, () => 'y')
      }
    },
    { code: 'KERNEL_SERVICE_BOUND_TWICE' }
  )
})

t.test('a failure in register names the plugin; an option that nobody declared is one', async t => {
  const plugin = recorded('careless', [], {
    register: ({ settings }) => void settings.string('careless.fiel')
  })
  await t.rejects(TestKernel.start({ plugins: [plugin] }), {
    code: 'KERNEL_REGISTER_FAILED',
    message: /careless failed in register: no property is declared as careless.fiel/
  })
})

t.test('an unknown option is a warning with a suggestion, and refused where that is asked for', async t => {
  const properties = { 'myelin.plugin-pth': 'x' }
  const kernel = await TestKernel.start({ plugins: [], properties })
  t.match(kernel.log, [{ level: 'WARN', message: /myelin.plugin-pth .*Did you mean myelin.plugin-path\?/ }])
  await kernel.stop()
  await t.rejects(
    TestKernel.start({ plugins: [], properties: { ...properties, 'myelin.config.strict': true } }),
    {
      code: 'KERNEL_CONFIGURATION',
      message: /myelin.plugin-pth/
    }
  )
})

t.test('strictness does not hit properties that a plugin declares', async t => {
  const plugin = recorded('own', [], {
    config: [{ name: 'myelin.own.file', type: 'string', default: null, doc: 'x' }]
  })
  const properties = { 'myelin.own.file': 'x', 'myelin.config.strict': true }
  const kernel = await TestKernel.start({ plugins: [plugin], properties })
  t.equal(kernel.settings.string('myelin.own.file'), 'x')
  await kernel.stop()
})

t.test('a bad value stops the start in words, of a plugin too', async t => {
  await t.rejects(TestKernel.start({ plugins: [], properties: { 'axoniq.axonserver.port': 'many' } }), {
    code: 'KERNEL_CONFIGURATION',
    message: /axoniq.axonserver.port.*many/s
  })
  const plugin = recorded('own', [], { config: [{ name: 'own.size', type: 'int', default: 1, doc: 'x' }] })
  await t.rejects(TestKernel.start({ plugins: [plugin], properties: { 'own.size': 'many' } }), {
    code: 'KERNEL_CONFIGURATION',
    message: /own.size/
  })
})

t.test('a replaced plugin is neither registered nor started, and the log says so', async t => {
  const events: string[] = []
  const provider = (name: string) =>
    recorded(name, events, {
      provides: [Engine],
      register: ({ services }) => services.bind(Engine, () => name)
    })
  const plugins = [provider('old'), provider('new')]
  const kernel = await TestKernel.start({ plugins, properties: { 'myelin.services.Engine': 'new' } })
  t.equal(kernel.services.get(Engine), 'new')
  t.match(kernel.log, [{ message: 'a plugin is replaced and not started', plugin: 'old' }])
  await kernel.stop()
  t.same(events, ['start new', 'stop new'])
})

t.test('what a kept plugin binds for a service that it lost is dropped', async t => {
  const Wheel = token<string>('test/Wheel@1')
  const both = recorded('both', [], {
    provides: [Engine, Wheel],
    register({ services }) {
      services.bind(Engine, () => 'both')
      services.bind(Wheel, () => 'both')
    }
  })
  const rival = recorded('rival', [], {
    provides: [Engine],
    register: ({ services }) => services.bind(Engine, () => 'rival')
  })
  const user = recorded('user', [], { requires: [Engine, Wheel] })
  const kernel = await TestKernel.start({
    plugins: [both, rival, user],
    properties: { 'myelin.services.Engine': 'rival' }
  })
  t.equal(kernel.services.get(Engine), 'rival')
  t.equal(kernel.services.get(Wheel), 'both')
  await kernel.stop()
})

t.test('services can be given, and satisfy what plugins require', async t => {
  const kernel = await TestKernel.start({
    plugins: [recorded('user', [], { requires: [Engine] })],
    services: [give(Engine, 'given')]
  })
  t.equal(kernel.services.get(Engine), 'given')
  await kernel.stop()
})

t.test('the start explains itself as a tree of plugins and times', async t => {
  const kernel = await Kernel.start({ ...quiet, plugins: [recorded('a', []), recorded('b', [])] })
  const names = kernel.explain().map(line => line.replace(/ +[\d.]+ ms$/, ''))
  t.same(names, [
    `Myelin ${kernel.info.version}`,
    '├─ configuration',
    '├─ load',
    '│  ├─ a',
    '│  └─ b',
    '├─ register',
    '└─ start',
    '   ├─ a',
    '   └─ b'
  ])
  await kernel.stop()
})

t.test('every error code is in the documentation', async t => {
  const page = readFileSync(join(repository, 'docs', 'plugins.md'), 'utf8')
  for (const [code, { title }] of Object.entries(kernelErrors))
    t.ok(page.includes(`| \`${code}\` | ${title} |`), code)
})
