import type { HardState, LogCheckpoint } from '../log-storage.js'
import type { TermRun } from './record-format.js'
import { type EntryRun, type RecordPlace, RunList } from './run-list.js'

/** What is in memory of one group's log: where its entries stand, their terms, its hard state. */
export class GroupIndex {
  hardState: HardState | undefined
  /** Words for the operator: the group lost something above its checkpoint and must not go on. */
  damage: string | undefined
  /** Checksum of the group's newest record; 0 while there is none. */
  link = 0
  /** File of the newest record: it may not go before the hard state is written again. */
  newestSerial = 0
  readonly #runs = new RunList()
  #terms: TermRun[] = []
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
    return this.#runs.bytes
  }

  /** Oldest file that holds an entry which is still needed. */
  get oldestSerial(): number | undefined {
    return this.#runs.firstSerial
  }

  /** First index for which there is an entry, or undefined. */
  get firstStored(): number | undefined {
    return this.#runs.firstIndex
  }

  /** Entries replace whatever is there from the first one's index on; without entries the log ends before `firstIndex`. */
  append(firstIndex: number, count: number, terms: readonly TermRun[], place: RecordPlace): void {
    this.#dropFrom(firstIndex)
    const last = firstIndex + count - 1
    this.#lastIndex = Math.max(last, this.#checkpoint.index)
    // Wholly below the checkpoint: read again at a start, and not needed.
    if (count === 0 || last < this.firstIndex) return
    this.#runs.push(firstIndex, count, place)
    for (const run of terms) if (this.#terms.at(-1)?.term !== run.term) this.#terms.push(run)
  }

  /** A record is lost, or not to be used: what came before does not connect to what follows. */
  breakOff(): void {
    this.#runs.clear()
    this.#terms = []
  }

  term(index: number): number | undefined {
    if (index === this.#checkpoint.index) return this.#checkpoint.term
    if (index < this.firstIndex || index > this.#lastIndex) return undefined
    return this.#terms.findLast(run => run.index <= index)?.term
  }

  /** The record that holds an entry. */
  runOf(index: number): EntryRun | undefined {
    return index < this.firstIndex ? undefined : this.#runs.find(index)
  }

  dropPrefix(checkpoint: LogCheckpoint): void {
    if (checkpoint.index <= this.#checkpoint.index) return
    this.#checkpoint = checkpoint
    this.#lastIndex = Math.max(this.#lastIndex, checkpoint.index)
    this.#runs.dropThrough(checkpoint.index)
    const current = this.#terms.findLastIndex(run => run.index <= checkpoint.index + 1)
    if (current > 0) this.#terms = this.#terms.slice(current)
    this.dropStaleSuffix()
  }

  /**
   * Terms never decrease along a log: entries behind the checkpoint with an older term were overruled by the log that the
   * checkpoint is of (it came from another node), and must not be taken for its continuation.
   */
  dropStaleSuffix(): void {
    const following = this.term(this.firstIndex)
    if (following === undefined || following >= this.#checkpoint.term) return
    this.#dropFrom(this.firstIndex)
    this.#lastIndex = this.#checkpoint.index
  }

  #dropFrom(index: number): void {
    this.#runs.dropFrom(index)
    while (this.#terms.length > 0 && this.#terms.at(-1)!.index >= index) this.#terms.pop()
  }
}
