import { join } from 'node:path'
import t from 'tap'
import { missingProgram, reportChecks, run } from '../support/client-checks.js'
import { repository } from '../support/repository.js'
import { ServerProcess } from '../support/server-process.js'

const project = join(repository, 'test', 'compat', 'java', 'connector')
const skip = missingProgram('java', 'mvn') ?? false

for (const version of ['2025.2.1', '4.6.3']) {
  t.test(`the Java connector ${version} works unchanged`, { skip, timeout: 300_000 }, async t => {
    await build(version)
    const server = await ServerProcess.start()
    t.teardown(() => server.remove())
    t.teardown(() => server.stop())
    reportChecks(t, await client(version, server, 'all'), 25)
  })

  t.test(
    `what the Java connector ${version} appended is there after kill -9`,
    { skip, timeout: 300_000 },
    async t => {
      await build(version)
      const first = await ServerProcess.start()
      t.teardown(() => first.remove())
      reportChecks(t, await client(version, first, 'append', '500'), 1)
      await first.stop('SIGKILL')
      const second = await ServerProcess.start({ directory: first.directory })
      t.teardown(() => second.stop())
      reportChecks(t, await client(version, second, 'verify', '500'), 2)
    }
  )
}

async function build(version: string): Promise<void> {
  const command = ['mvn', '-q', '-B', 'package', `-Dconnector.version=${version}`]
  const built = await run(command, { cwd: project, deadlineMs: 240_000 })
  if (built.code !== 0) throw new Error(built.output)
}

function client(version: string, server: ServerProcess, ...what: string[]) {
  const target = join(project, 'target', version)
  const classPath = [join(target, 'classes'), join(target, 'lib', '*')].join(':')
  const command = ['java', '-cp', classPath, 'myelin.compat.Main', 'localhost', `${server.grpcPort}`, ...what]
  return run(command, { deadlineMs: 120_000 })
}
