import type { LogStorage } from '../../storage/index.js'
import {
  type Entry,
  type Index,
  type LogView,
  limitSize,
  type SnapshotMeta,
  type Term
} from '../core/index.js'
import { EntryTail } from './entry-tail.js'
import type { CachedLog, LoadedPiece, LogCache } from './log-cache.js'

export interface StoredLogOptions {
  readonly group: number
  readonly log: LogStorage
  readonly cache: LogCache
  readonly snapshot: (peer: number) => SnapshotMeta | undefined
  /** What was missing is in memory, or is gone from the log. */
  readonly loaded: () => void
  readonly failed: (error: unknown) => void
}

/** How many entries of the tail one answer may look at: its size is bounded in bytes, and most entries are small. */
const SLICE_ENTRIES_MAX = 4096

/**
 * One group's log as the core sees it: the newest entries from memory, older ones in pieces that are read from disk when they are
 * asked for. It shows a write from the moment when it is handed to the writer.
 */
export class StoredLog implements LogView, CachedLog {
  readonly #tail: EntryTail
  readonly #pieces: LoadedPiece[] = []
  readonly #loading = new Set<Index>()
  #last: Index
  /** Up to here the entries are stored and applied. */
  #settled: Index = 0
  #isClosed = false

  constructor(private readonly options: StoredLogOptions) {
    this.#last = options.log.lastIndex(options.group)
    this.#tail = new EntryTail(this.#last + 1)
  }

  get bytes(): number {
    return this.#tail.bytes
  }

  firstIndex(): Index {
    return this.options.log.firstIndex(this.options.group)
  }

  lastIndex(): Index {
    return this.#last
  }

  term(index: Index): Term | undefined {
    if (index > this.#last) return undefined
    const entry = this.#tail.get(index)
    return entry === undefined ? this.options.log.term(this.options.group, index) : entry.term
  }

  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined {
    if (from >= this.#tail.first) {
      return limitSize(this.#tail.slice(from, Math.min(to, from + SLICE_ENTRIES_MAX)), bytesMax)
    }
    const piece = this.#pieces.find(({ first, entries }) => first <= from && from < first + entries.length)
    if (piece !== undefined) {
      return limitSize(piece.entries.slice(from - piece.first, to - piece.first), bytesMax)
    }
    this.#load(from)
    return undefined
  }

  snapshot(peer: number): SnapshotMeta | undefined {
    return this.options.snapshot(peer)
  }

  /** Entries are handed to the writer: they replace what is there from the first one's index on. */
  put(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    if (first.index <= this.#last) this.#dropPiecesFrom(first.index)
    const before = this.#tail.bytes
    this.#tail.put(entries)
    this.#last = this.#tail.next - 1
    this.options.cache.changed(this, this.#tail.bytes - before)
  }

  /** A snapshot has replaced the log. */
  installed(index: Index): void {
    this.#dropPiecesFrom(0)
    const before = this.#tail.bytes
    this.#tail.reset(index + 1)
    this.#last = index
    this.options.cache.changed(this, -before)
  }

  /** Entries up to `applied` are settled; those up to `needless` nobody will ask for soon. */
  settle(applied: Index, needless: Index): void {
    this.#settled = applied
    const before = this.#tail.bytes
    this.#tail.dropThrough(Math.min(applied, needless))
    const change = this.#tail.bytes - before
    if (change !== 0) this.options.cache.changed(this, change)
  }

  evict(): void {
    const before = this.#tail.bytes
    this.#tail.dropThrough(this.#settled)
    this.options.cache.changed(this, this.#tail.bytes - before)
  }

  forget(piece: LoadedPiece): void {
    const at = this.#pieces.indexOf(piece)
    if (at >= 0) this.#pieces.splice(at, 1)
  }

  close(): void {
    this.#isClosed = true
    this.options.cache.remove(this)
  }

  #load(from: Index): void {
    if (this.#loading.has(from)) return
    this.#loading.add(from)
    const range = { from, to: Math.min(this.#tail.first - 1, this.#last) }
    this.options.cache.load(this, this.options.group, range).then(
      piece => this.#arrived(from, piece),
      (error: unknown) => {
        this.#loading.delete(from)
        if (!this.#isClosed) this.options.failed(error)
      }
    )
  }

  /** The log may have been truncated or compacted meanwhile: only what still stands there counts. */
  #arrived(from: Index, piece: LoadedPiece): void {
    this.#loading.delete(from)
    const isCurrent =
      !this.#isClosed &&
      piece.entries.length > 0 &&
      piece.entries.every(({ index, term }) => this.term(index) === term)
    if (isCurrent) this.#pieces.push(piece)
    else this.options.cache.dropPiece(piece)
    if (!this.#isClosed) this.options.loaded()
  }

  #dropPiecesFrom(index: Index): void {
    for (const piece of [...this.#pieces]) {
      if (piece.first + piece.entries.length <= index) continue
      this.options.cache.dropPiece(piece)
      this.forget(piece)
    }
  }
}
