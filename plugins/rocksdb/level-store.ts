import {
  type KeyRange,
  type KeyValueBatch,
  type KeyValueStore,
  type KeyValueStoreInfo,
  StorageDamagedError,
  StorageFullError
} from '../../src/storage/index.js'

/** The part of a binding that we use, in promises. The three bindings differ in how they get there. */
export interface LevelDatabase {
  open(): Promise<void>
  close(): Promise<void>
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>
  batch(): LevelBatch
  iterator(range: KeyRange): LevelIterator
  approximateSize(start: Buffer, end: Buffer): Promise<number>
  compactRange(start: Buffer, end: Buffer): Promise<void>
}

export interface LevelBatch {
  put(key: Buffer, value: Buffer): void
  delete(key: Buffer): void
  write(sync: boolean): Promise<void>
  discard(): void
}

export interface LevelIterator {
  /** Undefined at the end. */
  next(): Promise<readonly [key: Buffer, value: Buffer] | undefined>
  end(): Promise<void>
}

/** A KeyValueStore over any of the bindings. */
export class LevelStore implements KeyValueStore {
  readonly #iterators = new Set<LevelIterator>()
  #isOpen = false

  constructor(
    readonly info: KeyValueStoreInfo,
    private readonly directory: string,
    private readonly database: LevelDatabase
  ) {}

  async open(): Promise<void> {
    await this.#inWords(() => this.database.open())
    this.#isOpen = true
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    for (const iterator of this.#iterators) await iterator.end()
    this.#iterators.clear()
    await this.database.close()
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    return (await this.getMany([key]))[0]
  }

  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    this.#assertOpen()
    return this.#inWords(() => this.database.getMany(keys))
  }

  batch(): KeyValueBatch {
    this.#assertOpen()
    const batch = this.database.batch()
    let length = 0
    return {
      put: (key, value) => {
        batch.put(key, value)
        length++
      },
      delete: key => {
        batch.delete(key)
        length++
      },
      get length() {
        return length
      },
      write: ({ sync }) => this.#inWords(() => batch.write(sync)),
      discard: () => batch.discard()
    }
  }

  async *iterate(range: KeyRange): AsyncIterable<readonly [key: Buffer, value: Buffer]> {
    this.#assertOpen()
    if (range.gte.compare(range.lt) >= 0) return
    const iterator = this.database.iterator(range)
    this.#iterators.add(iterator)
    try {
      for (;;) {
        const entry = await this.#inWords(() => iterator.next())
        if (entry === undefined) return
        yield entry
        if (!this.#isOpen) throw closed(this.directory)
      }
    } finally {
      if (this.#iterators.delete(iterator)) await iterator.end()
    }
  }

  approximateSize(range: KeyRange): Promise<number> {
    this.#assertOpen()
    return this.#inWords(() => this.database.approximateSize(range.gte, range.lt))
  }

  compact(range: KeyRange): Promise<void> {
    this.#assertOpen()
    return this.#inWords(() => this.database.compactRange(range.gte, range.lt))
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw closed(this.directory)
  }

  async #inWords<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation()
    } catch (error) {
      throw translate(error, this.directory)
    }
  }
}

function closed(directory: string): Error {
  return new Error(`the state store in ${directory} is not open`)
}

/** Engines tell what is wrong in their message only: their status has no other form. */
function translate(error: unknown, directory: string): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/no space left|disk quota/i.test(text)) {
    return new StorageFullError(`The disk of ${directory} is full: free some space`, { cause: error })
  }
  if (/corruption|checksum mismatch/i.test(text)) {
    return new StorageDamagedError(
      `The state store in ${directory} is damaged (${text}). Restore it from a backup taken together with the event segments and the journal`,
      { cause: error }
    )
  }
  if (/lock|resource temporarily unavailable/i.test(text)) {
    return new Error(`Another process uses the state store in ${directory}: stop it first (${text})`, {
      cause: error
    })
  }
  return error
}
