import { join } from 'node:path'
import type { Logger } from '../../kernel/index.js'
import type { FileSystem, OpenFile } from '../file-system.js'
import { StorageFullError } from '../log-storage.js'

export interface JournalFilesOptions {
  readonly fs: FileSystem
  readonly directory: string
  readonly fileBytes: number
  readonly log: Logger
}

export interface JournalFile {
  readonly serial: number
  readonly file: OpenFile
}

const NAME = /^(\d{10})\.journal$/
const SPARE = 'spare'
const ZEROS = Buffer.alloc(1024 * 1024)
/** Spare files that are kept for use again; more are removed. */
const SPARES_MAX = 2

/**
 * The files of a journal. The next one is filled with zeros and synced before it is needed, or is one that has served its time:
 * a sync into such a file writes no metadata. Serial numbers are given once.
 */
export class JournalFiles {
  readonly #open = new Map<number, OpenFile>()
  readonly #spares: string[] = []
  #nextSpare = 0
  #preparing: Promise<void> | undefined
  #closed = false

  constructor(private readonly options: JournalFilesOptions) {}

  /** Opens what is there, oldest first. */
  async open(): Promise<JournalFile[]> {
    const { fs, directory } = this.options
    await fs.createDirectory(directory)
    for (const name of await fs.list(directory)) {
      const serial = NAME.exec(name)?.[1]
      if (serial !== undefined) this.#open.set(Number(serial), await fs.open(join(directory, name), 'write'))
      else if (name.startsWith(SPARE)) await this.#adoptSpare(join(directory, name))
    }
    return [...this.#open].map(([serial, file]) => ({ serial, file })).sort((a, b) => a.serial - b.serial)
  }

  file(serial: number): OpenFile | undefined {
    return this.#open.get(serial)
  }

  get bytes(): number {
    return this.#open.size * this.options.fileBytes
  }

  /** Makes `serial` the file to write to; durable when it resolves. */
  async activate(serial: number): Promise<JournalFile> {
    const { fs, directory } = this.options
    const path = join(directory, `${String(serial).padStart(10, '0')}.journal`)
    const spare = this.#spares.shift()
    if (spare !== undefined) await fs.rename(spare, path)
    const file = await fs.open(path, spare === undefined ? 'create' : 'write')
    this.#open.set(serial, file)
    await fs.syncDirectory(directory)
    return { serial, file }
  }

  /** Has the next file ready in the background. A full disk only means that the next file will grow as it is written. */
  prepareSpare(): void {
    if (this.#closed || this.#spares.length > 0 || this.#preparing !== undefined) return
    this.#preparing = this.#prepare()
      .catch((error: unknown) => {
        const full = error instanceof StorageFullError
        this.options.log.warn(
          { directory: this.options.directory, full },
          'no journal file could be prepared ahead'
        )
      })
      .finally(() => {
        this.#preparing = undefined
      })
  }

  /** The file holds nothing that is needed: it becomes a spare, or goes. */
  async retire(serial: number): Promise<void> {
    const { fs } = this.options
    const file = this.#open.get(serial)
    if (file === undefined) return
    this.#open.delete(serial)
    await file.close()
    if (this.#spares.length >= SPARES_MAX) await fs.remove(file.path)
    else {
      const spare = this.#sparePath()
      await fs.rename(file.path, spare)
      this.#spares.push(spare)
    }
    await fs.syncDirectory(this.options.directory)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#preparing
    for (const file of this.#open.values()) await file.close()
  }

  async #prepare(): Promise<void> {
    const { fs, fileBytes } = this.options
    const path = this.#sparePath()
    const file = await fs.open(path, 'create')
    try {
      for (let at = 0; at < fileBytes && !this.#closed; at += ZEROS.length) {
        await file.write([ZEROS.subarray(0, Math.min(ZEROS.length, fileBytes - at))], at)
        // In steps, so that the disk's queue never holds much in front of an append.
        await file.sync()
      }
      await file.close()
      if (!this.#closed) this.#spares.push(path)
    } catch (error) {
      await file.close()
      await fs.remove(path)
      throw error
    }
  }

  /** Whatever a spare contains never verifies under a new serial number; one that was cut off half way is too short. */
  async #adoptSpare(path: string): Promise<void> {
    const file = await this.options.fs.open(path, 'write')
    const size = await file.size()
    await file.close()
    if (size !== this.options.fileBytes || this.#spares.length >= SPARES_MAX)
      return this.options.fs.remove(path)
    this.#nextSpare = Math.max(this.#nextSpare, Number(path.slice(path.lastIndexOf('-') + 1)) + 1)
    this.#spares.push(path)
  }

  #sparePath(): string {
    return join(this.options.directory, `${SPARE}-${this.#nextSpare++}`)
  }
}
