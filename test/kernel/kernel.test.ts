import t from 'tap'
import {
  definePlugin,
  HealthCheck,
  KernelInfo,
  Logger,
  type Plugin,
  type PluginContext,
  Settings,
  token
} from '../../src/kernel/index.js'
import { Kernel } from '../../src/kernel/kernel.js'
import { ManualClock } from '../../src/kernel/manual-clock.js'
import { give, TestKernel } from '../../src/testing.js'

const Engine = token<string>('test/Engine@1')

/** A plugin that writes down what is done with it. */
function recorded(name: string, events: string[], fields: Partial<Plugin> = {}): Plugin {
  const note = (step: string) => () => void events.push(`${step} ${name}`)
  return definePlugin({
    name,
    version: '1.0.0',
    kernel: '*',
    register: note('register'),
    start: note('start'),
    stop: note('stop'),
    ...fields
  })
}

t.test('all register, then start in order, then stop in reverse', async t => {
  const events: string[] = []
  const user = recorded('user', events, { requires: [Engine] })
  const engine = recorded('engine', events, {
    provides: [Engine],
    register({ services }) {
      events.push('register engine')
      services.bind(Engine, () => 'diesel')
    }
  })
  const kernel = await TestKernel.start({ plugins: [user, engine] })
  await kernel.stop()
  t.same(events, [
    'register engine',
    'register user',
    'start engine',
    'start user',
    'stop user',
    'stop engine'
  ])
})

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

t.test('a failed start stops what had started, in reverse, and names plugin and reason', async t => {
  const events: string[] = []
  const cause = new Error('port 8124 is taken')
  const plugins = [
    recorded('one', events),
    recorded('two', events),
    recorded('bad', events, {
      start() {
        throw cause
      }
    }),
    recorded('never', events)
  ]
  await t.rejects(TestKernel.start({ plugins }), {
    code: 'KERNEL_START_FAILED',
    message: /Plugin bad failed in start: port 8124 is taken\./,
    cause
  })
  t.same(events.slice(4), ['start one', 'start two', 'stop two', 'stop one'])
})

t.test('a plugin whose start never finishes is named, told, and left behind', async t => {
  const events: string[] = []
  const clock = new ManualClock()
  let signal: AbortSignal | undefined
  const stuck = recorded('stuck', events, {
    startDeadlineMs: 5000,
    start: (context: PluginContext) => {
      signal = context.signal
      return new Promise<void>(() => {})
    }
  })
  const starting = Kernel.start({ ...quiet, clock, plugins: [recorded('one', events), stuck] })
  starting.catch(() => {})
  await until(() => signal !== undefined)
  clock.advance(4999)
  t.equal(signal?.aborted, false)
  clock.advance(1)
  await t.rejects(starting, {
    code: 'KERNEL_START_TIMEOUT',
    message: /stuck did not finish its start within 5 seconds/
  })
  t.equal(signal?.aborted, true)
  t.same(events.slice(-2), ['start one', 'stop one'])
})

t.test('a start can be cancelled: the plugin is told, and what had started is stopped', async t => {
  const events: string[] = []
  const cancel = new AbortController()
  const slow = recorded('slow', events, {
    start: ({ signal }) => {
      setImmediate(() => cancel.abort())
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
  })
  const plugins = [recorded('one', events), slow, recorded('two', events)]
  await t.rejects(Kernel.start({ ...quiet, plugins, cancel: cancel.signal }), {
    code: 'KERNEL_START_CANCELLED',
    message: /cancelled at plugin slow/
  })
  t.same(events.slice(3), ['start one', 'stop one'])
})

t.test(
  'a cancelled plugin that does not listen has ten seconds, and is stopped when it starts all the same',
  async t => {
    for (const finishes of [true, false]) {
      const events: string[] = []
      const clock = new ManualClock()
      const cancel = new AbortController()
      let finish: (() => void) | undefined
      const deaf = recorded('deaf', events, {
        startDeadlineMs: 600_000,
        start: () =>
          new Promise<void>(resolve => {
            finish = resolve
          })
      })
      const starting = Kernel.start({ ...quiet, clock, plugins: [deaf], cancel: cancel.signal })
      starting.catch(() => {})
      await until(() => finish !== undefined)
      cancel.abort()
      if (finishes) finish!()
      else clock.advance(10_000)
      await t.rejects(starting, { code: 'KERNEL_START_CANCELLED' })
      t.same(events.includes('stop deaf'), finishes)
    }
  }
)

t.test('whoever does not stop well is reported and keeps nobody else', async t => {
  const events: string[] = []
  const clock = new ManualClock()
  let isStopping = false
  const plugins = [
    recorded('first', events),
    recorded('throws', events, { stop: () => Promise.reject(new Error('disk gone')) }),
    recorded('hangs', events, {
      stopDeadlineMs: 2000,
      stop: () => {
        isStopping = true
        return new Promise<void>(() => {})
      }
    })
  ]
  const kernel = await Kernel.start({ ...quiet, clock, plugins })
  const stopping = kernel.stop()
  t.equal(kernel.stop(), stopping, 'a second stop is the same one')
  await until(() => isStopping)
  clock.advance(2000)
  t.match(await stopping, [
    { code: 'KERNEL_STOP_TIMEOUT', message: /hangs did not finish its stop within 2 seconds/ },
    { code: 'KERNEL_STOP_FAILED', message: /throws failed in stop: disk gone/ }
  ])
  t.equal(events.at(-1), 'stop first')
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

const quiet = {
  argv: ['--spring.config.location=optional:none/'],
  env: {},
  cwd: '/',
  output: {
    write: (_text: string, done?: () => void) => {
      done?.()
      return true
    }
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = Date.now() + 5000
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error('waited in vain')
    await new Promise(resolve => setImmediate(resolve))
  }
}
