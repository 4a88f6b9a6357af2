import type { KeyRange, KeyValueBatch, KeyValueStore } from '../key-value-store.js'
import { MemoryKeyValueStore } from '../memory-key-value-store.js'
import type { SeededRandom } from './seeded-random.js'

type Change = readonly [key: Buffer, value: Buffer | undefined]

/** A store that loses, at a crash, some or all of the batches that were written after the last synced one. */
export class CrashingKeyValueStore implements KeyValueStore {
  readonly info = { engine: 'memory that crashes', persistent: true }
  #current = new MemoryKeyValueStore()
  #history: Change[][] = []
  #synced = 0

  async open(): Promise<void> {
    this.#current = new MemoryKeyValueStore()
    await this.#current.open()
    for (const changes of this.#history) await write(this.#current, changes)
  }

  async close(): Promise<void> {
    this.#synced = this.#history.length
  }

  /** Batches are lost from the end only; call `open` afterwards. */
  crash(random: SeededRandom): void {
    const survivors = this.#synced + random.below(this.#history.length - this.#synced + 1)
    this.#history = this.#history.slice(0, survivors)
    this.#synced = survivors
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    return this.#current.get(key)
  }

  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.#current.getMany(keys)
  }

  batch(): KeyValueBatch {
    const changes: Change[] = []
    return {
      put: (key, value) => void changes.push([Buffer.from(key), Buffer.from(value)]),
      delete: key => void changes.push([Buffer.from(key), undefined]),
      get length() {
        return changes.length
      },
      write: async ({ sync }) => {
        await write(this.#current, changes)
        this.#history.push(changes)
        if (sync) this.#synced = this.#history.length
      },
      discard: () => {}
    }
  }

  iterate(range: KeyRange): AsyncIterable<readonly [key: Buffer, value: Buffer]> {
    return this.#current.iterate(range)
  }

  approximateSize(range: KeyRange): Promise<number> {
    return this.#current.approximateSize(range)
  }

  async compact(): Promise<void> {}
}

async function write(store: MemoryKeyValueStore, changes: readonly Change[]): Promise<void> {
  const batch = store.batch()
  for (const [key, value] of changes) {
    if (value === undefined) batch.delete(key)
    else batch.put(key, value)
  }
  await batch.write({ sync: true })
}
