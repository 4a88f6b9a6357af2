import type { Logger } from '../../kernel/index.js'
import type { FileSystem } from '../file-system.js'
import { StorageFullError } from '../log-storage.js'
import { BLOCK_BYTES, BlockWriter, encodedBytesMax } from './block-format.js'
import type { JournalFile, JournalFiles } from './journal-files.js'
import { ReserveFile } from './reserve-file.js'

export interface SyncedFileOptions {
  readonly fs: FileSystem
  readonly directory: string
  readonly log: Logger
  readonly fileBytes: number
  readonly reserveBytes: number
  readonly onFatal: (error: unknown) => void
}

/** Above this a write goes through the thread pool: a copy into the page cache would hold the event loop up. */
const BLOCKING_WRITE_BYTES = 256 * 1024

/** The end of the journal: the file that is written to, one synced write at a time, and what happens when the disk does not obey. */
export class SyncedFile {
  readonly stats = { syncs: 0, writtenBytes: 0 }
  /** Set once for ever: after a failed write or sync the kernel may have dropped pages, and nothing can be promised. */
  failure: unknown
  /** The disk is full: writes are refused until the reserve could be taken again. */
  isFull = false
  readonly #reserve: ReserveFile
  #current: JournalFile | undefined
  #lastSerial = 0
  #position = 0

  constructor(
    private readonly options: SyncedFileOptions,
    private readonly files: JournalFiles
  ) {
    this.#reserve = new ReserveFile({ ...options, bytes: options.reserveBytes })
  }

  /** The newest file; everything below may be retired. */
  get lastSerial(): number {
    return this.#lastSerial
  }

  /** Each start writes to a file of its own: what a torn write left in the last one is never taken for what follows. */
  async continueAfter(last: JournalFile | undefined, end: number): Promise<void> {
    if (last !== undefined) {
      this.#lastSerial = last.serial
      await this.#writeSynced(last, endOfFile(last.serial, end), end)
    }
    await this.takeReserve()
    this.files.prepareSpare()
  }

  /** Where a write of at most `bytesMax` begins; a new file is begun when the current one has no room for it. */
  async placeFor(bytesMax: number): Promise<{ readonly serial: number; readonly offset: number }> {
    const current = this.#current
    const fits = this.#position === 0 || this.#position + bytesMax + BLOCK_BYTES <= this.options.fileBytes
    if (current !== undefined && fits) return { serial: current.serial, offset: this.#position }
    if (current !== undefined) {
      await this.#writeSynced(current, endOfFile(current.serial, this.#position), this.#position)
    }
    this.#current = await this.files.activate(this.#lastSerial + 1)
    this.#lastSerial++
    this.#position = 0
    this.files.prepareSpare()
    return { serial: this.#lastSerial, offset: 0 }
  }

  /** Durable when it resolves. */
  async write(bytes: Buffer): Promise<void> {
    await this.#writeSynced(this.#current!, bytes, this.#position)
    this.#position += bytes.length
  }

  async takeReserve(): Promise<void> {
    const { fs, directory, reserveBytes } = this.options
    if (this.isFull && (await fs.freeBytes(directory)) < reserveBytes * 2) return
    try {
      await this.#reserve.take()
      this.isFull = false
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error
      this.isFull = true
    }
  }

  async #writeSynced({ file }: JournalFile, bytes: Buffer, position: number): Promise<void> {
    await this.#writeWithReserve(file, bytes, position)
    try {
      await file.sync()
    } catch (error) {
      throw this.#fail(error)
    }
    this.stats.syncs++
    this.stats.writtenBytes += bytes.length
  }

  /** On a full disk the reserve is given up once, so that what is in flight is finished; what comes after is refused. */
  async #writeWithReserve(file: JournalFile['file'], bytes: Buffer, position: number): Promise<void> {
    try {
      await writeTo(file, bytes, position)
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw this.#fail(error)
      this.isFull = true
      await this.#reserve.give()
      await this.#writeAgain(file, bytes, position)
    }
  }

  async #writeAgain(file: JournalFile['file'], bytes: Buffer, position: number): Promise<void> {
    try {
      await writeTo(file, bytes, position)
    } catch (stillFull) {
      // Part of it may stand in the file: it was refused, so it must not come back at the next start.
      await file.truncate(position)
      throw stillFull
    }
  }

  #fail(error: unknown): unknown {
    this.failure = error
    this.options.onFatal(error)
    return error
  }
}

function endOfFile(serial: number, position: number): Buffer {
  const writer = new BlockWriter(serial, position, Buffer.alloc(BLOCK_BYTES + encodedBytesMax(0)))
  writer.endOfFile()
  return writer.bytes
}

async function writeTo(file: JournalFile['file'], bytes: Buffer, position: number): Promise<void> {
  if (bytes.length <= BLOCKING_WRITE_BYTES) file.writeNow([bytes], position)
  else await file.write([bytes], position)
}
