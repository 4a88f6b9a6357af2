import { checkKey, type KeyValueBatch } from '../../src/storage/index.js'
import type { EngineBatch } from './engine.js'
import { sealValue } from './value-seal.js'

/** An engine builds a batch in memory outside of the heap, and a log record of gigabytes is more than it reads back. */
export const BATCH_BYTES_MAX = 256 * 1024 * 1024

export type BatchWriter = (batch: EngineBatch, sync: boolean, changes: number) => Promise<void>

/** Each change goes to the engine's own batch at once, so that a large one is built in steps and written in one. */
export class StoreBatch implements KeyValueBatch {
  #length = 0
  #bytes = 0
  #isUsed = false

  constructor(
    private readonly batch: EngineBatch,
    private readonly writer: BatchWriter,
    private readonly bytesMax: number
  ) {}

  get length(): number {
    return this.#length
  }

  put(key: Buffer, value: Buffer): void {
    this.#admit(key, value.length)
    this.batch.put(key, sealValue(key, value))
  }

  delete(key: Buffer): void {
    this.#admit(key, 0)
    this.batch.delete(key)
  }

  async write({ sync }: { readonly sync: boolean }): Promise<void> {
    this.#assertUnused()
    this.#isUsed = true
    await this.writer(this.batch, sync, this.#length)
  }

  discard(): void {
    if (this.#isUsed) return
    this.#isUsed = true
    this.batch.discard()
  }

  #admit(key: Buffer, valueBytes: number): void {
    this.#assertUnused()
    checkKey(key)
    const bytes = this.#bytes + key.length + valueBytes
    if (bytes > this.bytesMax) {
      throw new RangeError(
        `A batch of the state store has at most ${this.bytesMax} bytes: write more, smaller ones`
      )
    }
    this.#bytes = bytes
    this.#length++
  }

  #assertUnused(): void {
    if (this.#isUsed) throw new Error('This batch was written or given up already: make a new one')
  }
}
