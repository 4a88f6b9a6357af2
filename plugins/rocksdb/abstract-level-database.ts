import { createRequire } from 'node:module'
import type { KeyRange } from '../../src/storage/index.js'
import type { LevelBatch, LevelDatabase, LevelIterator } from './level-store.js'

/** What `@nxtedition/rocksdb` and `classic-level` have in common: promises of abstract-level. */
interface AbstractLevel {
  open(options: object): Promise<void>
  close(): Promise<void>
  getMany(keys: readonly Buffer[], options: object): Promise<(Buffer | undefined)[]>
  batch(): AbstractBatch
  iterator(options: object): AbstractIterator
  approximateSize?(start: Buffer, end: Buffer, options: object): Promise<number>
  compactRange?(start: Buffer, end: Buffer, options: object): Promise<void>
}

interface AbstractBatch {
  put(key: Buffer, value: Buffer, options: object): void
  del(key: Buffer, options: object): void
  write(options: object): Promise<void>
  close(): Promise<void>
}

interface AbstractIterator {
  next(): Promise<readonly [Buffer, Buffer] | undefined>
  close(): Promise<void>
}

type Constructor = new (directory: string, options: object) => AbstractLevel

const ENCODING = { keyEncoding: 'buffer', valueEncoding: 'buffer' }
const OPEN_OPTIONS = { createIfMissing: true, cacheSize: 8 * 1024 * 1024, writeBufferSize: 16 * 1024 * 1024 }

export class AbstractLevelDatabase implements LevelDatabase {
  readonly #database: AbstractLevel

  constructor(packageName: string, exportName: string, directory: string) {
    const exports = createRequire(import.meta.url)(packageName) as Record<string, Constructor>
    this.#database = new exports[exportName]!(directory, ENCODING)
  }

  open(): Promise<void> {
    return this.#database.open(OPEN_OPTIONS)
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.#database.getMany([...keys], ENCODING)
  }

  batch(): LevelBatch {
    const batch = this.#database.batch()
    return {
      put: (key, value) => void batch.put(key, value, ENCODING),
      delete: key => void batch.del(key, ENCODING),
      write: sync => batch.write({ sync }),
      discard: () => void batch.close()
    }
  }

  iterator(range: KeyRange): LevelIterator {
    const iterator = this.#database.iterator({
      gte: range.gte,
      lt: range.lt,
      reverse: range.reverse ?? false,
      limit: range.limit ?? -1,
      ...ENCODING
    })
    return { next: () => iterator.next(), end: () => iterator.close() }
  }

  /** An engine that can't tell says zero. */
  async approximateSize(start: Buffer, end: Buffer): Promise<number> {
    return (await this.#database.approximateSize?.(start, end, ENCODING)) ?? 0
  }

  async compactRange(start: Buffer, end: Buffer): Promise<void> {
    await this.#database.compactRange?.(start, end, ENCODING)
  }
}
