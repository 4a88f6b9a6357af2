import { parseArgs } from 'node:util'
import { faults } from './faults.js'
import { RaftProcesses } from './raft-processes.js'
import { torment } from './torment.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Names of faults, separated by commas. */
    only: { type: 'string' }
  }
})

// What was started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const only = values.only?.split(',') ?? Object.keys(faults)
const unknown = only.filter(name => !(name in faults))
if (unknown.length > 0) {
  console.error(`no such fault: ${unknown.join(', ')}; there are: ${Object.keys(faults).join(', ')}`)
  process.exit(2)
}
console.log(`seed ${values.seed}`)
const processes = await RaftProcesses.start({ proxies: true })
try {
  const report = await torment(processes, {
    minutes: Number(values.minutes),
    seed: Number(values.seed),
    log: line => console.log(line),
    faults: Object.fromEntries(only.map(name => [name, faults[name]!]))
  })
  console.log(JSON.stringify(report, null, 2))
} catch (error) {
  console.error(processes.outputs())
  console.error(error)
  process.exitCode = 1
} finally {
  await processes.remove()
  // A connection of a killed process that the kernel has not given up yet must not keep this one.
  process.exit()
}
