import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { BindingName } from '../../../../plugins/rocksdb/bindings.js'
import type { EngineStore } from '../../../../plugins/rocksdb/engine-store.js'
import { type SuiteTest, testKeyValueStore } from '../../../../src/storage/testing.js'
import { storeIn, temporaryDirectory, whyNot } from './state-stores.js'

/** So that not every store of the suite tries the binding anew. */
const VERDICTS = 'bindings.json'

/** Everything that must hold for a binding. One binding a process: two RocksDB in one end it. */
export async function testEngine(t: Test, name: BindingName): Promise<void> {
  const reason = await whyNot(t, name)
  if (reason !== undefined) {
    t.comment(`SKIPPED: ${reason}`)
    t.pass(reason, { skip: reason })
    return
  }
  t.test('conformance', async t => {
    const parent = await temporaryDirectory(t)
    let count = 0
    testKeyValueStore(t as SuiteTest & Test, async () => {
      const directory = join(parent, `${count++}`)
      await cp(join(parent, '0', VERDICTS), join(directory, VERDICTS), { force: true }).catch(() => {})
      const open = (): EngineStore => storeIn(directory, name)
      return {
        store: open(),
        reopen: open,
        isExclusive: true,
        refusesMisuse: true,
        remove: () => rm(directory, { recursive: true, force: true })
      }
    })
  })
  t.test('it says which engine it is', async t => {
    const store = storeIn(await temporaryDirectory(t), name)
    t.equal(store.info.engine, 'not open')
    await store.open()
    t.match(store.info, {
      engine: /(rocksdb|classic-level) \d.*\((RocksDB|LevelDB) \d+\.\d+/,
      persistent: true
    })
    await store.close()
  })
}
