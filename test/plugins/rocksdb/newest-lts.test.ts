import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { run } from '../../support/client-checks.js'
import { ServerProcess } from '../../support/server-process.js'

/** A newer Node than the one that runs the tests; CI installs one. */
const node = process.env.MYELIN_TEST_NODE ?? ''
const skip = node === '' ? 'not run: name another Node executable in MYELIN_TEST_NODE' : false

t.test(
  'the engines of this machine work with the other Node, and none aborts it',
  { skip, timeout: 180_000 },
  async t => {
    const script = join(fileURLToPath(new URL('.', import.meta.url)), 'engines.test.js')
    const finished = await run([node, script], { deadlineMs: 150_000 })
    t.equal(finished.code, 0, finished.code === 0 ? 'the suite passes' : finished.output.slice(-4000))
  }
)

t.test('the server starts with the other Node and keeps its state', { skip, timeout: 120_000 }, async t => {
  const first = await ServerProcess.start({ node })
  t.teardown(() => first.remove())
  t.equal(await first.stop(), 0)
  const second = await ServerProcess.start({ node, directory: first.directory, standalone: false })
  const contexts = (await (await fetch(`${second.url}/v1/public/context`)).json()) as { context: string }[]
  t.same(contexts.map(({ context }) => context).sort(), ['_admin', 'default'])
  t.equal(await second.stop(), 0)
})
