import type { KeyRange } from '../../../src/storage/index.js'
import {
  BLOCK_CACHE_BYTES,
  type Engine,
  type EngineBatch,
  type EngineIterator,
  type EngineOpenOptions,
  type Entry,
  PAGE_BYTES,
  WRITE_BUFFER_BYTES
} from '../engine.js'

type Callback<T> = (error: Error | null | undefined, value: T) => void

/** What `rocksdb` 5 offers of abstract-leveldown 7. */
export interface Leveldown {
  open(options: object, callback: Callback<void>): void
  close(callback: Callback<void>): void
  getMany(keys: readonly Buffer[], callback: Callback<(Buffer | undefined)[]>): void
  batch(): LeveldownBatch
  iterator(options: object): LeveldownIterator
  approximateSize(start: Buffer, end: Buffer, callback: Callback<number>): void
  compactRange(start: Buffer, end: Buffer, callback: Callback<void>): void
}

interface LeveldownBatch {
  put(key: Buffer, value: Buffer): void
  del(key: Buffer): void
  clear(): void
  write(options: object, callback: Callback<void>): void
}

interface LeveldownIterator {
  next(callback: (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void): void
  end(callback: Callback<void>): void
}

/** `rocksdb` 5: callbacks, all work in the thread pool. */
export class LeveldownEngine implements Engine {
  constructor(private readonly database: Leveldown) {}

  open({ createIfMissing }: EngineOpenOptions): Promise<void> {
    const options = { createIfMissing, cacheSize: BLOCK_CACHE_BYTES, writeBufferSize: WRITE_BUFFER_BYTES }
    return promised(done => this.database.open(options, done))
  }

  close(): Promise<void> {
    return promised(done => this.database.close(done))
  }

  /** Not `get`, which tells a miss from a failure only in its message. */
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return promised(done => this.database.getMany(keys, done))
  }

  batch(): EngineBatch {
    const batch = this.database.batch()
    return {
      put: (key, value) => batch.put(key, value),
      delete: key => batch.del(key),
      write: sync => promised(done => batch.write({ sync }, done)),
      discard: () => batch.clear()
    }
  }

  iterator({ gte, lt, reverse = false, limit = -1 }: KeyRange): EngineIterator {
    const iterator = this.database.iterator({ gte, lt, reverse, limit, highWaterMark: PAGE_BYTES })
    return {
      next: entriesMax => readPage(iterator, entriesMax),
      close: () => promised(done => iterator.end(done))
    }
  }

  approximateSize({ gte, lt }: KeyRange): Promise<number> {
    return promised(done => this.database.approximateSize(gte, lt, done))
  }

  compact({ gte, lt }: KeyRange): Promise<void> {
    return promised(done => this.database.compactRange(gte, lt, done))
  }
}

/** One promise a page: the binding reads ahead, so most of the calls only pop its cache. */
function readPage(iterator: LeveldownIterator, entriesMax: number): Promise<readonly Entry[]> {
  return new Promise((resolve, reject) => {
    const page: Entry[] = []
    let bytes = 0
    const step = (): void => {
      iterator.next((error, key, value) => {
        if (error) return reject(error)
        if (key === undefined || value === undefined) return resolve(page)
        page.push([key, value])
        bytes += key.length + value.length
        if (page.length >= entriesMax || bytes >= PAGE_BYTES) resolve(page)
        else step()
      })
    }
    step()
  })
}

function promised<T>(call: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))))
}
