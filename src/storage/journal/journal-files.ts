import { join } from 'node:path'
import type { FileSystem, OpenFile } from '../file-system.js'
import type { JournalOptions } from './journal-options.js'
import { SpareFiles } from './spare-files.js'

const NAME = /^(\d{10})\.journal$/
/** A file that was not prepared stays small, so that a prepared one takes over soon. */
const UNPREPARED_SHARE = 1 / 16
const UNPREPARED_BYTES_MIN = 1024 * 1024

export class JournalFile {
  /** Reads under way; the file stays while there are any. */
  readers = 0
  /** Up to here the file has its length already: a sync writes data alone. */
  filledTo: number
  /** Kept for whoever looks into the damage, instead of being used again. */
  isDamaged = false

  constructor(
    readonly serial: number,
    readonly file: OpenFile,
    readonly isPrepared: boolean,
    /** The next file is due when this one would become longer. */
    readonly bytesMax: number
  ) {
    this.filledTo = isPrepared ? Number.POSITIVE_INFINITY : 0
  }
}

/** The files of a journal, oldest first. Serial numbers are given once. */
export class JournalFiles {
  readonly #files = new Map<number, JournalFile>()
  readonly #spares: SpareFiles
  readonly #fs: FileSystem

  constructor(private readonly options: JournalOptions) {
    this.#fs = options.fs
    this.#spares = new SpareFiles(options)
  }

  async open(): Promise<JournalFile[]> {
    const { directory, fileBytes } = this.options
    await this.#fs.createDirectory(directory)
    await this.#spares.open()
    for (const name of await this.#fs.list(directory)) {
      const serial = Number(NAME.exec(name)?.[1])
      if (Number.isNaN(serial)) continue
      const file = await this.#fs.open(join(directory, name), 'write')
      this.#files.set(serial, new JournalFile(serial, file, true, fileBytes))
    }
    return [...this.#files.values()]
  }

  get(serial: number): JournalFile | undefined {
    return this.#files.get(serial)
  }

  below(serial: number): JournalFile[] {
    return [...this.#files.values()].filter(file => file.serial < serial)
  }

  /** Makes `serial` the file to write to; durable when it resolves. Throws StorageFullError only when nothing has changed. */
  async activate(serial: number): Promise<JournalFile> {
    const { directory, fileBytes } = this.options
    const path = join(directory, `${String(serial).padStart(10, '0')}.journal`)
    const isPrepared = await this.#spares.moveTo(path)
    const opened = await this.#fs.open(path, isPrepared ? 'write' : 'create')
    const unpreparedMax = Math.min(fileBytes, Math.max(fileBytes * UNPREPARED_SHARE, UNPREPARED_BYTES_MIN))
    const file = new JournalFile(serial, opened, isPrepared, isPrepared ? fileBytes : unpreparedMax)
    this.#files.set(serial, file)
    await this.#fs.syncDirectory(directory)
    return file
  }

  /** Has the next file ready in the background before it is due; a server that writes nothing prepares nothing. */
  prepareAhead(current: JournalFile, position: number): void {
    if (position * (current.isPrepared ? 2 : 4) > current.bytesMax) this.#spares.prepare()
  }

  /** The file holds nothing that is needed: it is used again, or goes. */
  async retire(file: JournalFile): Promise<void> {
    this.#files.delete(file.serial)
    const size = await file.file.size()
    await file.file.close()
    const { path } = file.file
    if (file.isDamaged) await this.#fs.rename(path, `${path}.damaged`)
    else await this.#spares.take(path, size)
    await this.#fs.syncDirectory(this.options.directory)
  }

  async close(): Promise<void> {
    await this.#spares.close()
    for (const { file } of this.#files.values()) await file.close()
  }
}
