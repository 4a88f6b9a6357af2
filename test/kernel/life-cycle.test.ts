import t from 'tap'
import { type PluginContext, token } from '../../src/kernel/index.js'
import { Kernel } from '../../src/kernel/kernel.js'
import { ManualClock } from '../../src/kernel/manual-clock.js'
import { TestKernel } from '../../src/testing.js'
import { quiet, recorded } from './support/plugins.js'

const Engine = token<string>('test/Engine@1')

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

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = Date.now() + 5000
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error('waited in vain')
    await new Promise(resolve => setImmediate(resolve))
  }
}
