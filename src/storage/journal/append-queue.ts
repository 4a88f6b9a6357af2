import type { JournalRecord } from './record-format.js'

/** What one call gave, and whom to tell. */
export class PendingBatch {
  readonly bytes: number
  readonly entries: number

  constructor(
    readonly records: readonly JournalRecord[],
    readonly resolve: () => void,
    readonly reject: (error: unknown) => void
  ) {
    let bytes = 0
    let entries = 0
    for (const record of records) {
      bytes += record.bytes
      entries += record.entries.length
    }
    this.bytes = bytes
    this.entries = entries
  }
}

export interface AppendQueueLimits {
  readonly queueBytesMax: number
  readonly writeBytesMax: number
  readonly writeEntriesMax: number
}

/** Batches in the order of the calls. Bytes count until the batch is answered. */
export class AppendQueue {
  #waiting: PendingBatch[] = []
  #bytes = 0

  constructor(private readonly limits: AppendQueueLimits) {}

  /** Of batches that wait or are being written. */
  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** A batch larger than the bound passes when it is alone. */
  hasRoom(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.limits.queueBytesMax
  }

  add(batch: PendingBatch): void {
    this.#waiting.push(batch)
    this.#bytes += batch.bytes
  }

  /** As much as one write may have, at least one batch. */
  take(): PendingBatch[] {
    let bytes = 0
    let entries = 0
    let count = 0
    for (const batch of this.#waiting) {
      bytes += batch.bytes
      entries += batch.entries
      if (count > 0 && (bytes > this.limits.writeBytesMax || entries > this.limits.writeEntriesMax)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  answered(batch: PendingBatch): void {
    this.#bytes -= batch.bytes
  }
}
