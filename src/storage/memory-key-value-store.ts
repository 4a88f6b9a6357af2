import type { KeyRange, KeyValueBatch, KeyValueStore } from './key-value-store.js'

/** Keeps everything in memory: for tests and tools. A copy of the sorted keys is made when an iteration begins. */
export class MemoryKeyValueStore implements KeyValueStore {
  readonly info = { engine: 'memory', persistent: false }
  #entries = new Map<string, Buffer>()
  #sorted: string[] | undefined
  #isOpen = false

  async open(): Promise<void> {
    this.#isOpen = true
  }

  async close(): Promise<void> {
    this.#isOpen = false
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    this.#assertOpen()
    return this.#entries.get(key.toString('latin1'))
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map(key => this.get(key)))
  }

  batch(): KeyValueBatch {
    this.#assertOpen()
    const changes: [key: string, value: Buffer | undefined][] = []
    return {
      put: (key, value) => void changes.push([key.toString('latin1'), Buffer.from(value)]),
      delete: key => void changes.push([key.toString('latin1'), undefined]),
      get length() {
        return changes.length
      },
      write: async () => this.#apply(changes),
      discard: () => void changes.splice(0)
    }
  }

  async *iterate(range: KeyRange): AsyncIterable<readonly [key: Buffer, value: Buffer]> {
    this.#assertOpen()
    const snapshot = this.#snapshot(range)
    for (const [key, value] of snapshot) yield [Buffer.from(key, 'latin1'), value]
  }

  async approximateSize(range: KeyRange): Promise<number> {
    return this.#snapshot(range).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  }

  async compact(): Promise<void> {}

  #apply(changes: readonly (readonly [string, Buffer | undefined])[]): void {
    this.#assertOpen()
    for (const [key, value] of changes) {
      if (value === undefined) this.#entries.delete(key)
      else this.#entries.set(key, value)
    }
    this.#sorted = undefined
  }

  #snapshot(range: KeyRange): (readonly [string, Buffer])[] {
    this.#sorted ??= [...this.#entries.keys()].sort()
    const from = lowerBound(this.#sorted, range.gte.toString('latin1'))
    const to = Math.max(from, lowerBound(this.#sorted, range.lt.toString('latin1')))
    const keys = this.#sorted.slice(from, to)
    if (range.reverse === true) keys.reverse()
    const limited = range.limit === undefined ? keys : keys.slice(0, range.limit)
    return limited.map(key => [key, this.#entries.get(key)!])
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new Error('the key-value store is not open')
  }
}

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
