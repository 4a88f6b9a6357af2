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
  /** Entries were overruled by a checkpoint, and no record says so yet: whatever shows it may not go before one does. */
  isEndUnwritten = false
  readonly #runs = new RunList()
  #terms: TermRun[] = []
  #checkpoint: LogCheckpoint
  #lastIndex: number
  /** The stored entry at the checkpoint's index is another one: what follows it belongs to a log that was overruled. */
  #isOverruled = false

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
    this.isEndUnwritten = false
    const last = firstIndex + count - 1
    if (firstIndex < this.firstIndex) this.#isOverruled = this.#differs(last, terms)
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
    this.#isOverruled = false
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
    const own = this.term(checkpoint.index)
    this.#checkpoint = checkpoint
    this.#lastIndex = Math.max(this.#lastIndex, checkpoint.index)
    this.#runs.dropThrough(checkpoint.index)
    const current = this.#terms.findLastIndex(run => run.index <= checkpoint.index + 1)
    if (current > 0) this.#terms = this.#terms.slice(current)
    this.#isOverruled = own !== undefined && own !== checkpoint.term
    this.dropOverruled()
  }

  /**
   * Entries behind a checkpoint that came from another node must not be taken for its continuation where the log had another entry
   * at its place (Raft figure 8). Terms never decrease along a log: an older one behind the checkpoint tells it too.
   */
  dropOverruled(): void {
    const following = this.term(this.firstIndex) ?? this.#checkpoint.term
    if (!this.#isOverruled && following >= this.#checkpoint.term) return
    this.#isOverruled = false
    this.isEndUnwritten = true
    this.#dropFrom(this.firstIndex)
    this.#lastIndex = this.#checkpoint.index
  }

  #differs(last: number, terms: readonly TermRun[]): boolean {
    const { index, term } = this.#checkpoint
    return last >= index && terms.findLast(run => run.index <= index)?.term !== term
  }

  #dropFrom(index: number): void {
    this.#runs.dropFrom(index)
    while (this.#terms.length > 0 && this.#terms.at(-1)!.index >= index) this.#terms.pop()
  }
}
