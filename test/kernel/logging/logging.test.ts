import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { settingsFrom } from '../../../src/kernel/config/index.js'
import { safeText } from '../../../src/kernel/logging/fields.js'
import { createLogger, type LogStream } from '../../../src/kernel/logging/index.js'
import { LevelTable } from '../../../src/kernel/logging/level-table.js'
import { shortName } from '../../../src/kernel/logging/text-layout.js'

const prefix = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} /

function memory() {
  const lines: string[] = []
  const stream: LogStream = {
    write(text, done) {
      if (text !== '') lines.push(text)
      done?.()
      return true
    }
  }
  return { lines, stream, last: () => lines.at(-1) ?? '' }
}

function started(values: Readonly<Record<string, string | number>> = {}, cwd = '/nowhere') {
  const output = memory()
  return { ...output, ...createLogger(settingsFrom(values, cwd), output.stream, cwd) }
}

t.test('a record is one line of the known shape', async t => {
  const { logger, last } = started()
  const log = logger.child({ logger: 'io.axoniq.axonserver.AxonServer', context: 'default' })
  log.info({ port: 8124, name: 'a b', text: 'plain', list: [1, 'x'], none: undefined }, 'started')
  t.match(last(), prefix)
  t.equal(
    last().replace(prefix, ''),
    ` INFO ${process.pid} --- [main] ${'io.axoniq.axonserver.AxonServer'.padEnd(40)} : started context=default port=8124 name="a b" text=plain list=[1,"x"]\n`
  )
  log.error('only a message')
  t.match(last(), /^\S+ \S+ ERROR .* : only a message context=default\n$/)
})

t.test('a child adds to the fields of its parent and overrides them', async t => {
  const { logger, last } = started()
  const child = logger
    .child({ group: 'g', context: 'a' })
    .child({ context: 'b', logger: 'io.axoniq.axonserver.cluster' })
  child.info({ group: 'h' }, 'moved')
  t.match(last(), / io\.axoniq\.axonserver\.cluster +: moved group=h context=b\n$/)
})

t.test('values from requests cannot end a line, begin another, or drive a terminal', async t => {
  const { logger, lines } = started()
  logger
    .child({ clientId: 'x\r\ny' })
    .info({ component: 'a\n2026-01-01 fake\tb\u001b[31m\u2028' }, 'connected\nagain')
  t.equal(lines.length, 1)
  t.equal(lines[0]!.split('\n').length, 2)
  t.match(lines[0], /connected_again clientId=x__y component="a_2026-01-01 fake_b_\[31m_"\n$/)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => !/[\p{Cc}\u2028\u2029]/u.test(safeText(text))))
})

t.test('values are bounded, payloads are counted, secrets are masked', async t => {
  const { logger, last } = started()
  logger.info(
    {
      text: 'x'.repeat(100_000),
      payload: Buffer.alloc(9),
      password: 'geheim',
      adminToken: 'geheim',
      token: 7
    },
    'm'
  )
  t.ok(last().length < 9000)
  t.match(last(), / payload="9 bytes" password=\*{6} adminToken=\*{6} token=7\n$/)
})

t.test('an error is followed by its stack, each line behind a tab', async t => {
  const { logger, last } = started()
  const cause = Object.assign(new TypeError('in\nner'), { code: 'AXONIQ-0001' })
  logger.error({ err: new Error('out\nINFO fake', { cause }), context: 'c' }, 'failed')
  const [first, ...rest] = last().trimEnd().split('\n')
  t.match(first, /: failed context=c$/)
  t.equal(rest[0], '\tError: out_INFO fake')
  t.ok(rest.includes('\tCaused by: TypeError AXONIQ-0001: in_ner'))
  t.ok(rest.every(line => line.startsWith('\t')))
})

