import { StorageBusyError } from '../log-storage.js'
import type { Part } from './journal-write.js'

export interface WaitingBatch {
  readonly parts: readonly Part[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const ENTRIES_PER_WRITE = 4096

/** Batches that wait for the next write, in order. */
export class WriteQueue {
  #waiting: WaitingBatch[] = []
  #bytes = 0

  constructor(private readonly options: { readonly batchBytesMax: number; readonly queueBytesMax: number }) {}

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Of batches that wait or are being written. */
  get bytes(): number {
    return this.#bytes
  }

  /** One batch always fits, however large it is. */
  refusal(parts: readonly Part[]): StorageBusyError | undefined {
    if (this.#bytes === 0 || this.#bytes + sizeOf(parts) <= this.options.queueBytesMax) return undefined
    return new StorageBusyError(
      `${this.#bytes} bytes wait for the journal (myelin.journal.queue-bytes-max): try again later`
    )
  }

  add(parts: readonly Part[]): Promise<void> {
    const bytes = sizeOf(parts)
    this.#bytes += bytes
    return new Promise((resolve, reject) => this.#waiting.push({ parts, bytes, resolve, reject }))
  }

  /** As much as one write may have, at least one batch. `done` gives its room back. */
  take(): WaitingBatch[] {
    let bytes = 0
    let entries = 0
    let count = 0
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes
      entries += waiting.parts.reduce((sum, part) => sum + (part.append?.entries.length ?? 0), 0)
      if (count > 0 && (bytes > this.options.batchBytesMax || entries > ENTRIES_PER_WRITE)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  done(batches: readonly WaitingBatch[]): void {
    for (const { bytes } of batches) this.#bytes -= bytes
  }
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0)
}
