import { token } from '../kernel/index.js'

/** Raft's persistent state of one group. A group of one node keeps term 1, vote 0. */
export interface HardState {
  readonly term: number
  readonly vote: number
  readonly commit: number
}

export interface LogEntry {
  readonly index: number
  readonly term: number
  /** Raft's entry kind: 0 normal, 1 and 2 configuration changes. */
  readonly kind: number
  readonly data: Buffer
}

/** A group's part of one batch; atomic. Entries follow each other without a gap. */
export interface GroupAppend {
  readonly group: number
  /** Entries replace whatever the log holds from the first one's index on (Raft §5.3). May be empty: hard state only. */
  readonly entries: readonly LogEntry[]
  /** The whole hard state, always (raft run 2849: a batch without it lets a restarted node forget a vote). */
  readonly hardState: HardState
}

/** Up to where a group's log is no longer needed, because a checkpoint holds its effect. */
export interface LogCheckpoint {
  readonly index: number
  readonly term: number
}

export interface RecoveredGroup {
  readonly group: number
  readonly hardState: HardState
  /** First index still there (checkpoint index + 1 when empty) and last index. */
  readonly firstIndex: number
  readonly lastIndex: number
  /** Words for the operator when the group's log is damaged above its checkpoint; such a group must refuse to work. */
  readonly damage?: string
}

/**
 * The log of all replication groups of a node: one gathered write and one sync a batch, whatever the number of groups.
 * Group numbers are unsigned 32-bit, never reused.
 */
export interface LogStorage {
  /**
   * Reads what is there. `checkpoints` says per group what is not needed any more: damage wholly below is reported in the log
   * only. A torn tail is cut; damage followed by valid records makes the groups concerned carry `damage`.
   */
  open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<readonly RecoveredGroup[]>
  /**
   * Resolves when the batch is synced; batches resolve in the order of the calls, and batches that wait are joined into one
   * write. Rejects with `StorageFullError` when there is no room, and nothing of the batch is kept then.
   */
  append(batch: readonly GroupAppend[]): Promise<void>
  /**
   * Why new work should not be begun, while there is no room. What was begun before is still appended as long as it can be, so that
   * its outcome is known. Asking has the storage look for room again.
   */
  refusal?(): StorageFullError | undefined
  /** Entries from..to (inclusive), at least one if there is any, otherwise at most `bytesMax` of data. */
  entries(group: number, from: number, to: number, bytesMax: number): Promise<readonly LogEntry[]>
  /** Term of an entry from the checkpoint's index up; undefined when not in the log. Synchronous: term runs are in memory. */
  term(group: number, index: number): number | undefined
  firstIndex(group: number): number
  lastIndex(group: number): number
  hardState(group: number): HardState | undefined
  /** Frees entries up to the checkpoint; files without any needed record are recycled. */
  dropPrefix(group: number, checkpoint: LogCheckpoint): void
  /** Forgets a group for ever. */
  removeGroup(group: number): void
  readonly stats: LogStorageStats
  close(): Promise<void>
}

export interface LogStorageStats {
  /** Bytes in files that hold records still needed. */
  readonly liveBytes: number
  readonly batches: number
  readonly syncs: number
  /** Of these, the ones that held the event loop up, for a moment each. */
  readonly syncsInLoop?: number
  readonly writtenBytes: number
  readonly queuedBytes: number
}

/** The disk is full, or nearly: nothing was written, and the caller may try again when there is room. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError'
}

/** More waits than the bound allows: nothing was written, and the caller may try again. */
export class StorageBusyError extends Error {
  override readonly name = 'StorageBusyError'
}

/** Data on disk contradicts its own checksums or order. Says which file, where, and what to do. */
export class StorageDamagedError extends Error {
  override readonly name = 'StorageDamagedError'
}

export const LogStorage = token<LogStorage>('storage/LogStorage@1')
