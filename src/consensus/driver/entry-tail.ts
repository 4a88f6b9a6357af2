import type { Entry, Index } from '../core/index.js'

/** What an entry takes in memory besides its data; an estimate. */
const ENTRY_OVERHEAD_BYTES = 96
const COMPACT_AT = 1024

/** The newest entries of one group, without a gap up to the last one. */
export class EntryTail {
  bytes = 0
  #entries: Entry[] = []
  #head = 0
  #first: Index

  constructor(first: Index) {
    this.#first = first
  }

  /** Index of the oldest entry in memory; the next index when there is none. */
  get first(): Index {
    return this.#first
  }

  get next(): Index {
    return this.#first + this.#entries.length - this.#head
  }

  get(index: Index): Entry | undefined {
    return index < this.#first ? undefined : this.#entries[this.#head + index - this.#first]
  }

  /** Entries in [from, to), `from` being in memory. */
  slice(from: Index, to: Index): Entry[] {
    const at = this.#head - this.#first
    return this.#entries.slice(at + from, at + to)
  }

  /** Entries replace what is there from the first one's index on. */
  put(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    this.truncate(first.index)
    for (const entry of entries) {
      this.#entries.push(entry)
      this.bytes += costOf(entry)
    }
  }

  /** Forgets everything from an index on. */
  truncate(index: Index): void {
    if (index < this.#first) {
      this.reset(index)
      return
    }
    while (this.next > index) this.bytes -= costOf(this.#entries.pop()!)
  }

  /** Forgets everything up to an index. */
  dropThrough(index: Index): void {
    const last = Math.min(index, this.next - 1)
    while (this.#first <= last) {
      this.bytes -= costOf(this.#entries[this.#head]!)
      this.#entries[this.#head++] = RELEASED
      this.#first++
    }
    if (this.#head === this.#entries.length) {
      this.#entries = []
      this.#head = 0
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }

  /** Empty; the next entry has this index. */
  reset(next: Index): void {
    this.#entries = []
    this.#head = 0
    this.bytes = 0
    this.#first = next
  }
}

const RELEASED: Entry = { index: 0, term: 0, kind: 0, data: Buffer.alloc(0) }

export function costOf({ data }: Entry): number {
  return data.length + ENTRY_OVERHEAD_BYTES
}
