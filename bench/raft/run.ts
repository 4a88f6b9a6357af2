import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { calibrate } from '../scenarios/calibrate.js'
import { findEtcd } from './etcd-binary.js'
import { parts } from './parts.js'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(parts).join(',') },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    failovers: { type: 'string', default: '20' },
    payload: { type: 'string', default: '300' },
    etcd: { type: 'string' },
    'etcd-from-source': { type: 'boolean', default: false },
    connector: { type: 'string' },
    json: { type: 'string' }
  }
})

// What was started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const wanted = values.only.split(',')
const unknown = wanted.filter(name => !(name in parts))
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are: ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}
const etcd = findEtcd(values.etcd, values['etcd-from-source'])
console.log(typeof etcd === 'string' ? `without etcd: ${etcd}` : `etcd ${etcd.version}`)
const figures: Record<string, unknown> = {}
try {
  const calibration = await calibrate({ seconds: 3, warmUpSeconds: 1 })
  for (const row of calibration) console.log(`calibration, ${row.case}: ${Math.round(row.perSecond)}/s`)
  for (const name of wanted) {
    figures[name] = await parts[name]!({
      payloadBytes: Number(values.payload),
      seconds: Number(values.seconds),
      warmUpSeconds: 2,
      rounds: Number(values.rounds),
      failovers: Number(values.failovers),
      etcd: typeof etcd === 'string' ? undefined : etcd.path,
      connector: values.connector,
      print: line => console.log(line)
    })
    // As far as it has come, also where a later part fails.
    if (values.json !== undefined) writeFileSync(values.json, report(calibration))
  }
} finally {
  if (typeof etcd !== 'string') etcd.remove()
}

function report(calibration: unknown): string {
  const all = {
    commit: spawnSync('git', ['rev-parse', '--short', 'HEAD']).stdout?.toString().trim(),
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      kernel: readFileSync('/proc/version', 'utf8').split(' ')[2],
      node: process.version,
      load: loadavg()
    },
    etcd: typeof etcd === 'string' ? etcd : etcd.version,
    payloadBytes: Number(values.payload),
    calibration,
    figures
  }
  return `${JSON.stringify(all, null, 2)}\n`
}
