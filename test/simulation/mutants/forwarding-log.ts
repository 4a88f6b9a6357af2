import type {
  GroupAppend,
  HardState,
  LogCheckpoint,
  LogEntry,
  LogStorage,
  LogStorageStats,
  RecoveredGroup
} from '../../../src/storage/index.js'

/** Passes everything on; a mutant overrides what it does wrong. */
export class ForwardingLog implements LogStorage {
  constructor(protected readonly inner: LogStorage) {}

  get stats(): LogStorageStats {
    return this.inner.stats
  }

  open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<readonly RecoveredGroup[]> {
    return this.inner.open(checkpoints)
  }

  append(batch: readonly GroupAppend[]): Promise<void> {
    return this.inner.append(batch)
  }

  refusal(): ReturnType<NonNullable<LogStorage['refusal']>> {
    return this.inner.refusal?.()
  }

  entries(group: number, from: number, to: number, bytesMax: number): Promise<readonly LogEntry[]> {
    return this.inner.entries(group, from, to, bytesMax)
  }

  term(group: number, index: number): number | undefined {
    return this.inner.term(group, index)
  }

  firstIndex(group: number): number {
    return this.inner.firstIndex(group)
  }

  lastIndex(group: number): number {
    return this.inner.lastIndex(group)
  }

  hardState(group: number): HardState | undefined {
    return this.inner.hardState(group)
  }

  dropPrefix(group: number, checkpoint: LogCheckpoint): void {
    this.inner.dropPrefix(group, checkpoint)
  }

  removeGroup(group: number): void {
    this.inner.removeGroup(group)
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}
