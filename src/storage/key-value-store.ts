import { token } from '../kernel/index.js'

export interface KeyRange {
  /** Inclusive lower bound. */
  readonly gte: Buffer
  /** Exclusive upper bound. */
  readonly lt: Buffer
  readonly reverse?: boolean
  readonly limit?: number
}

/** Collects changes; they become visible all or none at `write`. Used once. */
export interface KeyValueBatch {
  put(key: Buffer, value: Buffer): void
  delete(key: Buffer): void
  readonly length: number
  /** With `sync` it resolves when the batch survives a power cut. */
  write(options: { readonly sync: boolean }): Promise<void>
  /** Gives the batch up without writing it; nothing happens when it was written. */
  discard(): void
}

export interface KeyValueStoreInfo {
  /** For the log and the overview: `rocksdb 5.2.1 (RocksDB 6.17.3)`. */
  readonly engine: string
  readonly persistent: boolean
}

/**
 * An ordered map of bytes to bytes. The state of a node is kept here from checkpoint to checkpoint; it never holds the only
 * copy of an acknowledged event. Keys compare as unsigned bytes and have at least one; values may be empty. Both are copied.
 */
export interface KeyValueStore {
  readonly info: KeyValueStoreInfo
  /** A closed store may be opened again. */
  open(): Promise<void>
  /** Waits for calls under way; later ones are refused in words. */
  close(): Promise<void>
  get(key: Buffer): Promise<Buffer | undefined>
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>
  batch(): KeyValueBatch
  /** A consistent view from the moment of the call, to be walked once; the iterator is closed when the loop ends, also early. */
  iterate(range: KeyRange): AsyncIterable<readonly [key: Buffer, value: Buffer]>
  /** Estimated bytes on disk in the range. */
  approximateSize(range: KeyRange): Promise<number>
  compact(range: KeyRange): Promise<void>
}

export const KeyValueStore = token<KeyValueStore>('storage/KeyValueStore@1')

/** The store is not open, or not any more. */
export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError'
}

/** Longer than any key of ours: the longest hold an aggregate id of 65,535 bytes. */
export const KEY_BYTES_MAX = 128 * 1024

export function checkKey(key: Buffer): void {
  if (key.length === 0) throw new RangeError('A key of the key-value store has at least one byte')
  if (key.length <= KEY_BYTES_MAX) return
  throw new RangeError(`A key of the key-value store has at most ${KEY_BYTES_MAX} bytes, not ${key.length}`)
}

export function isEmptyRange(range: KeyRange): boolean {
  return range.limit === 0 || range.gte.compare(range.lt) >= 0
}
