import type { KeyValueBatch, KeyValueStore } from '../../storage/index.js'
import { prefixEnd } from './keys.js'

/** A deletion is kept as null until the checkpoint has written it. */
type Bucket = Map<string, Buffer | null>

interface Layer {
  readonly buckets: Map<string, Bucket>
  bytes: number
}

export interface StateRange {
  /** Suffixes, `gte` inclusive, `lt` exclusive; absent means open. */
  readonly gte?: Buffer
  readonly lt?: Buffer
  readonly reverse?: boolean
  readonly limit?: number
}

export interface StateItem {
  readonly suffix: Buffer
  readonly value: Buffer
}

const ENTRY_OVERHEAD_BYTES = 120

/**
 * State changed since the last checkpoint, over the state at that checkpoint. Reads see both, newest first. A checkpoint freezes
 * the top layer, writes it, and forgets it; the store underneath therefore always is exactly the state at a checkpoint.
 */
export class StateOverlay {
  #layers: Layer[] = [newLayer()]

  constructor(private readonly store: KeyValueStore) {}

  /** Bytes in memory that a checkpoint would write. */
  get bytes(): number {
    return this.#layers.reduce((sum, layer) => sum + layer.bytes, 0)
  }

  get isDirty(): boolean {
    return this.#layers.some(layer => layer.buckets.size > 0)
  }

  put(bucket: Buffer, suffix: Buffer, value: Buffer): void {
    this.#set(bucket, suffix, value)
  }

  delete(bucket: Buffer, suffix: Buffer): void {
    this.#set(bucket, suffix, null)
  }

  /** What memory knows: a value, null for deleted, undefined for "ask the store". */
  peek(bucket: Buffer, suffix: Buffer): Buffer | null | undefined {
    const bucketKey = bucket.toString('latin1')
    const suffixKey = suffix.toString('latin1')
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const value = this.#layers[i]!.buckets.get(bucketKey)?.get(suffixKey)
      if (value !== undefined) return value
    }
    return undefined
  }

  async get(bucket: Buffer, suffix: Buffer): Promise<Buffer | undefined> {
    const known = this.peek(bucket, suffix)
    if (known !== undefined) return known ?? undefined
    return this.store.get(Buffer.concat([bucket, suffix]))
  }

  /** Items of one bucket in order of their suffixes. Memory is looked at before the store, so that nothing slips between. */
  async range(bucket: Buffer, range: StateRange): Promise<StateItem[]> {
    const inMemory = this.#memoryItems(bucket, range)
    const limit = range.limit ?? Number.POSITIVE_INFINITY
    const found = new Map<string, Buffer>()
    let stored = 0
    const gte = range.gte === undefined ? bucket : Buffer.concat([bucket, range.gte])
    const lt = range.lt === undefined ? prefixEnd(bucket) : Buffer.concat([bucket, range.lt])
    for await (const [key, value] of this.store.iterate({ gte, lt, reverse: range.reverse ?? false })) {
      const suffix = key.subarray(bucket.length).toString('latin1')
      if (inMemory.has(suffix)) continue
      found.set(suffix, value)
      if (++stored >= limit) break
    }
    for (const [suffix, value] of inMemory) if (value !== null) found.set(suffix, value)
    const suffixes = [...found.keys()].sort(byLatin1)
    if (range.reverse === true) suffixes.reverse()
    return suffixes.slice(0, Math.min(limit, suffixes.length)).map(suffix => ({
      suffix: Buffer.from(suffix, 'latin1'),
      value: found.get(suffix)!
    }))
  }

  /** Closes the current layer; what changes from now on belongs to the next checkpoint. */
  freeze(): void {
    if (this.#layers.at(-1)!.buckets.size > 0) this.#layers.push(newLayer())
  }

  /** Adds every frozen layer to the batch, oldest first. */
  *frozenChanges(): Iterable<(batch: KeyValueBatch) => void> {
    for (const layer of this.#layers.slice(0, -1)) {
      for (const [bucket, items] of layer.buckets) {
        for (const [suffix, value] of items) {
          yield batch => {
            const key = Buffer.from(bucket + suffix, 'latin1')
            if (value === null) batch.delete(key)
            else batch.put(key, value)
          }
        }
      }
    }
  }

  /** The batch is durable: the store now knows what the frozen layers said. */
  forgetFrozen(): void {
    this.#layers = this.#layers.slice(-1)
  }

  #set(bucket: Buffer, suffix: Buffer, value: Buffer | null): void {
    const layer = this.#layers.at(-1)!
    const bucketKey = bucket.toString('latin1')
    let items = layer.buckets.get(bucketKey)
    if (items === undefined) {
      items = new Map()
      layer.buckets.set(bucketKey, items)
    }
    items.set(suffix.toString('latin1'), value)
    layer.bytes += bucket.length + suffix.length + (value?.length ?? 0) + ENTRY_OVERHEAD_BYTES
  }

  #memoryItems(bucket: Buffer, range: StateRange): Bucket {
    const bucketKey = bucket.toString('latin1')
    const gte = range.gte?.toString('latin1')
    const lt = range.lt?.toString('latin1')
    const items: Bucket = new Map()
    for (const layer of this.#layers) {
      for (const [suffix, value] of layer.buckets.get(bucketKey) ?? []) {
        if ((gte === undefined || suffix >= gte) && (lt === undefined || suffix < lt))
          items.set(suffix, value)
      }
    }
    return items
  }
}

function newLayer(): Layer {
  return { buckets: new Map(), bytes: 0 }
}

function byLatin1(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
