import type { KeyValueStore } from '../../../src/storage/index.js'
import type { SimulatedProcess } from './simulated-process.js'

/** Batches take virtual time to be written; the process may end before, and then nothing of them is there. */
export function delayedStore(store: KeyValueStore, process: SimulatedProcess): KeyValueStore {
  const pause = (): Promise<void> => {
    if (process.booting !== undefined) return Promise.resolve()
    return new Promise(resolve => void process.later(process.world.diskDelay(process.id), resolve))
  }
  return {
    info: store.info,
    open: () => store.open(),
    close: () => store.close(),
    get: key => store.get(key),
    getMany: keys => store.getMany(keys),
    iterate: range => store.iterate(range),
    approximateSize: range => store.approximateSize(range),
    compact: range => store.compact(range),
    batch: () => {
      const batch = store.batch()
      return {
        put: (key, value) => batch.put(key, value),
        delete: key => batch.delete(key),
        get length() {
          return batch.length
        },
        write: async options => {
          await pause()
          await batch.write(options)
        },
        discard: () => batch.discard()
      }
    }
  }
}
