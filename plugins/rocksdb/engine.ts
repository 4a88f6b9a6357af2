import type { KeyRange } from '../../src/storage/index.js'

export type Entry = readonly [key: Buffer, value: Buffer]

/**
 * The part of a binding that is used, in promises. It checks nothing: a call on a closed engine may end the process, so only
 * EngineStore, which knows when it is open, calls one.
 */
export interface Engine {
  open(options: EngineOpenOptions): Promise<void>
  close(): Promise<void>
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>
  batch(): EngineBatch
  /** The view is that of this moment. */
  iterator(range: KeyRange): EngineIterator
  approximateSize(range: KeyRange): Promise<number>
  compact(range: KeyRange): Promise<void>
}

export interface EngineOpenOptions {
  readonly createIfMissing: boolean
}

export interface EngineBatch {
  put(key: Buffer, value: Buffer): void
  delete(key: Buffer): void
  write(sync: boolean): Promise<void>
  discard(): void
}

export interface EngineIterator {
  /** At most so many entries, and not much more than PAGE_BYTES; none at the end. */
  next(entriesMax: number): Promise<readonly Entry[]>
  close(): Promise<void>
}

/** Written only at checkpoints, so a modest buffer is enough; engines keep up to two or three of them. */
export const WRITE_BUFFER_BYTES = 8 * 1024 * 1024
export const BLOCK_CACHE_BYTES = 16 * 1024 * 1024
export const PAGE_BYTES = 64 * 1024
