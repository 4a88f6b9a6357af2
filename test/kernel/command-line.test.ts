import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommandLine, type StartRequest } from '../../src/cli/index.js'
import { repository } from '../support/repository.js'
import { ServerProcess } from '../support/server-process.js'

const plugin = join(repository, 'test', 'kernel', 'fixtures', 'process')
const started = /Started AxonServer in \d+\.\d+ seconds \(process running for \d+\.\d+\)/

interface Outcome {
  readonly exitCode: number
  readonly printed: string
  readonly complaint: string
  readonly start: StartRequest | undefined
  readonly check: readonly [argv: readonly string[], file: string | undefined] | undefined
}

async function run(...argv: string[]): Promise<Outcome> {
  const outcome = { exitCode: 0, printed: '', complaint: '', start: undefined, check: undefined } as {
    -readonly [K in keyof Outcome]: Outcome[K]
  }
  outcome.exitCode = await runCommandLine(argv, {
    version: '1.2.3',
    print: text => {
      outcome.printed += text
    },
    printError: text => {
      outcome.complaint += text
    },
    startServer: async request => {
      outcome.start = request
      return 7
    },
    checkServer: async (...check) => {
      outcome.check = check
      return { text: 'checked\n', exitCode: 1 }
    }
  })
  return outcome
}

t.test('start passes every property on, and gives the exit code of the server', async t => {
  const argv = ['--axoniq.axonserver.port=1', '-Dserver.port=2', '--flag']
  t.match(await run('start', ...argv), { exitCode: 7, start: { argv, explain: false }, complaint: '' })
  t.match(await run('start', '--a.b=c', '--explain', '--d'), {
    start: { argv: ['--a.b=c', '--d'], explain: true }
  })
})

t.test('what is no property is refused before anything starts', async t => {
  for (const argv of [['foo'], ['--a.b', 'c'], ['-x']]) {
    const { exitCode, complaint, start } = await run('start', ...argv)
    t.equal(exitCode, 2)
    t.match(complaint, /does not know what .* means. Write properties as --name=value/)
    t.equal(start, undefined)
  }
})

t.test('config check takes a file, properties, or both', async t => {
  t.match(await run('config', 'check'), { exitCode: 1, printed: 'checked\n', check: [[], undefined] })
  t.match(await run('config', 'check', 'a.properties'), { check: [[], 'a.properties'] })
  t.match(await run('config', 'check', '--a=b', 'a.yml'), { check: [['--a=b'], 'a.yml'] })
  t.match(await run('config', 'check', '--a=b'), { check: [['--a=b'], undefined] })
  t.match(await run('config', 'check', 'a', 'b'), { exitCode: 2, complaint: /means/ })
})

t.test('an unknown verb or option is a clear error with exit code 2', async t => {
  t.match(await run('strat'), { exitCode: 2, complaint: /unknown command 'strat'\n\(Did you mean start\?\)/ })
  t.match(await run('config', 'chekc'), { exitCode: 2, complaint: /unknown command 'chekc'/ })
  t.match(await run('--axoniq.axonserver.port=1'), { exitCode: 2, complaint: /unknown option/ })
})

t.test('version and help are no errors', async t => {
  t.match(await run('--version'), { exitCode: 0, printed: '1.2.3\n' })
  t.match(await run('help'), { exitCode: 0, printed: /start.*\n.*config/ })
  t.match(await run(), { exitCode: 0, printed: /Usage: myelin/ })
  t.match(await run('help', 'start'), { exitCode: 0, printed: /--explain/ })
})

function launch(
  t: Test,
  mode: string,
  properties: Record<string, string> = {},
  directory?: string
): ServerProcess {
  const server = ServerProcess.launch({
    properties: { 'myelin.plugins': plugin, 'test.mode': mode, ...properties },
    ...(directory !== undefined && { directory })
  })
  t.teardown(async () => {
    if (server.exitCode === null) await server.stop('SIGKILL')
    server.remove()
  })
  return server
}

