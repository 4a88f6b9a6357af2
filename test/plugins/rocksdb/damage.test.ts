import { spawn } from 'node:child_process'
import { cp, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type BindingName, bindings } from '../../../plugins/rocksdb/bindings.js'
import { BATCHES, damageChild, type Findings } from './support/damage-child.js'
import { temporaryDirectory, whyNot } from './support/state-stores.js'

// Some thirty child processes.
t.setTimeout(170_000)

type Damage = (bytes: Buffer, position: number) => void
const DAMAGES: Readonly<Record<string, Damage>> = {
  'a flipped byte': (bytes, position) => {
    bytes[position]! ^= 0x10
  },
  'a zeroed page': (bytes, position) => void bytes.fill(0, position & ~4095, (position & ~4095) + 4096)
}

for (const { name } of bindings) {
  t.test(name, async t => {
    const reason = await whyNot(t, name)
    if (reason !== undefined) return t.pass(reason, { skip: reason })
    await t.test('damage in the log: the engine may not tell, the chain of checkpoints does', t =>
      testDamagedLog(t, name)
    )
    await t.test('damage in a table never gives a wrong value', t => testDamagedTable(t, name))
  })
}

/**
 * Batches that were synced and confirmed are gone without an error, which no caller of the port can see. With the chain it is
 * either told, or the store is exactly what it was at the checkpoint that it names.
 */
async function testDamagedLog(t: Test, engine: BindingName): Promise<void> {
  const original = await temporaryDirectory(t)
  t.equal((await child('write-batches', original, engine)).signal, 'SIGKILL')
  for (const [what, damage] of Object.entries(DAMAGES)) {
    const directory = await copyOf(t, original)
    await damageLargest(join(directory, 'db'), /\.log$/, { damage, place: 0.5 })
    const { findings } = await child('read', directory, engine)
    t.comment(`${engine}, ${what}: ${inWords(findings)}`)
    t.ok(findings !== undefined && findings.wrongValues === 0, 'it ends by itself, without a wrong value')
    if (findings?.openFailure !== undefined) continue
    t.ok(findings!.rows < BATCHES, 'it opens without an error, and confirmed batches are missing')
    if (typeof findings!.checkpoint === 'number') {
      t.strictSame([findings!.isBeginning, findings!.rows], [true, findings!.checkpoint])
    } else {
      t.match(findings!.checkpoint, /is damaged/)
    }
  }
}

/** `rocksdb` 5 iterates without verifying blocks and has its assertions on: it may end the process, but gives nothing wrong. */
async function testDamagedTable(t: Test, engine: BindingName): Promise<void> {
  const original = await temporaryDirectory(t)
  t.equal((await child('write-tables', original, engine)).code, 0)
  for (const [what, damage] of Object.entries(DAMAGES)) {
    for (const place of [0.3, 0.7]) {
      const directory = await copyOf(t, original)
      await damageLargest(join(directory, 'db'), /\.(sst|ldb)$/, { damage, place })
      const { findings, signal } = await child('read', directory, engine)
      t.comment(`${engine}, ${what} at ${place}: ${findings === undefined ? signal : inWords(findings)}`)
      if (findings === undefined) {
        t.strictSame([engine, signal], ['rocksdb', 'SIGABRT'])
      } else {
        t.equal(findings.wrongValues, 0)
        t.ok(findings.damageReports > 0, 'it says that it is damaged')
      }
    }
  }
}

async function copyOf(t: Test, original: string): Promise<string> {
  const directory = await temporaryDirectory(t)
  await cp(original, directory, { recursive: true })
  return directory
}

async function damageLargest(
  directory: string,
  names: RegExp,
  { damage, place }: { readonly damage: Damage; readonly place: number }
): Promise<void> {
  const files = (await readdir(directory)).filter(name => names.test(name)).map(name => join(directory, name))
  const sized = await Promise.all(files.map(async path => ({ path, size: (await stat(path)).size })))
  const { path, size } = sized.sort((a, b) => b.size - a.size)[0]!
  const file = await open(path, 'r+')
  const bytes = await file.readFile()
  damage(bytes, Math.floor(size * place))
  await file.write(bytes, 0, bytes.length, 0)
  await file.close()
}

interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly findings: Findings | undefined
}

function child(command: string, directory: string, engine: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [damageChild, command, directory, engine], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, NODE_OPTIONS: '' }
    })
    let output = ''
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    running.on('error', reject)
    running.on('close', (code, signal) => {
      resolve({ code, signal, findings: output === '' ? undefined : (JSON.parse(output) as Findings) })
    })
  })
}

function inWords(findings: Findings | undefined): string {
  if (findings === undefined) return 'it ended without an answer'
  if (findings.openFailure !== undefined) return findings.openFailure
  const { rows, isBeginning, checkpoint, damageReports } = findings
  return `opens; ${rows} rows${isBeginning ? '' : ' with a hole'}; ${damageReports} reports; chain: ${checkpoint}`
}