t.test('JSON: one object a line with the documented fields, each once', async t => {
  const { logger, lines } = started({ 'logging.format': 'json' })
  const log = logger.child({ logger: 'io.axoniq.axonserver.grpc', context: 'a', level: 'mine' })
  log.warn({ context: 'b', big: 7n, err: new Error('x\ny'), message: 'mine' }, 'careful')
  t.equal(lines.length, 1)
  t.match(lines[0], /^\{.*\}\n$/)
  t.equal(lines[0]!.match(/"context"/g)?.length, 1)
  const record = JSON.parse(lines[0]!)
  t.match(record.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.match(record, {
    level: 'WARN',
    thread: 'main',
    logger: 'io.axoniq.axonserver.grpc',
    message: 'careful',
    context: 'b',
    big: '7',
    exception: /^Error: x_y\n\tat /,
    level_: 'mine',
    message_: 'mine'
  })
})

t.test('our loggers and the audit log say INFO, all others WARN', async t => {
  const { logger, lines } = started()
  for (const name of ['io.axoniq.axonserver.grpc', 'AUDIT.x', 'acme.audit', 'io.axoniq.other']) {
    const log = logger.child({ logger: name })
    log.debug('debug')
    log.info('info')
    log.warn('warn')
  }
  const said = lines.map(line => line.replace(/^.*\] (\S+) +: (.*)\n$/, '$1 $2'))
  t.same(said, [
    'io.axoniq.axonserver.grpc info',
    'io.axoniq.axonserver.grpc warn',
    'AUDIT.x info',
    'AUDIT.x warn',
    'acme.audit warn',
    'io.axoniq.other warn'
  ])
})

t.test('levels go down the names, and defaults give way to what is set above them', async t => {
  const level = (configured: Readonly<Record<string, string>>, name: string) => {
    const table = new LevelTable(Object.entries(configured) as [string, 'INFO'][])
    table.note(name)
    return table.entries().get(name)?.effective
  }
  const ours = 'io.axoniq.axonserver.grpc'
  t.equal(level({}, ours), 'INFO')
  t.equal(level({ 'io.axoniq.axonserver': 'DEBUG' }, ours), 'DEBUG')
  t.equal(level({ 'io.axoniq': 'DEBUG' }, ours), 'DEBUG')
  t.equal(level({ 'io.axoniq': 'ERROR' }, ours), 'ERROR')
  t.equal(level({ root: 'DEBUG' }, ours), 'DEBUG', 'a root that says more')
  t.equal(level({ root: 'ERROR' }, ours), 'INFO', 'a root that says less')
  t.equal(level({ root: 'ERROR' }, 'acme'), 'ERROR')
  t.equal(level({ 'io.axoniq': 'DEBUG', 'io.axoniq.axonserver.grpc': 'WARN' }, ours), 'WARN')
  t.equal(level({ audit: 'OFF' }, 'AUDIT.users'), 'OFF', 'the environment knows lower case only')
  t.equal(level({ 'io.axon': 'TRACE' }, ours), 'INFO', 'a prefix ends at a dot')
})

t.test('levels can be changed while loggers are in use', async t => {
  const { logger, lines, setLevel, levels } = started({ 'logging.level.acme': 'INFO' })
  const log = logger.child({ logger: 'acme.audit' })
  log.debug('1')
  setLevel('acme', 'DEBUG')
  log.debug('2')
  setLevel('acme.audit', 'OFF')
  log.error('3')
  t.match(levels().get('acme.audit'), { configured: 'OFF', effective: 'OFF' })
  setLevel('acme.audit', undefined)
  setLevel('acme', undefined)
  log.info('4')
  setLevel('root', 'TRACE')
  log.trace('5')
  t.same(
    lines.map(line => line.trim().slice(-1)),
    ['2', '5']
  )
  t.equal([...levels().keys()][0], 'ROOT')
  t.match(levels().get('ROOT'), { configured: 'TRACE', effective: 'TRACE' })
  t.match(levels().get('acme.audit'), { configured: undefined, effective: 'TRACE' })
})

t.test('the names that are remembered are bounded', async t => {
  const { logger, levels } = started()
  for (let i = 0; i < 5000; i++) logger.child({ logger: `x.y${i}` })
  t.ok(levels().size <= 1010)
})

