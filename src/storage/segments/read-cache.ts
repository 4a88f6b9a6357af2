import { ReadFiles } from './read-files.js'
import { ReadSlots } from './read-slots.js'

export interface ReadCacheOptions {
  /** Bytes that stay in memory. Default 32 MiB. */
  readonly bytesMax?: number
  /** Segment files open for reading. Default 128. */
  readonly openFilesMax?: number
  /** Reads in the thread pool at once. Default 8. */
  readonly readsMax?: number
}

export interface Cacheable {
  readonly byteLength: number
}

interface Entry {
  readonly value: Cacheable
  /** Read ahead, and nobody has come for it yet. */
  ahead: boolean
}

export interface ReadCacheStats {
  readonly bytes: number
  readonly entries: number
  readonly hits: number
  readonly misses: number
  readonly readsAhead: number
  readonly openFiles: number
  readonly waitingReads: number
}

/** Ids of the parts of one segment: part 0 is its block index, part n + 1 its block n. */
const PARTS_MAX = 2 ** 20

/** Verified blocks and block indexes of all segments of the process, least recently used first out. */
export class ReadCache {
  readonly files: ReadFiles
  readonly slots: ReadSlots
  readonly bytesMax: number
  readonly #entries = new Map<number, Entry>()
  readonly #loading = new Map<number, Promise<Cacheable>>()
  #lastId = 0
  #bytes = 0
  #aheadBytes = 0
  #hits = 0
  #misses = 0
  #readsAhead = 0

  constructor(options: ReadCacheOptions = {}) {
    this.bytesMax = options.bytesMax ?? 32 * 1024 * 1024
    this.files = new ReadFiles(options.openFilesMax ?? 128)
    this.slots = new ReadSlots(options.readsMax ?? 8)
  }

  get stats(): ReadCacheStats {
    return {
      bytes: this.#bytes,
      entries: this.#entries.size,
      hits: this.#hits,
      misses: this.#misses,
      readsAhead: this.#readsAhead,
      openFiles: this.files.open,
      waitingReads: this.slots.waiting
    }
  }

  /** An id for a segment, never given twice. */
  newId(): number {
    return ++this.#lastId
  }

  /** What `key` names is always of one class: the caller knows which. */
  get<T extends Cacheable>(key: number): T | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#hits++
    this.#used(entry)
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value as T
  }

  has(key: number): boolean {
    return this.#entries.has(key) || this.#loading.has(key)
  }

  /** Loads what `get` did not find; all who ask meanwhile share one load. A failure is not remembered. */
  load<T extends Cacheable>(key: number, load: () => Promise<T>): Promise<T> {
    this.#misses++
    return this.#load(key, load, false)
  }

  /** Whether a reader may read ahead: it takes no slot from others, and what it reads stays until it gets there. */
  get hasRoomAhead(): boolean {
    return this.slots.free > this.slots.max / 2 && this.#aheadBytes < this.bytesMax / 4
  }

  loadAhead<T extends Cacheable>(key: number, load: () => Promise<T>): void {
    this.#readsAhead++
    // Whoever comes to this part reads it again, and is told what is wrong with it.
    this.#load(key, load, true).catch(() => {})
  }

  forget(cacheId: number): void {
    for (const [key, entry] of this.#entries) {
      if (Math.floor(key / PARTS_MAX) === cacheId) this.#drop(key, entry)
    }
  }

  #load<T extends Cacheable>(key: number, load: () => Promise<T>, ahead: boolean): Promise<T> {
    const loading = this.#loading.get(key)
    if (loading !== undefined) return loading as Promise<T>
    const promise = this.slots.run(load).then(
      value => {
        this.#loading.delete(key)
        this.#keep(key, value, ahead)
        return value
      },
      error => {
        this.#loading.delete(key)
        throw error
      }
    )
    this.#loading.set(key, promise)
    return promise
  }

  #keep(key: number, value: Cacheable, ahead: boolean): void {
    if (value.byteLength > this.bytesMax) return
    this.#entries.set(key, { value, ahead })
    this.#bytes += value.byteLength
    if (ahead) this.#aheadBytes += value.byteLength
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.bytesMax) return
      this.#drop(oldest, entry)
    }
  }

  #drop(key: number, entry: Entry): void {
    this.#entries.delete(key)
    this.#bytes -= entry.value.byteLength
    this.#used(entry)
  }

  #used(entry: Entry): void {
    if (!entry.ahead) return
    entry.ahead = false
    this.#aheadBytes -= entry.value.byteLength
  }
}

export function partKey(cacheId: number, part: number): number {
  return cacheId * PARTS_MAX + part
}
