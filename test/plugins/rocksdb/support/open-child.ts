import { fileURLToPath } from 'node:url'
import { storeIn } from './state-stores.js'

/** The script itself, for `node <openChild> <directory> <engine> [write]`. */
export const openChild = fileURLToPath(import.meta.url)

const ROWS = 1000
const [, script, directory = '', engine = '', command] = process.argv

/** Opens a store and says what came of it: some outcomes end the process, so the test lets a child have them. */
async function run(): Promise<void> {
  const store = storeIn(directory, engine)
  try {
    await store.open()
  } catch (error) {
    process.stdout.write(`refused: ${(error as Error).message}`)
    process.exitCode = 1
    return
  }
  const { info } = store
  if (command === 'write') {
    const batch = store.batch()
    for (let row = 0; row < ROWS; row++) batch.put(Buffer.from(`row${row}`), Buffer.from(`${row}`))
    await batch.write({ sync: true })
  }
  let rows = 0
  for await (const _entry of store.iterate({ gte: Buffer.from('row'), lt: Buffer.from('rox') })) rows++
  await store.close()
  process.stdout.write(`opened ${info.engine}, ${rows} rows`)
}

if (script === openChild) await run()
