import { scanEvent } from '../../wire/index.js'

export interface SequenceRange {
  readonly first: number
  last: number
}

/** What routing and checking need of a transaction's events; a pure function of their bytes. */
export interface TransactionScan {
  readonly count: number
  /** Undefined for an event that belongs to no aggregate (no aggregate type): not checked, not indexed. */
  readonly aggregateIds: readonly (string | undefined)[]
  readonly sequenceNumbers: readonly number[]
  readonly timestampsMs: readonly number[]
  /** Byte of each event's frame within the frames. */
  readonly frameOffsets: readonly number[]
  /** First and last sequence number per aggregate. */
  readonly ranges: ReadonlyMap<string, SequenceRange>
  /** Set when an aggregate's sequence numbers do not follow each other within the transaction. */
  readonly conflict: SequenceConflict | undefined
}

export interface SequenceConflict {
  readonly aggregateId: string
  readonly expected: number
  readonly actual: number
}

const FRAME_HEADER_BYTES = 8

/** Scans frames (`u32 length, u32 crc, bytes`). */
export function scanFrames(frames: Buffer, count: number): TransactionScan {
  const scan = new ScanBuilder(count)
  let offset = 0
  for (let i = 0; i < count; i++) {
    const end = offset + FRAME_HEADER_BYTES + frames.readUInt32BE(offset)
    scan.add(frames.subarray(offset + FRAME_HEADER_BYTES, end), offset)
    offset = end
  }
  return scan
}

class ScanBuilder implements TransactionScan {
  readonly aggregateIds: (string | undefined)[] = []
  readonly sequenceNumbers: number[] = []
  readonly timestampsMs: number[] = []
  readonly frameOffsets: number[] = []
  readonly ranges = new Map<string, SequenceRange>()
  conflict: SequenceConflict | undefined

  constructor(readonly count: number) {}

  add(event: Buffer, frameOffset: number): void {
    const head = scanEvent(event)
    const aggregateId = head.isDomainEvent ? head.aggregateIdentifier : undefined
    this.aggregateIds.push(aggregateId)
    this.sequenceNumbers.push(head.sequenceNumber)
    this.timestampsMs.push(head.timestampMs)
    this.frameOffsets.push(frameOffset)
    if (aggregateId !== undefined) this.#extend(aggregateId, head.sequenceNumber)
  }

  #extend(aggregateId: string, sequenceNumber: number): void {
    const range = this.ranges.get(aggregateId)
    if (range === undefined) {
      this.ranges.set(aggregateId, { first: sequenceNumber, last: sequenceNumber })
      return
    }
    range.last++
    if (sequenceNumber !== range.last) {
      this.conflict ??= { aggregateId, expected: range.last, actual: sequenceNumber }
    }
  }
}
