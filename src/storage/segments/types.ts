/**
 * One committed and accepted transaction as a segment holds it. `events` is a run of frames, each
 * `u32 length, u32 crc32(bytes, EVENT_CRC_SEED), bytes`, in the bytes that the client sent; the event's token is
 * `firstToken` plus its place in the run. All numbers big-endian.
 */
export interface TransactionRecord {
  readonly logIndex: number
  readonly logTerm: number
  readonly firstToken: number
  readonly count: number
  /** Milliseconds since the epoch; given by the leader, in the log entry. */
  readonly storedAtMs: number
  readonly events: Buffer
}

/** Where a record stands: `position` is the byte of the file at which the record begins. */
export interface RecordLocation {
  /** First token of the segment, which also names its file. */
  readonly segment: number
  readonly position: number
}

export type TransactionVisitor = (record: TransactionRecord, at: RecordLocation) => void

/** What a checkpoint remembers of a context's segments: everything below is synced, everything above comes from the journal again. */
export interface SegmentCheckpoint {
  /** First token of the active segment. */
  readonly segment: number
  /** Length of the active segment in bytes. */
  readonly length: number
  /** Token that the next event gets. */
  readonly nextToken: number
  /** Checksum over the active segment's records up to here. */
  readonly recordsCrc?: number
}

/** What tells one segment's content from another's, by the checksums in its record headers. Equal on every replica. */
export interface SegmentSummary {
  /** First token of the segment. */
  readonly segment: number
  readonly nextToken: number
  /** Bytes of records. */
  readonly dataLength: number
  /** Bytes of the file: more than `dataLength` when the segment is full and has its footer. */
  readonly fileLength: number
  readonly recordsCrc: number
}

/** A full segment, which never changes again. */
export interface SealedSegment {
  readonly segment: number
  readonly lastToken: number
  /** Bytes of the whole file, its footer included. */
  readonly length: number
}

/** Events in token order without a gap; views into larger buffers, not to be kept for long. */
export interface EventRun {
  readonly firstToken: number
  readonly events: readonly Buffer[]
}