t.test('a start says so when everything is up, and a stop leaves nothing behind', async t => {
  const server = launch(t, 'good')
  await server.waitFor(started, 20_000)
  t.match(server.output, /^Myelin \d+\.\d+\.\d+, .*\n/, 'the banner comes first')
  t.match(server.output, /INFO .* io.axoniq.axonserver.AxonServer +: Started AxonServer/)
  t.match(server.output, /threads=16/, 'the pool is sized before its first use')
  const pidFile = join(server.directory, 'AxonIQ.pid')
  t.equal(readFileSync(pidFile, 'utf8').trim(), `${server.pid}@${hostname()}`)
  t.equal(await server.stop(), 0)
  await says(t, server, /: stopping\n/)
  t.notOk(existsSync(pidFile))
})

t.test('the process id file of an unclean stop is replaced with a warning', async t => {
  const directory = t.testdir({ run: { 'AxonIQ.pid': '4711@elsewhere' } })
  const server = launch(t, 'good', { 'axoniq.axonserver.pid-file-location': './run' }, directory)
  await server.waitFor(started, 20_000)
  t.match(server.output, /WARN .*process id file is there already.*4711@elsewhere/)
  const pidFile = join(directory, 'run', 'AxonIQ.pid')
  t.match(readFileSync(pidFile, 'utf8'), `${server.pid}@`)
  writeFileSync(pidFile, '4712@elsewhere')
  t.equal(await server.stop('SIGINT'), 0)
  t.ok(existsSync(pidFile), 'the file of another server is left alone')
})

t.test('the banner can be turned off, and is not mixed with JSON', async t => {
  const off = launch(t, 'good', { 'spring.main.banner-mode': 'off' })
  const json = launch(t, 'good', { 'logging.format': 'json' })
  await Promise.all([off.waitFor(started, 20_000), json.waitFor(started, 20_000)])
  t.notMatch(off.output, /^Myelin/m)
  await Promise.all([off.stop(), json.stop()])
  for (const line of json.output.trim().split('\n')) t.doesNotThrow(() => JSON.parse(line))
})

t.test('a failed start ends with 1, a complete message, and no process id file', async t => {
  const server = launch(t, 'fails-in-start')
  t.equal(await server.exited, 1)
  await says(
    t,
    server,
    /\[KERNEL_START_FAILED\] Plugin process failed in start: the moon is full\. Remove the cause/
  )
  t.notMatch(server.output, started)
  t.notOk(existsSync(join(server.directory, 'AxonIQ.pid')))
})

t.test('a signal during the start gives it up with exit code 0', async t => {
  const server = launch(t, 'starts-forever')
  await server.waitFor(/: starting/, 20_000)
  t.equal(await server.stop(), 0)
  await says(t, server, /the start was cancelled/)
})

t.test('a second signal ends the process at once', async t => {
  const server = launch(t, 'stops-forever')
  await server.waitFor(started, 20_000)
  const stopping = server.stop('SIGTERM')
  await server.waitFor(/: stopping/, 5000)
  t.equal(await server.stop('SIGINT'), 130)
  await stopping
})

t.test('a plugin that does not stop well is told in the log and by the exit code', async t => {
  const server = launch(t, 'fails-in-stop')
  await server.waitFor(started, 20_000)
  t.equal(await server.stop(), 1)
  await says(t, server, /ERROR .*a plugin did not stop as it should.*KERNEL_STOP_FAILED.*the disk is gone/s)
})

t.test('an error that nobody caught ends the process with 70, in the log and on standard error', async t => {
  const thrown = launch(t, 'throws-later')
  const rejected = launch(t, 'rejects-later')
  t.same(await Promise.all([thrown.exited, rejected.exited]), [70, 70])
  await says(t, thrown, /uncaughtException: SyntaxError/)
  await says(t, thrown, /ERROR .*an unexpected error ends the process/)
  await says(t, rejected, /unhandledRejection: Error: nobody waits/)
})

/** The output of a process may arrive after its end. */
async function says(t: Test, server: ServerProcess, pattern: RegExp): Promise<void> {
  const endMs = Date.now() + 5000
  while (!pattern.test(server.output) && Date.now() < endMs)
    await new Promise(resolve => setTimeout(resolve, 10))
  t.match(server.output, pattern)
}
