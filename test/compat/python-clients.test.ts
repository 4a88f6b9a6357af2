import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { missingProgram, reportChecks, run } from '../support/client-checks.js'
import { repository } from '../support/repository.js'
import { ServerProcess } from '../support/server-process.js'

const folder = join(repository, 'test', 'compat', 'python')

t.test(
  'axonclient and eventsourcing-axonserver work unchanged',
  { skip: missingProgram('python3') ?? false, timeout: 300_000 },
  async t => {
    const environment = mkdtempSync(join(tmpdir(), 'myelin-python-'))
    t.teardown(() => rmSync(environment, { recursive: true, force: true }))
    const created = await run(['python3', '-m', 'venv', environment], { deadlineMs: 60_000 })
    t.equal(created.code, 0, created.output)
    const pip = [join(environment, 'bin', 'pip'), 'install', '-q', '-r', join(folder, 'requirements.txt')]
    const installed = await run(pip, { deadlineMs: 180_000 })
    t.equal(installed.code, 0, installed.output)
    const server = await ServerProcess.start()
    t.teardown(() => server.remove())
    t.teardown(() => server.stop())
    const command = [join(environment, 'bin', 'python'), join(folder, 'check.py'), server.address]
    reportChecks(t, await run(command, { deadlineMs: 90_000 }), 6)
  }
)
