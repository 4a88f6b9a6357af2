import { join } from 'node:path'
import t from 'tap'
import { missingProgram, reportChecks, run } from '../support/client-checks.js'
import { repository } from '../support/repository.js'
import { ServerProcess } from '../support/server-process.js'

const project = join(repository, 'test', 'compat', 'java', 'framework')

t.test(
  'an Axon Framework 4 application works unchanged',
  { skip: missingProgram('java', 'mvn') ?? false, timeout: 400_000 },
  async t => {
    const built = await run(['mvn', '-q', '-B', 'package'], { cwd: project, deadlineMs: 240_000 })
    t.equal(built.code, 0, built.output)
    const server = await ServerProcess.start()
    t.teardown(() => server.remove())
    t.teardown(() => server.stop())
    const classPath = [join(project, 'target', 'classes'), join(project, 'target', 'lib', '*')].join(':')
    const command = ['java', '-cp', classPath, 'myelin.compat.framework.Main', server.address]
    reportChecks(t, await run(command, { deadlineMs: 150_000 }), 10)
  }
)
