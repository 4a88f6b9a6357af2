import type { LogStorage } from '../../storage/index.js'
import type { Entry, Index } from '../core/index.js'
import { costOf } from './entry-tail.js'
import type { Limits } from './options.js'

/** A piece of a log that was read from disk. */
export interface LoadedPiece {
  readonly first: Index
  readonly entries: readonly Entry[]
  readonly bytes: number
}

export interface CachedLog {
  /** Bytes of entries in memory. */
  readonly bytes: number
  /** Forgets what is stored and applied; its bytes go down, or there is nothing to forget. */
  evict(): void
  forget(piece: LoadedPiece): void
}

/** Of the bound, what may be pieces read from disk. */
const LOADED_SHARE = 4

/** The process's memory for entries, and its reads of the log: both bounded, for all groups together. */
export class LogCache {
  evictions = 0
  loads = 0
  #tailBytes = 0
  #pieceBytes = 0
  /** Least recently used first. */
  readonly #logs = new Set<CachedLog>()
  readonly #pieces = new Map<LoadedPiece, CachedLog>()
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(
    private readonly log: LogStorage,
    private readonly limits: Limits
  ) {}

  get bytes(): number {
    return this.#tailBytes + this.#pieceBytes
  }

  get waitingLoads(): number {
    return this.#waiting.length
  }

  /** The tail of a log has become larger or smaller. */
  changed(log: CachedLog, bytes: number): void {
    this.#tailBytes += bytes
    if (bytes <= 0) return
    if (this.bytes > this.limits.cacheBytesMax) {
      this.#logs.delete(log)
      this.#logs.add(log)
      this.#makeRoom()
    } else if (!this.#logs.has(log)) this.#logs.add(log)
  }

  remove(log: CachedLog): void {
    this.#logs.delete(log)
    this.#tailBytes -= log.bytes
    for (const [piece, owner] of this.#pieces) if (owner === log) this.dropPiece(piece)
  }

  dropPiece(piece: LoadedPiece): void {
    if (this.#pieces.delete(piece)) this.#pieceBytes -= piece.bytes
  }

  /** Reads a piece of a log. */
  async load(owner: CachedLog, group: number, range: { from: Index; to: Index }): Promise<LoadedPiece> {
    await this.#turn()
    try {
      this.loads++
      const entries = await this.log.entries(group, range.from, range.to, this.limits.loadBytesMax)
      let bytes = 0
      for (const entry of entries) bytes += costOf(entry)
      return this.#keep(owner, { first: range.from, entries, bytes })
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  #keep(owner: CachedLog, piece: LoadedPiece): LoadedPiece {
    this.#pieces.set(piece, owner)
    this.#pieceBytes += piece.bytes
    const bytesMax = Math.max(this.limits.cacheBytesMax / LOADED_SHARE, piece.bytes)
    for (const [oldest, holder] of this.#pieces) {
      if (this.#pieceBytes <= bytesMax) break
      this.dropPiece(oldest)
      holder.forget(oldest)
    }
    return piece
  }

  async #turn(): Promise<void> {
    while (this.#running >= this.limits.loadsMax) {
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
      })
    }
    this.#running++
  }

  #makeRoom(): void {
    for (const log of this.#logs) {
      if (this.bytes <= this.limits.cacheBytesMax) return
      this.evictions++
      log.evict()
    }
  }
}
