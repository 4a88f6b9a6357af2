import type { Test } from 'tap'
import { EngineStore, type EngineStoreOptions } from '../../../../plugins/rocksdb/engine-store.js'
import { silentLogger } from '../../../../src/kernel/index.js'
import { type KeyValueStore, MemoryKeyValueStore } from '../../../../src/storage/index.js'
import { FakeEngine } from './fake-engine.js'

export const MIB = 1024 * 1024
export const ROWS = { gte: Buffer.from('row'), lt: Buffer.from('rox') }

/** A store over engines that obey; each time it is opened there is a new one over the same memory. */
export interface Fixture {
  readonly store: EngineStore
  readonly memory: MemoryKeyValueStore
  readonly engines: FakeEngine[]
  readonly disk: { freeBytes: number; openError?: Error }
}

export function fixture(t: Test, options: Partial<EngineStoreOptions> = {}): Fixture {
  const memory = new MemoryKeyValueStore()
  const engines: FakeEngine[] = []
  const disk: Fixture['disk'] = { freeBytes: 1024 * MIB }
  const store = new EngineStore({
    directory: '/data/state',
    openEngine: async () => {
      if (disk.openError !== undefined) throw disk.openError
      const engine = new FakeEngine(memory)
      await engine.open()
      engines.push(engine)
      return { engine, info: { engine: 'fake 1.0', persistent: true } }
    },
    freeBytes: async () => disk.freeBytes,
    log: silentLogger,
    reopenIntervalMs: 0,
    ...options
  })
  t.teardown(() => store.close())
  return { store, memory, engines, disk }
}

export async function put(store: KeyValueStore, key: string, value = 'x'): Promise<void> {
  const batch = store.batch()
  batch.put(Buffer.from(key), Buffer.from(value))
  await batch.write({ sync: true })
}

export async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it never came true')
    await new Promise(resolve => setImmediate(resolve))
  }
}
