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
  /** Gives the batch up without writing it. */
  discard(): void
}

export interface KeyValueStoreInfo {
  /** For the log and the overview: `rocksdb 5.2.1 (RocksDB 6.17.3)`. */
  readonly engine: string
  readonly persistent: boolean
}

/**
 * An ordered map of bytes to bytes. The state of a node is kept here from checkpoint to checkpoint; it never holds the only
 * copy of an acknowledged event. Keys compare as unsigned bytes.
 */
export interface KeyValueStore {
  readonly info: KeyValueStoreInfo
  open(): Promise<void>
  close(): Promise<void>
  get(key: Buffer): Promise<Buffer | undefined>
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>
  batch(): KeyValueBatch
  /** A consistent view from the moment of the call; the iterator is closed when the loop ends, also early. */
  iterate(range: KeyRange): AsyncIterable<readonly [key: Buffer, value: Buffer]>
  /** Estimated bytes on disk in the range. */
  approximateSize(range: KeyRange): Promise<number>
  compact(range: KeyRange): Promise<void>
}

export const KeyValueStore = token<KeyValueStore>('storage/KeyValueStore@1')
