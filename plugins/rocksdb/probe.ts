import { spawn } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { InstalledBinding } from './installed-binding.js'

export interface Verdict {
  readonly works: boolean
  /** In words, when it does not. */
  readonly why?: string
  /** It will be the same next time: what loads or crashes does so always, a full disk does not. */
  readonly isFinal: boolean
}

const PROBE_TIMEOUT_MS = 20_000
const OUTPUT_CHARACTERS_MAX = 2000
const LOAD_FAILED = 3

/**
 * What the child runs. Plain CommonJS in a string: it starts without loader or sources of ours. It stores, closes, opens, and reads
 * both ways, so that code paths are met which a processor may not know.
 */
const SCRIPT = `
const [packageName, entry, location] = process.argv.slice(1)
let library
try { library = require(entry) } catch (error) { console.error(error.message); process.exit(${LOAD_FAILED}) }
const key = i => Buffer.from('key' + i)
const call = f => new Promise((resolve, reject) => f((error, value) => error ? reject(error) : resolve(value)))
async function leveldown() {
  for (let round = 0; round < 2; round++) {
    const db = library(location)
    await call(done => db.open(done))
    const batch = db.batch()
    for (let i = 0; i < 100; i++) batch.put(key(i), key(i))
    await call(done => batch.write({ sync: true }, done))
    check(await call(done => db.getMany([key(7)], done)))
    const iterator = db.iterator({})
    await iterator.next()
    await call(done => iterator.end(done))
    await call(done => db.close(done))
  }
}
async function abstractLevel() {
  for (let round = 0; round < 2; round++) {
    const db = new (library.RocksLevel || library.ClassicLevel)(location, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    await db.open()
    const batch = db.batch()
    for (let i = 0; i < 100; i++) batch.put(key(i), key(i))
    await batch.write({ sync: true })
    check(await db.getMany([key(7)]))
    const iterator = db.iterator({})
    await iterator.nextv(10)
    await iterator.close()
    await db.close()
  }
}
function check([value]) { if (String(value) !== 'key7') throw new Error('it does not give back what it was given') }
const run = packageName === 'rocksdb' ? leveldown : abstractLevel
run().then(() => process.exit(0), error => { console.error((error.cause || error).message); process.exit(1) })
`

/**
 * Tries a binding in a child process: one that does not fit may abort its process, which nothing can catch. `directory` is where the
 * store will be, since a temporary directory may be elsewhere, or not writable.
 */
export async function probe(installed: InstalledBinding, directory: string): Promise<Verdict> {
  if (isSingleExecutable()) {
    return { works: false, why: 'a single-file executable can not try it out', isFinal: false }
  }
  const place = join(directory, `probe-${installed.binding.name}`)
  try {
    await rm(place, { recursive: true, force: true })
    await mkdir(place, { recursive: true })
    return await runChild([installed.binding.packageName, installed.entry, place])
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

function runChild(args: readonly string[]): Promise<Verdict> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['-e', SCRIPT, '--', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Options meant for the server, such as a debugger, would stop or slow the child.
      env: { ...process.env, NODE_OPTIONS: '' },
      timeout: PROBE_TIMEOUT_MS,
      killSignal: 'SIGKILL'
    })
    let output = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(0, OUTPUT_CHARACTERS_MAX)
    })
    child.on('error', error => resolve({ works: false, why: error.message, isFinal: false }))
    child.on('close', (code, signal) => resolve(verdictOf(code, signal, output.trim())))
  })
}

function verdictOf(code: number | null, signal: NodeJS.Signals | null, output: string): Verdict {
  if (code === 0) return { works: true, isFinal: true }
  const details = output === '' ? '' : `: ${output.split('\n')[0]}`
  if (signal === 'SIGKILL')
    return { works: false, why: `a trial did not end in time${details}`, isFinal: false }
  if (signal !== null)
    return { works: false, why: `it ended a trial process with ${signal}${details}`, isFinal: true }
  if (code === LOAD_FAILED) return { works: false, why: `it does not load${details}`, isFinal: true }
  return { works: false, why: `it failed in a trial${details}`, isFinal: false }
}

/** Its executable runs the server whatever the arguments say. */
function isSingleExecutable(): boolean {
  try {
    return (createRequire(import.meta.url)('node:sea') as { isSea(): boolean }).isSea()
  } catch {
    return false
  }
}
