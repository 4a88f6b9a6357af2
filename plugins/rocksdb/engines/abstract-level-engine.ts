import type { KeyRange } from '../../../src/storage/index.js'
import {
  type Engine,
  type EngineBatch,
  type EngineIterator,
  type EngineOpenOptions,
  type Entry,
  PAGE_BYTES
} from '../engine.js'

/** What abstract-level 1 (`@nxtedition/rocksdb`) and 3 (`classic-level`) have in common. */
export interface AbstractLevel {
  open(options: object): Promise<void>
  close(): Promise<void>
  batch(): AbstractLevelBatch
  iterator(options: object): AbstractLevelIterator
}

interface AbstractLevelBatch {
  put(key: Buffer, value: Buffer): unknown
  del(key: Buffer): unknown
  clear(): unknown
  write(options: object): Promise<void>
}

interface AbstractLevelIterator {
  nextv(entriesMax: number): Promise<Entry[]>
  close(): Promise<void>
}

export type AbstractLevelClass<T extends AbstractLevel> = new (location: string, options: object) => T

/** For the constructor: every key and value is a Buffer. */
export const BUFFER_ENCODINGS = { keyEncoding: 'buffer', valueEncoding: 'buffer' }

export abstract class AbstractLevelEngine<T extends AbstractLevel> implements Engine {
  constructor(protected readonly database: T) {}

  abstract open(options: EngineOpenOptions): Promise<void>
  abstract getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>
  abstract approximateSize(range: KeyRange): Promise<number>
  abstract compact(range: KeyRange): Promise<void>

  close(): Promise<void> {
    return this.database.close()
  }

  batch(): EngineBatch {
    const batch = this.database.batch()
    return {
      put: (key, value) => void batch.put(key, value),
      delete: key => void batch.del(key),
      write: sync => batch.write({ sync }),
      discard: () => void batch.clear()
    }
  }

  iterator({ gte, lt, reverse = false, limit = -1 }: KeyRange): EngineIterator {
    const iterator = this.database.iterator({ gte, lt, reverse, limit, highWaterMarkBytes: PAGE_BYTES })
    return { next: entriesMax => iterator.nextv(entriesMax), close: () => iterator.close() }
  }
}
