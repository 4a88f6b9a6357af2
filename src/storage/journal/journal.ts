import assert from 'node:assert'
import type { Logger } from '../../kernel/index.js'
import type { FileSystem } from '../file-system.js'
import {
  type GroupAppend,
  type HardState,
  type LogCheckpoint,
  type LogEntry,
  type LogStorage,
  type LogStorageStats,
  type RecoveredGroup,
  StorageBusyError,
  StorageDamagedError,
  StorageFullError
} from '../log-storage.js'
import { BLOCK_BYTES, BlockWriter, encodedBytesMax } from './block-format.js'
import { BlockReader } from './block-reader.js'
import { type EntryRun, GroupIndex } from './group-index.js'
import { type JournalFile, JournalFiles } from './journal-files.js'
import { JournalRecovery } from './journal-recovery.js'
import {
  decodeEntries,
  encodeEntries,
  encodeHeader,
  encodeManifest,
  MANIFEST_GROUP,
  type ManifestItem,
  RecordKind,
  recordBody,
  recordChecksum
} from './record-format.js'
import { ReserveFile } from './reserve-file.js'

export interface JournalOptions {
  readonly fs: FileSystem
  readonly directory: string
  readonly log: Logger
  /** myelin.journal.segment-size */
  readonly fileBytes: number
  /** myelin.journal.batch-bytes-max */
  readonly batchBytesMax: number
  /** myelin.journal.queue-bytes-max */
  readonly queueBytesMax: number
  /** myelin.journal.reserve-size */
  readonly reserveBytes: number
  /** Called once when a sync has failed: what was written can not be believed any more, and the process must end. */
  readonly onFatal: (error: unknown) => void
}

/** One record to write: a group's part of a batch, or a tombstone. */
interface Part {
  readonly kind: number
  readonly group: number
  readonly append: GroupAppend | undefined
  readonly bytes: number
}

