import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface RotatingFileOptions {
  readonly path: string
  /** The file is full at this size. */
  readonly bytesMax: number
  /** Full files that are kept, as `path.1` (the newest) to `path.n`. */
  readonly historyMax: number
  /** Told once for each time that writing begins to fail. */
  readonly onFailure: (error: Error) => void
}

const retryMs = 10_000

/** Appends lines to a file and starts a new one when it is full. A full or read-only disk costs records, never the server. */
export class RotatingFile {
  droppedRecords = 0
  #descriptor: number | undefined
  #bytes = 0
  #failedAt: number | undefined

  constructor(
    private readonly options: RotatingFileOptions,
    private readonly now: () => number = Date.now
  ) {
    this.#attempt(() => this.#open())
  }

  write(line: string): void {
    if (this.#isPausing()) {
      this.droppedRecords++
      return
    }
    const bytes = Buffer.from(line)
    const isWritten = this.#attempt(() => {
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.options.bytesMax) this.#rotate()
      if (this.#descriptor === undefined) this.#open()
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor!, bytes, written)
      this.#bytes += bytes.length
    })
    if (!isWritten) this.droppedRecords++
  }

  close(): void {
    if (this.#descriptor === undefined) return
    closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #isPausing(): boolean {
    return this.#failedAt !== undefined && this.now() - this.#failedAt < retryMs
  }

  #attempt(action: () => void): boolean {
    try {
      action()
      this.#failedAt = undefined
      return true
    } catch (error) {
      const isFirst = this.#failedAt === undefined
      this.#failedAt = this.now()
      if (isFirst) this.options.onFailure(error as Error)
      return false
    }
  }

  #open(): void {
    mkdirSync(dirname(this.options.path), { recursive: true })
    this.#descriptor = openSync(this.options.path, 'a')
    this.#bytes = fstatSync(this.#descriptor).size
  }

  #rotate(): void {
    const { path, historyMax } = this.options
    this.close()
    rmSync(historyMax === 0 ? path : `${path}.${historyMax}`, { force: true })
    for (let i = historyMax; i > 0; i--) moveIfPresent(i === 1 ? path : `${path}.${i - 1}`, `${path}.${i}`)
    this.#bytes = 0
  }
}

function moveIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
