import { StorageFullError } from '../log-storage.js'
import { BLOCK_BYTES, BlockWriter, encodedBytesMax } from './block-format.js'
import { GroupIndex } from './group-index.js'
import type { JournalFile, JournalFiles } from './journal-files.js'
import type { JournalOptions } from './journal-options.js'
import type { JournalRecord, WritePlace } from './record-format.js'
import { ReserveFile } from './reserve-file.js'
import { SyncPolicy } from './sync-policy.js'
import type { TailRing } from './tail-ring.js'
import { bytesOf, ManifestWriter, WriteLayout } from './write-layout.js'

/** Above this a write goes through the thread pool: a copy into the page cache would hold the event loop up. */
const BLOCKING_WRITE_BYTES = 256 * 1024
const FILL_BYTES = 256 * 1024

export interface JournalWriterParts {
  readonly files: JournalFiles
  readonly tail: TailRing
  readonly groups: Map<number, GroupIndex>
  /** Groups that were removed; what is still written for them changes nothing. */
  readonly removed: ReadonlySet<number>
}

/** One gathered write and one sync at a time, at the end of the newest file. */
export class JournalWriter {
  syncs = 0
  writtenBytes = 0
  /** No room: until the reserve has been taken again, nothing new should be begun. */
  isFull = false
  /** Set once: nothing is written any more. */
  failure: unknown
  /** What may still be written while it is full: as much as the reserve has made room for. */
  #reserveLeft = 0
  readonly #reserve: ReserveFile
  readonly #manifests: ManifestWriter
  readonly #policy: SyncPolicy
  #current: JournalFile | undefined
  #position = 0
  #lastSerial = 0
  #lastWrite: WritePlace = { serial: 0, offset: 0 }

  constructor(
    private readonly options: JournalOptions,
    private readonly parts: JournalWriterParts
  ) {
    this.#reserve = new ReserveFile(options)
    this.#manifests = new ManifestWriter(parts.groups)
    this.#policy = new SyncPolicy(options.quickSync)
  }

  get syncsInLoop(): number {
    return this.#policy.syncsInLoop
  }

  /** Serial number of the newest file. */
  get lastSerial(): number {
    return this.#lastSerial
  }

  /** Each start writes to a file of its own: what a torn write left in the last one is never taken for what follows. */
  async open(last: JournalFile | undefined, end: number, lastWrite: WritePlace): Promise<void> {
    this.#lastWrite = lastWrite
    if (last !== undefined) {
      this.#lastSerial = last.serial
      await this.#endFile(last, end)
    }
    await this.takeReserve()
  }

