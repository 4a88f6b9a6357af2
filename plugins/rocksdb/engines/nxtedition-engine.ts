import type { KeyRange } from '../../../src/storage/index.js'
import { BLOCK_CACHE_BYTES, type EngineOpenOptions, WRITE_BUFFER_BYTES } from '../engine.js'
import { type AbstractLevel, AbstractLevelEngine } from './abstract-level-engine.js'

export interface RocksLevel extends AbstractLevel {
  _getManySync(keys: readonly Buffer[], options: object): (Buffer | undefined)[]
  getProperty(name: string): string
}

const KEYS_PER_SLICE = 64
const WEIGHED_ENTRIES_MAX = 10_000

/**
 * `@nxtedition/rocksdb`. It writes, and begins iterations, on the calling thread: a sync stops the event loop for as long as it
 * takes. It has neither `approximateSize` nor `compactRange`.
 */
export class NxteditionEngine extends AbstractLevelEngine<RocksLevel> {
  /** `compaction: level` is the only way to set the write buffer, a quarter of the budget. */
  open({ createIfMissing }: EngineOpenOptions): Promise<void> {
    return this.database.open({
      createIfMissing,
      cacheSize: BLOCK_CACHE_BYTES,
      compaction: 'level',
      memtableMemoryBudget: 4 * WRITE_BUFFER_BYTES,
      parallelism: 2,
      walCompression: false
    })
  }

  /** The asynchronous read of a damaged block throws outside of its promise, which then stays open; this one throws here. */
  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    const values: (Buffer | undefined)[] = []
    for (let at = 0; at < keys.length; at += KEYS_PER_SLICE) {
      if (at > 0) await new Promise(resolve => setImmediate(resolve))
      const slice = keys.slice(at, at + KEYS_PER_SLICE)
      for (const value of this.database._getManySync(slice, { valueEncoding: 'buffer' })) values.push(value)
    }
    return values
  }

  /** Weighs the entries; a range that has too many counts as the whole database. */
  async approximateSize(range: KeyRange): Promise<number> {
    const iterator = this.iterator({ ...range, limit: WEIGHED_ENTRIES_MAX })
    try {
      let bytes = 0
      let count = 0
      for (let page = await iterator.next(1000); page.length > 0; page = await iterator.next(1000)) {
        for (const [key, value] of page) bytes += key.length + value.length
        count += page.length
      }
      if (count < WEIGHED_ENTRIES_MAX) return bytes
      return Math.max(bytes, Number(this.database.getProperty('rocksdb.estimate-live-data-size')))
    } finally {
      await iterator.close()
    }
  }

  /** RocksDB compacts by itself. */
  async compact(): Promise<void> {}
}
