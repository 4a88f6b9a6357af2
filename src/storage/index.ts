export { CheckpointChain, type CheckpointChainOptions, type StoredCheckpoint } from './checkpoint-chain.js'
export { FileSystem, type OpenFile } from './file-system.js'
export { Journal, type JournalOptions } from './journal/journal.js'
export {
  checkKey,
  isEmptyRange,
  type KeyRange,
  type KeyValueBatch,
  KeyValueStore,
  type KeyValueStoreInfo,
  StoreClosedError
} from './key-value-store.js'
export {
  type GroupAppend,
  type HardState,
  type LogCheckpoint,
  type LogEntry,
  LogStorage,
  type LogStorageStats,
  type RecoveredGroup,
  StorageBusyError,
  StorageDamagedError,
  StorageFullError
} from './log-storage.js'
export { MemoryKeyValueStore } from './memory-key-value-store.js'
export { MemoryLogStorage } from './memory-log-storage.js'
export { NodeFileSystem } from './node-file-system.js'
export type { EventCursor } from './segments/event-cursor.js'
export {
  EVENT_CRC_SEED,
  encodeEventFrames,
  FRAME_HEADER_BYTES,
  frameCount,
  iterateEvents
} from './segments/event-frames.js'
export {
  EventSegments,
  type EventSegmentsOptions,
  type EventSegmentsStats
} from './segments/event-segments.js'
export { ReadCache, type ReadCacheOptions, type ReadCacheStats } from './segments/read-cache.js'
export { RECORD_HEADER_BYTES } from './segments/record-header.js'
export { parseSegmentFileName, segmentFileName } from './segments/segment.js'
export { sameSegment, verifySegment } from './segments/segment-summary.js'
export type {
  EventRun,
  RecordLocation,
  SealedSegment,
  SegmentCheckpoint,
  SegmentSummary,
  TransactionRecord,
  TransactionVisitor
} from './segments/types.js'