  /** While it is full: whether so much still finds a place in what the reserve has left. What is asked for is counted as used. */
  hasRoom(bytes: number): boolean {
    if (!this.isFull) return true
    if (bytes > this.#reserveLeft) return false
    this.#reserveLeft -= bytes
    return true
  }

  /** Resolves when the records are synced and in force. Rejects with StorageFullError when nothing of them is kept. */
  async write(records: readonly JournalRecord[]): Promise<void> {
    const manifest = this.#manifests.next(this.#lastWrite)
    const bytesMax = bytesOf(records, manifest)
    const file = await this.#fileFor(bytesMax)
    const place = { serial: file.serial, offset: this.#position }
    const layout = new WriteLayout(place, this.parts.tail.reserve(bytesMax), this.parts.groups)
    layout.add(manifest)
    for (const record of records) layout.add(record)
    const { bytes, end } = layout
    await this.#writeSynced(file, bytes, this.#position)
    this.parts.tail.keep(file.serial, this.#position, bytes)
    this.#position = end
    this.#lastWrite = place
    this.#manifests.written(layout.groupNumbers, bytes.length)
    layout.putInForce(group => this.#groupOf(group))
    this.parts.files.prepareAhead(file, end)
  }

  /** Makes the reserve anew once there is room for it, and some more. */
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

  #groupOf(number: number): GroupIndex | undefined {
    if (this.parts.removed.has(number)) {
      this.#manifests.completeNext()
      return undefined
    }
    let group = this.parts.groups.get(number)
    if (group === undefined) {
      group = new GroupIndex({ index: 0, term: 0 })
      this.parts.groups.set(number, group)
    }
    if (group.link === 0) this.#manifests.completeNext()
    return group
  }

  async #fileFor(bytes: number): Promise<JournalFile> {
    const current = this.#current
    const endsAt = this.#position + bytes + BLOCK_BYTES
    if (current !== undefined && (this.#position === 0 || endsAt <= current.bytesMax)) return current
    if (current !== undefined) await this.#endFile(current, this.#position)
    this.#current = await this.#activateNext()
    this.#lastSerial = this.#current.serial
    this.#position = 0
    this.#manifests.completeNext()
    return this.#current
  }

  async #activateNext(): Promise<JournalFile> {
    const activate = () => this.parts.files.activate(this.#lastSerial + 1)
    try {
      return await activate().catch((error: unknown) => this.#onFull(error, activate))
    } catch (error) {
      throw error instanceof StorageFullError ? error : this.#fail(error)
    }
  }

  async #endFile(file: JournalFile, position: number): Promise<void> {
    const writer = new BlockWriter(
      file.serial,
      position,
      Buffer.allocUnsafe(BLOCK_BYTES + encodedBytesMax(0))
    )
    writer.endOfFile()
    await this.#writeSynced(file, writer.bytes, position)
  }

  async #writeSynced(journalFile: JournalFile, bytes: Buffer, position: number): Promise<void> {
    const { file } = journalFile
    const write = async () => {
      if (bytes.length <= BLOCKING_WRITE_BYTES) file.writeNow([bytes], position)
      else await file.write([bytes], position)
    }
    try {
      await write().catch((error: unknown) => this.#onFull(error, write))
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw this.#fail(error)
      await this.#takeBack(journalFile, position)
      throw error
    }
    try {
      fillAhead(journalFile, position + bytes.length, this.options.fillBytes)
      await this.#policy.sync(file, bytes.length)
    } catch (error) {
      throw this.#fail(error)
    }
    this.syncs++
    this.writtenBytes += bytes.length
  }

  /** The reserve is given up once, so that what is in flight, and what was begun meanwhile, is finished. */
  async #onFull<T>(error: unknown, again: () => Promise<T>): Promise<T> {
    if (!(error instanceof StorageFullError)) throw error
    if (!this.isFull) this.#reserveLeft = this.options.reserveBytes
    this.isFull = true
    await this.#reserve.give()
    return again()
  }

  /** Part of a write may stand in the file: it was refused, so it must not come back at the next start. */
  async #takeBack(journalFile: JournalFile, position: number): Promise<void> {
    try {
      await journalFile.file.truncate(position)
      await journalFile.file.sync()
      journalFile.filledTo = Math.min(journalFile.filledTo, position)
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** After a failed write or sync the kernel may have dropped pages: nothing can be promised any more. */
  #fail(error: unknown): unknown {
    if (this.failure === undefined) {
      this.failure = error
      this.options.onFatal(error)
    }
    return error
  }
}

/** A file that was not prepared is made longer with every now and then a sync that there is anyway, not with each. */
function fillAhead(journalFile: JournalFile, end: number, fillBytes = FILL_BYTES): void {
  if (end <= journalFile.filledTo) return
  const to = Math.min(end + fillBytes, journalFile.bytesMax)
  try {
    if (to > end) journalFile.file.writeNow([Buffer.alloc(to - end)], end)
    journalFile.filledTo = Math.max(to, end)
  } catch (error) {
    if (!(error instanceof StorageFullError)) throw error
    // What little room there is goes to records.
    journalFile.filledTo = Number.POSITIVE_INFINITY
  }
}
