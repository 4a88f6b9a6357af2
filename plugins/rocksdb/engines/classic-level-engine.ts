import type { KeyRange } from '../../../src/storage/index.js'
import { BLOCK_CACHE_BYTES, type EngineOpenOptions, WRITE_BUFFER_BYTES } from '../engine.js'
import { type AbstractLevel, AbstractLevelEngine } from './abstract-level-engine.js'

export interface ClassicLevel extends AbstractLevel {
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>
  approximateSize(start: Buffer, end: Buffer): Promise<number>
  compactRange(start: Buffer, end: Buffer): Promise<void>
}

/** `classic-level`: all work in the thread pool. LevelDB does not verify the checksums of blocks that it reads. */
export class ClassicLevelEngine extends AbstractLevelEngine<ClassicLevel> {
  open({ createIfMissing }: EngineOpenOptions): Promise<void> {
    return this.database.open({
      createIfMissing,
      cacheSize: BLOCK_CACHE_BYTES,
      writeBufferSize: WRITE_BUFFER_BYTES
    })
  }

  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.database.getMany(keys)
  }

  approximateSize({ gte, lt }: KeyRange): Promise<number> {
    return this.database.approximateSize(gte, lt)
  }

  compact({ gte, lt }: KeyRange): Promise<void> {
    return this.database.compactRange(gte, lt)
  }
}
