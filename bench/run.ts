import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { ServerProcess } from '../test/support/server-process.js'
import { BytesClient } from './client.js'
import { type Row, residentMegabytes, table } from './measure.js'
import { append } from './scenarios/append.js'
import { calibrate } from './scenarios/calibrate.js'
import { commands } from './scenarios/command.js'
import { stream } from './scenarios/stream.js'

const { values } = parseArgs({
  options: {
    server: { type: 'string' },
    'server-pid': { type: 'string' },
    only: { type: 'string', default: 'calibrate,append,stream,command' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'string' }
  }
})

const wanted = new Set(values.only.split(','))
const own = values.server === undefined ? await ServerProcess.start() : undefined
const address = own?.address ?? values.server!
const serverPid = own?.pid ?? (values['server-pid'] === undefined ? undefined : Number(values['server-pid']))
const load = { seconds: Number(values.seconds), warmUpSeconds: 2, serverPid }
if (serverPid !== undefined) console.log(`idle: ${residentMegabytes(serverPid).toFixed(0)} MB resident`)

const client = new BytesClient(address)
const handler = new BytesClient(address)
const rows: Row[] = []
try {
  if (wanted.has('calibrate')) rows.push(...(await calibrate(load)))
  if (wanted.has('append')) rows.push(...(await append(client, load)))
  if (wanted.has('stream')) rows.push(...(await stream(client, load)))
  if (wanted.has('command')) rows.push(...(await commands(client, handler, load)))
} finally {
  client.close()
  handler.close()
  await own?.stop()
  own?.remove()
}
console.log(table(rows))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report(), null, 2)}\n`)

function report() {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
  return { commit, date: new Date().toISOString().slice(0, 10), machine, seconds: load.seconds, rows }
}
