import type { Engine, EngineBatch, EngineIterator, Entry } from '../../../../plugins/rocksdb/engine.js'
import type { KeyRange, MemoryKeyValueStore } from '../../../../src/storage/index.js'

/** What an operator's disk would make an engine say. */
export const FULL =
  'IO error: No space left on device: While appending to file: /data/000004.log: No space left on device'

/** An engine in memory that fails, and waits, when it is told to; the memory outlives it as a directory would. */
export class FakeEngine implements Engine {
  isClosed = false
  writes = 0
  openIterators = 0
  entriesAsked: number[] = []
  /** Thrown by the next writes. */
  writeError: Error | undefined
  closeError: Error | undefined
  /** Holds writes back. */
  gate: Promise<void> | undefined

  constructor(readonly memory: MemoryKeyValueStore) {}

  async open(): Promise<void> {
    await this.memory.open()
  }

  async close(): Promise<void> {
    this.isClosed = true
    if (this.openIterators > 0) throw new Error('closed under an iterator')
    if (this.closeError !== undefined) throw this.closeError
  }

  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    this.#assertOpen()
    return this.memory.getMany(keys)
  }

  batch(): EngineBatch {
    this.#assertOpen()
    const batch = this.memory.batch()
    return {
      put: (key, value) => batch.put(key, value),
      delete: key => batch.delete(key),
      write: async sync => {
        this.#assertOpen()
        await this.gate
        if (this.writeError !== undefined) throw this.writeError
        await batch.write({ sync })
        this.writes++
      },
      discard: () => batch.discard()
    }
  }

  iterator(range: KeyRange): EngineIterator {
    this.#assertOpen()
    const entries = this.memory.iterate(range)[Symbol.asyncIterator]()
    this.openIterators++
    return {
      next: async entriesMax => {
        this.#assertOpen()
        this.entriesAsked.push(entriesMax)
        const page: Entry[] = []
        while (page.length < entriesMax) {
          const { done, value } = await entries.next()
          if (done === true) break
          page.push(value)
        }
        return page
      },
      close: async () => {
        this.openIterators--
      }
    }
  }

  approximateSize(range: KeyRange): Promise<number> {
    return this.memory.approximateSize(range)
  }

  compact(): Promise<void> {
    return this.memory.compact()
  }

  #assertOpen(): void {
    if (this.isClosed) throw new Error('a call on a closed engine: a native one would end the process here')
  }
}