t.test('long names are shortened from the left', async t => {
  t.equal(shortName('io.axoniq.axonserver.AxonServer'), 'io.axoniq.axonserver.AxonServer')
  t.equal(
    shortName('io.axoniq.axonserver.grpc.internal.MessagingClusterServer'),
    'i.a.a.g.internal.MessagingClusterServer'
  )
  t.ok(shortName(`a.${'b'.repeat(100)}`).length <= 39)
})

t.test('a file gets every record too', async t => {
  const cwd = t.testdir()
  const { logger, lines, close } = started({ 'logging.file': './logs/a.log' }, cwd)
  logger.info('one')
  logger.warn('two')
  await close()
  t.equal(readFileSync(join(cwd, 'logs/a.log'), 'utf8'), lines.join(''))
  const directory = started({ 'logging.path': 'logs' }, cwd)
  directory.logger.info('one')
  await directory.close()
  t.ok(existsSync(join(cwd, 'logs/spring.log')))
})

t.test('a file that cannot be written is told once and costs nothing else', async t => {
  const cwd = t.testdir({ plain: 'a file' })
  const { logger, lines, close, droppedRecords } = started({ 'logging.file.name': 'plain/a.log' }, cwd)
  logger.info('one')
  logger.info('two')
  await close()
  t.equal(lines.length, 3)
  t.match(lines[0], / WARN .*the log file cannot be written; records are lost file=\S+plain\/a\.log/)
  t.equal(droppedRecords(), 3)
})

t.test('a Logback file gives one warning, and the log files that it is likely to name', async t => {
  const usual = `<configuration><file>app.log</file><file>\${LOGS}/app-AUDIT.log</file></configuration>`
  const cwd = t.testdir({
    'logback-spring.xml': usual,
    conf: { 'l.xml': '<file>logs/security-audit.log</file>' }
  })
  mkdirSync(join(cwd, 'empty'))
  const run = async (config: string) => {
    const { logger, lines, close } = started({ 'logging.config': config }, cwd)
    logger.child({ logger: 'AUDIT.users' }).info('[admin] made a user')
    logger.info('hello')
    await close()
    t.match(lines[0], / WARN .* logging\.config names a Logback file, which is not interpreted/)
    t.equal(lines.length, 3)
  }
  const linesOf = (file: string) => readFileSync(join(cwd, file), 'utf8').trim().split('\n').length
  await run('file:logback-spring.xml')
  t.equal(linesOf('app.log'), 3)
  t.equal(linesOf('axonserver-AUDIT.log'), 1)
  await run('conf/l.xml')
  t.equal(linesOf('axonserver.log'), 3)
  t.equal(linesOf('logs/security-audit.log'), 1)
  await run('classpath:none.xml')
  t.equal(linesOf('axonserver.log'), 3)
})

t.test('a reader of standard output that does not read costs records, in bounds', async t => {
  const stalled = new Writable({ highWaterMark: 1, write: () => {} })
  const { logger, droppedRecords } = createLogger(settingsFrom({}), stalled, '/nowhere')
  for (let i = 0; i < 3000; i++) logger.info({ text: 'x'.repeat(1000) }, 'm')
  t.ok(stalled.writableLength < 1024 * 1024 + 2048)
  t.ok(droppedRecords() > 1000)
})

t.test('a closed pipe does not end the process', async t => {
  const program = join(t.testdir(), 'program.mjs')
  const base = new URL('../../../src/kernel/', import.meta.url).href
  writeFileSync(
    program,
    `import { settingsFrom } from '${base}config/index.js'
import { createLogger } from '${base}logging/index.js'
const control = createLogger(settingsFrom({}))
const timer = setInterval(() => {
  control.logger.info('still here')
  if (control.droppedRecords() === 0) return
  clearInterval(timer)
  control.close().then(() => { process.exitCode = 42 })
}, 5)
`
  )
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 20_000 })
  child.stdout.once('data', () => child.stdout.destroy())
  const code = await new Promise(resolve => child.once('exit', resolve))
  t.equal(code, 42)
})
