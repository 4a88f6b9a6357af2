import { createRequire } from 'node:module'
import type { KeyRange } from '../../src/storage/index.js'
import type { LevelBatch, LevelDatabase, LevelIterator } from './level-store.js'

type Callback<T> = (error: Error | null | undefined, value: T) => void

/** What `rocksdb` 5.2.1 offers: the callback interface of abstract-leveldown 7. */
interface Leveldown {
  open(options: object, callback: Callback<void>): void
  close(callback: Callback<void>): void
  getMany(keys: readonly Buffer[], options: object, callback: Callback<(Buffer | undefined)[]>): void
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
  next(callback: (error: Error | null | undefined, key: Buffer | undefined, value: Buffer) => void): void
  end(callback: Callback<void>): void
}

const OPEN_OPTIONS = {
  createIfMissing: true,
  cacheSize: 8 * 1024 * 1024,
  writeBufferSize: 16 * 1024 * 1024,
  infoLogLevel: 'error'
}

/** `rocksdb` 5.2.1. */
export class LeveldownDatabase implements LevelDatabase {
  readonly #database: Leveldown

  constructor(directory: string) {
    const create = createRequire(import.meta.url)('rocksdb') as (directory: string) => Leveldown
    this.#database = create(directory)
  }

  open(): Promise<void> {
    return promise(done => this.#database.open(OPEN_OPTIONS, done))
  }

  close(): Promise<void> {
    return promise(done => this.#database.close(done))
  }

  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return promise(done => this.#database.getMany(keys, { asBuffer: true }, done))
  }

  batch(): LevelBatch {
    const batch = this.#database.batch()
    return {
      put: (key, value) => batch.put(key, value),
      delete: key => batch.del(key),
      write: sync => promise(done => batch.write({ sync }, done)),
      discard: () => batch.clear()
    }
  }

  iterator(range: KeyRange): LevelIterator {
    const iterator = this.#database.iterator({
      gte: range.gte,
      lt: range.lt,
      reverse: range.reverse ?? false,
      limit: range.limit ?? -1,
      keyAsBuffer: true,
      valueAsBuffer: true
    })
    return {
      next: () =>
        new Promise((resolve, reject) =>
          iterator.next((error, key, value) => {
            if (error) reject(error)
            else resolve(key === undefined ? undefined : [key, value])
          })
        ),
      end: () => promise(done => iterator.end(done))
    }
  }

  approximateSize(start: Buffer, end: Buffer): Promise<number> {
    return promise(done => this.#database.approximateSize(start, end, done))
  }

  compactRange(start: Buffer, end: Buffer): Promise<void> {
    return promise(done => this.#database.compactRange(start, end, done))
  }
}

function promise<T>(call: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))))
}
