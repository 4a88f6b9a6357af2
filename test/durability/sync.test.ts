import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { missingProgram } from '../support/client-checks.js'
import { EventClient } from '../support/event-client.js'
import { ServerProcess } from '../support/server-process.js'

t.test(
  'the journal is synced before each confirmation, and by all that wait together',
  { skip: missingProgram('strace') ?? false, timeout: 120_000 },
  async t => {
    const prefix = ['strace', '-f', '-qq', '-e', 'trace=fdatasync,fsync', '-o', 'syncs.txt']
    const server = await ServerProcess.start({
      prefix,
      properties: { 'myelin.checkpoint.interval': '1h' },
      startDeadlineMs: 60_000
    })
    t.teardown(() => server.remove())
    t.teardown(() => server.stop('SIGKILL'))
    const syncs = () =>
      readFileSync(join(server.directory, 'syncs.txt'), 'utf8').match(/fdatasync\(|fsync\(/g)?.length ?? 0
    const client = new EventClient(server.address)
    t.teardown(() => client.close())
    await client.append('one', 0, 1)
    for (let i = 1; i <= 50; i++) {
      const before = syncs()
      await client.append('one', i, 1)
      if (syncs() <= before) return t.fail(`append ${i} was confirmed without a sync`)
    }
    const before = syncs()
    await Promise.all(Array.from({ length: 400 }, (_, i) => client.append(`many-${i}`, 0, 1)))
    const shared = syncs() - before
    t.ok(shared < 300, `${shared} syncs for 400 appends at once`)
  }
)
