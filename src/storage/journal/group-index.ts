import type { HardState, LogCheckpoint, LogEntry } from '../log-storage.js'

/** Where one record with entries stands. */
export interface RecordPlace {
  readonly serial: number
  readonly position: number
  readonly length: number
}

export interface EntryRun extends RecordPlace {
  readonly firstIndex: number
  readonly count: number
}

/** What is in memory of one group's log: where its entries stand, their terms, its hard state. */
export class GroupIndex {
  hardState: HardState | undefined
  /** Checksum of the group's newest record. */
  link = 0
  /** File of the newest record: it may not go before the hard state is written again. */
  newestSerial = 0
  #runs: EntryRun[] = []
  #bytes = 0
  #terms: { readonly index: number; readonly term: number }[] = []
  #checkpoint: LogCheckpoint
  #lastIndex: number

  constructor(checkpoint: LogCheckpoint) {
    this.#checkpoint = checkpoint
    this.#lastIndex = checkpoint.index
  }

  get firstIndex(): number {
    return this.#checkpoint.index + 1
  }

  get lastIndex(): number {
    return this.#lastIndex
  }

  /** Bytes of the records that hold entries which are still needed. */
  get entryBytes(): number {
    return this.#bytes
  }

  /** Oldest file that holds an entry which is still needed. */
  get oldestSerial(): number | undefined {
    return this.#runs[0]?.serial
  }

  /** First index for which there is an entry, or undefined. */
  get firstStored(): number | undefined {
    return this.#runs[0]?.firstIndex
  }

  /** Entries replace whatever is there from the first one's index on. */
  append(entries: readonly LogEntry[], place: RecordPlace): void {
    const first = entries[0]
    if (first === undefined) return
    this.#truncateFrom(first.index)
    const last = entries.at(-1)!
    // Wholly below the checkpoint: read again at a start, and not needed.
    if (last.index < this.firstIndex) return
    this.#runs.push({ ...place, firstIndex: first.index, count: entries.length })
    this.#bytes += place.length
    for (const { index, term } of entries) {
      if (this.#terms.at(-1)?.term !== term) this.#terms.push({ index, term })
    }
    this.#lastIndex = last.index
  }

  /** At recovery: a record is lost, so what came before does not connect to what follows. */
  breakOff(): void {
    this.#runs = []
    this.#bytes = 0
    this.#terms = []
    this.#lastIndex = this.#checkpoint.index
  }

  term(index: number): number | undefined {
    if (index === this.#checkpoint.index) return this.#checkpoint.term
    if (index < this.firstIndex || index > this.#lastIndex) return undefined
    return this.#terms.findLast(run => run.index <= index)?.term
  }

  /** The record that holds an entry. */
  runOf(index: number): EntryRun | undefined {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#runs[middle]!.firstIndex <= index) low = middle + 1
      else high = middle
    }
    const run = this.#runs[low - 1]
    return run !== undefined && index < run.firstIndex + run.count ? run : undefined
  }

  dropPrefix(checkpoint: LogCheckpoint): void {
    if (checkpoint.index <= this.#checkpoint.index) return
    this.#checkpoint = checkpoint
    this.#lastIndex = Math.max(this.#lastIndex, checkpoint.index)
    const kept = this.#runs.findIndex(run => run.firstIndex + run.count - 1 > checkpoint.index)
    const dropped = this.#runs.splice(0, kept < 0 ? this.#runs.length : kept)
    for (const run of dropped) this.#bytes -= run.length
    const current = this.#terms.findLastIndex(run => run.index <= checkpoint.index + 1)
    if (current > 0) this.#terms = this.#terms.slice(current)
  }

  #truncateFrom(index: number): void {
    while (this.#runs.length > 0 && this.#runs.at(-1)!.firstIndex >= index)
      this.#bytes -= this.#runs.pop()!.length
    const last = this.#runs.at(-1)
    if (last !== undefined && last.firstIndex + last.count > index) {
      this.#runs[this.#runs.length - 1] = { ...last, count: index - last.firstIndex }
    }
    while (this.#terms.length > 0 && this.#terms.at(-1)!.index >= index) this.#terms.pop()
  }
}
