import { fileURLToPath } from 'node:url'
import { CheckpointChain, type KeyValueStore, StorageDamagedError } from '../../../../src/storage/index.js'
import { storeIn } from './state-stores.js'

/** The script itself, for `node <damageChild> write-batches|write-tables|read <directory> <engine>`. */
export const damageChild = fileURLToPath(import.meta.url)

/** What a child found in a store that was damaged. */
export interface Findings {
  /** In words, when it could not be opened. */
  openFailure?: string
  rows: number
  /** Whether the rows are 0, 1, 2 ... without a hole. */
  isBeginning: boolean
  wrongValues: number
  damageReports: number
  /** Number of the newest checkpoint, or the words of its chain. */
  checkpoint?: number | string
}

export const BATCHES = 400
const TABLE_ROWS = 6000
const ROWS = { gte: Buffer.from([1]), lt: Buffer.from([2]) }
const CHAIN_PREFIX = Buffer.from([9])

const [, script, command, directory = '', engine = ''] = process.argv
if (script === damageChild) await run()

async function run(): Promise<void> {
  const store = storeIn(directory, engine)
  if (command === 'write-batches') await writeBatches(store)
  if (command === 'write-tables') await writeTables(store)
  if (command === 'read') process.stdout.write(JSON.stringify(await readEverything(store)))
}

/** Synced batches with one row and one checkpoint each, then an end as by a power cut. */
async function writeBatches(store: KeyValueStore): Promise<void> {
  await store.open()
  const chain = new CheckpointChain(CHAIN_PREFIX)
  await chain.open(store)
  for (let row = 0; row < BATCHES; row++) {
    const batch = store.batch()
    batch.put(keyOf(row), noiseOf(row))
    chain.append(batch, Buffer.from(`checkpoint of row ${row}`))
    await batch.write({ sync: true })
    chain.written()
  }
  process.kill(process.pid, 'SIGKILL')
}

async function writeTables(store: KeyValueStore): Promise<void> {
  await store.open()
  const batch = store.batch()
  for (let row = 0; row < TABLE_ROWS; row++) batch.put(keyOf(row), noiseOf(row))
  await batch.write({ sync: true })
  await store.compact({ gte: Buffer.from([0]), lt: Buffer.from([255]) })
  await store.close()
  // Opening turns what is left in the log into a table, for an engine that can not be told to.
  await store.open()
  await store.close()
}

async function readEverything(store: KeyValueStore): Promise<Findings> {
  const findings: Findings = { rows: 0, isBeginning: true, wrongValues: 0, damageReports: 0 }
  try {
    await store.open()
  } catch (error) {
    return { ...findings, openFailure: wordsOf(error), damageReports: 1 }
  }
  await walk(store, findings)
  await lookUp(store, findings)
  await openChain(store, findings)
  await store.close()
  return findings
}

async function walk(store: KeyValueStore, findings: Findings): Promise<void> {
  try {
    for await (const [key, value] of store.iterate(ROWS)) {
      const row = key.readUInt32BE(1)
      if (row !== findings.rows++) findings.isBeginning = false
      if (!value.equals(noiseOf(row))) findings.wrongValues++
    }
  } catch (error) {
    wordsOf(error)
    findings.damageReports++
  }
}

async function lookUp(store: KeyValueStore, findings: Findings): Promise<void> {
  for (let row = 0; row < TABLE_ROWS; row++) {
    try {
      const value = await store.get(keyOf(row))
      if (value !== undefined && !value.equals(noiseOf(row))) findings.wrongValues++
    } catch (error) {
      wordsOf(error)
      findings.damageReports++
    }
  }
}

async function openChain(store: KeyValueStore, findings: Findings): Promise<void> {
  try {
    findings.checkpoint = (await new CheckpointChain(CHAIN_PREFIX).open(store))?.number ?? 0
  } catch (error) {
    findings.checkpoint = wordsOf(error)
  }
}

/** Damage must be told in our words: anything else ends the child. */
function wordsOf(error: unknown): string {
  if (error instanceof StorageDamagedError && /is damaged: .*from a backup/s.test(error.message))
    return error.message
  throw error
}

function keyOf(row: number): Buffer {
  const key = Buffer.alloc(5, 1)
  key.writeUInt32BE(row, 1)
  return key
}

/** Noise, so that no block is compressed away. */
function noiseOf(row: number): Buffer {
  const value = Buffer.alloc(100)
  for (let i = 0; i < value.length; i++) value[i] = Math.imul(row * 100 + i, 2654435761) >>> 24
  return value
}