interface Waiting {
  readonly parts: readonly Part[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const ENTRIES_PER_WRITE = 4096
/** Above this a write goes through the thread pool: a copy into the page cache would hold the event loop up. */
const BLOCKING_WRITE_BYTES = 256 * 1024
const PART_OVERHEAD_BYTES = 64

/** The log of all groups of a node in files of its own; see the README of this area for the format. */
export class Journal implements LogStorage {
  readonly #files: JournalFiles
  readonly #reserve: ReserveFile
  #groups = new Map<number, GroupIndex>()
  #current: JournalFile | undefined
  #lastSerial = 0
  #position = 0
  #lastWrite: readonly ManifestItem[] = []
  #queue: Waiting[] = []
  #writing: Promise<void> | undefined
  #failure: unknown
  #isFull = false
  /** A checkpoint may have freed files. Looked at between writes, so that steady load does not put it off for ever. */
  #mayRetire = false
  readonly #stats = { batches: 0, syncs: 0, writtenBytes: 0, queuedBytes: 0 }

  constructor(private readonly options: JournalOptions) {
    this.#files = new JournalFiles(options)
    this.#reserve = new ReserveFile({ ...options, bytes: options.reserveBytes })
  }

  get stats(): LogStorageStats {
    return { ...this.#stats, liveBytes: this.#liveBytes() }
  }

  async open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<readonly RecoveredGroup[]> {
    const files = await this.#files.open()
    const recovered = await new JournalRecovery(checkpoints, this.options.log).read(files)
    this.#groups = recovered.groups
    this.#lastWrite = recovered.lastWrite
    await this.#endLastFile(files.at(-1), recovered.end?.position ?? 0)
    await this.#takeReserve()
    this.#files.prepareSpare()
    return [...this.#groups].map(([group, index]) =>
      this.#describe(group, index, recovered.damages.get(group))
    )
  }

  /** Each start writes to a file of its own: what a torn write left in the last one is never taken for what follows. */
  async #endLastFile(last: JournalFile | undefined, position: number): Promise<void> {
    if (last === undefined) return
    this.#lastSerial = last.serial
    await this.#writeSynced(last, endOfFile(last.serial, position), position)
  }

  append(batch: readonly GroupAppend[]): Promise<void> {
    return this.#enqueue(batch.map(append => entriesPart(append)))
  }

  async entries(group: number, from: number, to: number, bytesMax: number): Promise<readonly LogEntry[]> {
    const index = this.#groups.get(group)
    const found: LogEntry[] = []
    let bytes = 0
    for (let next = from; next <= to && (found.length === 0 || bytes < bytesMax); ) {
      const run = index?.runOf(next)
      if (run === undefined) break
      for (const entry of await this.#readRun(group, run)) {
        if (entry.index < next || entry.index > to) continue
        if (found.length > 0 && bytes + entry.data.length > bytesMax) return found
        found.push(entry)
        bytes += entry.data.length
      }
      next = run.firstIndex + run.count
    }
    return found
  }

  term(group: number, index: number): number | undefined {
    return this.#groups.get(group)?.term(index)
  }

  firstIndex(group: number): number {
    return this.#groups.get(group)?.firstIndex ?? 1
  }

  lastIndex(group: number): number {
    return this.#groups.get(group)?.lastIndex ?? 0
  }

  hardState(group: number): HardState | undefined {
    return this.#groups.get(group)?.hardState
  }

  dropPrefix(group: number, checkpoint: LogCheckpoint): void {
    this.#groups.get(group)?.dropPrefix(checkpoint)
    this.#mayRetire = true
    this.#kick()
  }

  removeGroup(group: number): void {
    if (!this.#groups.delete(group)) return
    const part = { kind: RecordKind.tombstone, group, append: undefined, bytes: PART_OVERHEAD_BYTES }
    // Where this can't be written, the group comes back at the next start and is removed again.
    this.#enqueue([part]).catch((error: unknown) =>
      this.options.log.warn({ group, error }, 'the removal of a group was not logged')
    )
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
    this.#failure ??= new Error('the journal is closed')
    await this.#files.close()
  }

  #enqueue(parts: readonly Part[]): Promise<void> {
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
    const refusal = this.#refusal(bytes)
    if (refusal !== undefined) return Promise.reject(refusal)
    this.#stats.queuedBytes += bytes
    return new Promise((resolve, reject) => {
      this.#queue.push({ parts, bytes, resolve, reject })
      this.#kick()
    })
  }

  #refusal(bytes: number): unknown {
    if (this.#failure !== undefined) return this.#failure
    if (this.#isFull) {
      this.#kick()
      return new StorageFullError(
        `The disk of ${this.options.directory} is full: free some space, reading goes on`
      )
    }
    const { queuedBytes } = this.#stats
    if (queuedBytes === 0 || queuedBytes + bytes <= this.options.queueBytesMax) return undefined
    return new StorageBusyError(
      `${queuedBytes} bytes wait for the journal (myelin.journal.queue-bytes-max): try again later`
    )
  }

  #kick(): void {
    this.#writing ??= this.#run()
      .catch((error: unknown) => this.#noteHouseKeeping(error))
      .finally(() => {
        this.#writing = undefined
        if (this.#queue.length > 0) this.#kick()
      })
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      if (this.#failure === undefined) await this.#writeNext()
      else this.#rejectAll(this.#failure)
      if (this.#mayRetire) await this.#retireFiles()
    }
    if (this.#isFull) await this.#takeReserve()
    await this.#retireFiles()
  }

  /** As much of the queue as one write may have, at least one batch. */
  #takeWrite(): Waiting[] {
    let bytes = 0
    let entries = 0
    let count = 0
    for (const waiting of this.#queue) {
      bytes += waiting.bytes
      entries += waiting.parts.reduce((sum, part) => sum + (part.append?.entries.length ?? 0), 0)
      if (count > 0 && (bytes > this.options.batchBytesMax || entries > ENTRIES_PER_WRITE)) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #writeNext(): Promise<void> {
    const batches = this.#takeWrite()
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
    try {
      await this.#write(batches.flatMap(batch => batch.parts))
      for (const batch of batches) batch.resolve()
    } catch (error) {
      for (const batch of batches) batch.reject(error)
    } finally {
      this.#stats.queuedBytes -= bytes
    }
  }

  async #write(parts: readonly Part[]): Promise<void> {
    const bytesMax = parts.reduce(
      (sum, part) => sum + encodedBytesMax(part.bytes),
      encodedBytesMax(this.#lastWrite.length * 8 + 64)
    )
    const { serial, file } = await this.#fileFor(bytesMax)
    const offset = this.#position
    const writer = new BlockWriter(serial, offset, bytesMax + PART_OVERHEAD_BYTES)
    const header = { writeSerial: serial, writeOffset: offset }
    writer.record([
      encodeHeader({ ...header, kind: RecordKind.manifest, group: MANIFEST_GROUP, previous: 0 }),
      encodeManifest(this.#lastWrite)
    ])
    const links = new Map<number, number>()
    const placed = parts.map(part => {
      const previous = links.get(part.group) ?? this.#groups.get(part.group)?.link ?? 0
      const record = [encodeHeader({ ...header, kind: part.kind, group: part.group, previous })]
      if (part.append !== undefined) record.push(...encodeEntries(part.append))
      const checksum = recordChecksum(record)
      links.set(part.group, checksum)
      const { position, end } = writer.record(record)
      return { part, checksum, place: { serial, position, length: end - position } }
    })
    await this.#writeSynced({ serial, file }, writer.bytes, offset)
    this.#position = writer.position
    this.#lastWrite = placed.map(({ part, checksum }) => ({ group: part.group, checksum }))
    for (const { part, checksum, place } of placed) this.#remember(part, checksum, place)
  }

  #remember(part: Part, checksum: number, place: { serial: number; position: number; length: number }): void {
    if (part.append === undefined) return
    let group = this.#groups.get(part.group)
    if (group === undefined) {
      group = new GroupIndex({ index: 0, term: 0 })
      this.#groups.set(part.group, group)
    }
    group.link = checksum
    group.newestSerial = place.serial
    group.hardState = part.append.hardState
    group.append(part.append.entries, place)
  }

  async #writeSynced({ file }: JournalFile, bytes: Buffer, position: number): Promise<void> {
    await this.#writeWithReserve(file, bytes, position)
    try {
      await file.sync()
    } catch (error) {
      throw this.#fail(error)
    }
    this.#stats.batches++
    this.#stats.syncs++
    this.#stats.writtenBytes += bytes.length
  }

  /** On a full disk the reserve is given up once, so that what is in flight is finished; what comes after is refused. */
  async #writeWithReserve(file: JournalFile['file'], bytes: Buffer, position: number): Promise<void> {
    try {
      await writeTo(file, bytes, position)
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw this.#fail(error)
      this.#isFull = true
      await this.#reserve.give()
      try {
        await writeTo(file, bytes, position)
      } catch (stillFull) {
        // Part of it may stand in the file: it was refused, so it must not come back at the next start.
        await file.truncate(position)
        throw stillFull
      }
    }
  }

  async #fileFor(bytes: number): Promise<JournalFile> {
    const current = this.#current
    const fits = this.#position === 0 || this.#position + bytes + BLOCK_BYTES <= this.options.fileBytes
    if (current !== undefined && fits) return current
    if (current !== undefined)
      await this.#writeSynced(current, endOfFile(current.serial, this.#position), this.#position)
    this.#current = await this.#files.activate(this.#lastSerial + 1)
    this.#lastSerial++
    this.#position = 0
    this.#files.prepareSpare()
    return this.#current
  }

  /** Files below every group's needs go. A group that only rests has its hard state written again first. */
  async #retireFiles(): Promise<void> {
    this.#mayRetire = false
    if (this.#failure !== undefined) return
    for (let serial = this.#oldestFile(); serial < this.#lastSerial; serial++) {
      const groups = [...this.#groups]
      if (groups.some(([, group]) => (group.oldestSerial ?? Number.POSITIVE_INFINITY) <= serial)) return
      const resting = groups.filter(
        ([, group]) => group.newestSerial === serial && group.hardState !== undefined
      )
      const parts = resting.map(([group, { hardState }]) =>
        entriesPart({ group, entries: [], hardState: hardState! })
      )
      if (parts.length > 0) await this.#write(parts)
      await this.#files.retire(serial)
    }
  }

  #oldestFile(): number {
    let serial = this.#lastSerial
    while (this.#files.file(serial - 1) !== undefined) serial--
    return serial
  }

  #liveBytes(): number {
    let bytes = 0
    for (const group of this.#groups.values()) bytes += group.entryBytes
    return bytes
  }

  async #readRun(group: number, run: EntryRun): Promise<readonly LogEntry[]> {
    const file = this.#files.file(run.serial)
    assert(file !== undefined, `journal file ${run.serial} is still needed`)
    const start = run.position - (run.position % BLOCK_BYTES)
    const bytes = Buffer.allocUnsafe(run.position + run.length - start)
    await file.read(bytes, start)
    const found = new BlockReader(run.serial, bytes, start).read(run.position)
    if (found.kind !== 'record') {
      throw new StorageDamagedError(
        `The journal of replication group ${group} is damaged: ${file.path} has no valid record at byte ${run.position}. Restore this node from a backup`
      )
    }
    // Later entries may have replaced the end of what the record holds.
    return decodeEntries(recordBody(found.bytes)).entries.slice(0, run.count)
  }

  /** Writes tell their callers themselves; what is left is reserve and old files, which the next round tries again. */
  #noteHouseKeeping(error: unknown): void {
    if (this.#failure === undefined) {
      this.options.log.warn(
        { directory: this.options.directory, error },
        'old journal files could not be put away'
      )
    }
  }

