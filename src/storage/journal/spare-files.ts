import { join } from 'node:path'
import { StorageFullError } from '../log-storage.js'
import type { JournalOptions } from './journal-options.js'

const NAME = /^spare-(\d+)$/
const ZEROS = Buffer.alloc(1024 * 1024)
/** Kept for use again; more are removed. */
const SPARES_MAX = 2

/**
 * Files that are ready to be written to: filled with zeros and synced, or such that have served their time, so that a sync into one
 * writes no metadata. Whatever a spare contains never verifies under its next serial number.
 */
export class SpareFiles {
  readonly #ready: string[] = []
  #next = 0
  #preparing: Promise<void> | undefined
  #closed = false

  constructor(private readonly options: JournalOptions) {}

  async open(): Promise<void> {
    const { fs, directory } = this.options
    for (const name of await fs.list(directory)) {
      const number = NAME.exec(name)?.[1]
      if (number === undefined) continue
      this.#next = Math.max(this.#next, Number(number) + 1)
      const path = join(directory, name)
      const file = await fs.open(path, 'read')
      const size = await file.size()
      await file.close()
      if (this.#isOfUse(size)) this.#ready.push(path)
      else await fs.remove(path)
    }
  }

  /** False where there is none. */
  async moveTo(path: string): Promise<boolean> {
    const spare = this.#ready[0]
    if (spare === undefined) return false
    await this.options.fs.rename(spare, path)
    this.#ready.shift()
    return true
  }

  /** The caller syncs the directory. */
  async take(path: string, size: number): Promise<void> {
    const { fs } = this.options
    if (!this.#isOfUse(size)) return fs.remove(path)
    const spare = this.#nextPath()
    await fs.rename(path, spare)
    this.#ready.push(spare)
  }

  /** A full disk only means that the next file grows as it is written. */
  prepare(): void {
    if (this.#closed || this.#ready.length > 0 || this.#preparing !== undefined) return
    const { directory, log } = this.options
    this.#preparing = this.#prepare()
      .catch((error: unknown) => {
        if (error instanceof StorageFullError) log.debug({ directory }, 'no room to prepare a journal file')
        else log.warn({ directory, error }, 'no journal file could be prepared ahead')
      })
      .finally(() => {
        this.#preparing = undefined
      })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#preparing
  }

  /** One that was cut off half way is too short; one that a giant entry has made long would waste room for ever. */
  #isOfUse(size: number): boolean {
    const { fileBytes } = this.options
    return size >= fileBytes && size <= fileBytes * 2 && this.#ready.length < SPARES_MAX
  }

  async #prepare(): Promise<void> {
    const { fs, fileBytes } = this.options
    const path = this.#nextPath()
    const file = await fs.open(path, 'create')
    try {
      for (let at = 0; at < fileBytes && !this.#closed; at += ZEROS.length) {
        await file.write([ZEROS.subarray(0, Math.min(ZEROS.length, fileBytes - at))], at)
        // In steps, so that the disk's queue never holds much in front of an append.
        await file.sync()
      }
    } catch (error) {
      await file.close()
      await fs.remove(path)
      throw error
    }
    await file.close()
    if (this.#closed) await fs.remove(path)
    else this.#ready.push(path)
  }

  #nextPath(): string {
    return join(this.options.directory, `spare-${this.#next++}`)
  }
}