  /** After a failed write or sync the kernel may have dropped pages: nothing can be promised any more. */
  #fail(error: unknown): unknown {
    this.#failure = error
    this.options.onFatal(error)
    return error
  }

  async #takeReserve(): Promise<void> {
    const { fs, directory, reserveBytes } = this.options
    if (this.#isFull && (await fs.freeBytes(directory)) < reserveBytes * 2) return
    try {
      await this.#reserve.take()
      this.#isFull = false
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error
      this.#isFull = true
    }
  }

  #rejectAll(error: unknown): void {
    for (const waiting of this.#queue.splice(0)) waiting.reject(error)
  }

  #describe(group: number, index: GroupIndex, damage: string | undefined): RecoveredGroup {
    return {
      group,
      hardState: index.hardState ?? { term: 0, vote: 0, commit: 0 },
      firstIndex: index.firstIndex,
      lastIndex: index.lastIndex,
      ...(damage === undefined ? {} : { damage })
    }
  }
}

function endOfFile(serial: number, position: number): Buffer {
  const writer = new BlockWriter(serial, position, BLOCK_BYTES + encodedBytesMax(0))
  writer.endOfFile()
  return writer.bytes
}

function entriesPart(append: GroupAppend): Part {
  let bytes = PART_OVERHEAD_BYTES
  for (const entry of append.entries) bytes += entry.data.length + 16
  return { kind: RecordKind.entries, group: append.group, append, bytes }
}

async function writeTo(file: JournalFile['file'], bytes: Buffer, position: number): Promise<void> {
  if (bytes.length <= BLOCKING_WRITE_BYTES) file.writeNow([bytes], position)
  else await file.write([bytes], position)
}
