import assert from 'node:assert'
import {
  type GroupAppend,
  type HardState,
  type LogCheckpoint,
  type LogEntry,
  type LogStorage,
  type LogStorageStats,
  type RecoveredGroup,
  StorageDamagedError,
  StorageFullError
} from '../log-storage.js'
import { BLOCK_BYTES } from './block-format.js'
import { BlockReader } from './block-reader.js'
import { type EntryRun, GroupIndex } from './group-index.js'
import { JournalFiles } from './journal-files.js'
import { JournalRecovery } from './journal-recovery.js'
import {
  encodeWrite,
  entriesPart,
  type Part,
  type PlacedPart,
  tombstonePart,
  writeBytesMax
} from './journal-write.js'
import { decodeEntries, type ManifestItem, recordBody } from './record-format.js'
import { SyncedFile, type SyncedFileOptions } from './synced-file.js'
import { WriteQueue } from './write-queue.js'

/**
 * `fileBytes` is myelin.journal.segment-size, `reserveBytes` myelin.journal.reserve-size. `onFatal` is called once when a write or
 * sync has failed: what was written can not be believed any more, and the process must end.
 */
export interface JournalOptions extends SyncedFileOptions {
  /** myelin.journal.batch-bytes-max */
  readonly batchBytesMax: number
  /** myelin.journal.queue-bytes-max */
  readonly queueBytesMax: number
}

/** The log of all groups of a node in files of its own: one gathered write and one sync for all that waits. */
export class Journal implements LogStorage {
  readonly #files: JournalFiles
  readonly #end: SyncedFile
  readonly #queue: WriteQueue
  #groups = new Map<number, GroupIndex>()
  #lastWrite: readonly ManifestItem[] = []
  #running: Promise<void> | undefined
  /** A checkpoint may have freed files. Looked at between writes, so that steady load does not put it off for ever. */
  #mayRetire = false
  #batches = 0
  #scratch: Buffer = Buffer.allocUnsafeSlow(64 * 1024)

  constructor(private readonly options: JournalOptions) {
    this.#files = new JournalFiles(options)
    this.#end = new SyncedFile(options, this.#files)
    this.#queue = new WriteQueue(options)
  }

  get stats(): LogStorageStats {
    let liveBytes = 0
    for (const group of this.#groups.values()) liveBytes += group.entryBytes
    return { ...this.#end.stats, batches: this.#batches, queuedBytes: this.#queue.bytes, liveBytes }
  }

  async open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<readonly RecoveredGroup[]> {
    const files = await this.#files.open()
    const recovered = await new JournalRecovery(checkpoints, this.options.log).read(files)
    this.#groups = recovered.groups
    this.#lastWrite = recovered.lastWrite
    await this.#end.continueAfter(files.at(-1), recovered.end?.position ?? 0)
    return [...this.#groups].map(([group, index]) => describe(group, index, recovered.damages.get(group)))
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
    // Where this can't be written, the group comes back at the next start and is removed again.
    this.#enqueue([tombstonePart(group)]).catch((error: unknown) =>
      this.options.log.warn({ group, error }, 'the removal of a group was not logged')
    )
  }

  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    this.#end.failure ??= new Error('the journal is closed')
    await this.#files.close()
  }

  #enqueue(parts: readonly Part[]): Promise<void> {
    const refusal = this.#refusal(parts)
    if (refusal !== undefined) return Promise.reject(refusal)
    const written = this.#queue.add(parts)
    this.#kick()
    return written
  }

  #refusal(parts: readonly Part[]): unknown {
    if (this.#end.failure !== undefined) return this.#end.failure
    if (!this.#end.isFull) return this.#queue.refusal(parts)
    this.#kick()
    return new StorageFullError(
      `The disk of ${this.options.directory} is full: free some space, reading goes on`
    )
  }

  #kick(): void {
    this.#running ??= this.#run()
      .catch((error: unknown) => this.#noteHouseKeeping(error))
      .finally(() => {
        this.#running = undefined
        if (!this.#queue.isEmpty) this.#kick()
      })
  }

  async #run(): Promise<void> {
    while (!this.#queue.isEmpty) {
      await this.#writeNext()
      if (this.#mayRetire) await this.#retireFiles()
    }
    if (this.#end.isFull) await this.#end.takeReserve()
    await this.#retireFiles()
  }

  async #writeNext(): Promise<void> {
    const batches = this.#queue.take()
    try {
      if (this.#end.failure !== undefined) throw this.#end.failure
      await this.#write(batches.flatMap(batch => batch.parts))
      for (const batch of batches) batch.resolve()
    } catch (error) {
      for (const batch of batches) batch.reject(error)
    } finally {
      this.#queue.done(batches)
    }
  }

  async #write(parts: readonly Part[]): Promise<void> {
    const bytesMax = writeBytesMax(parts, this.#lastWrite)
    const place = await this.#end.placeFor(bytesMax)
    const linkOf = (group: number) => this.#groups.get(group)?.link ?? 0
    const { bytes, placed } = encodeWrite(place, parts, this.#lastWrite, linkOf, this.#scratchFor(bytesMax))
    await this.#end.write(bytes)
    this.#batches++
    this.#lastWrite = placed.map(({ part, checksum }) => ({ group: part.group, checksum }))
    for (const each of placed) this.#remember(each)
  }

  /** Writes are made one at a time, so they take turns with one buffer; only an unusually large one gets its own. */
  #scratchFor(bytes: number): Buffer {
    if (bytes > SCRATCH_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes)
    if (this.#scratch.length < bytes)
      this.#scratch = Buffer.allocUnsafeSlow(Math.max(bytes, this.#scratch.length * 2))
    return this.#scratch
  }

  #remember({ part, checksum, place }: PlacedPart): void {
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

  /** Files below every group's needs go. A group that only rests has its hard state written again first. */
  async #retireFiles(): Promise<void> {
    this.#mayRetire = false
    if (this.#end.failure !== undefined) return
    // What is written here may need a file of its own: that one is not for this round.
    const end = this.#end.lastSerial
    for (let serial = this.#oldestSerial(); serial < end; serial++) {
      const groups = [...this.#groups]
      if (groups.some(([, group]) => (group.oldestSerial ?? Number.POSITIVE_INFINITY) <= serial)) return
      const resting = groups.filter(
        ([, group]) => group.newestSerial === serial && group.hardState !== undefined
      )
      const parts = resting.map(([group, index]) =>
        entriesPart({ group, entries: [], hardState: restingState(index) })
      )
      if (parts.length > 0) await this.#write(parts)
      await this.#files.retire(serial)
    }
  }

  #oldestSerial(): number {
    let serial = this.#end.lastSerial
    while (this.#files.file(serial - 1) !== undefined) serial--
    return serial
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
    if (this.#end.failure !== undefined) return
    this.options.log.warn(
      { directory: this.options.directory, error },
      'old journal files could not be put away'
    )
  }
}

const SCRATCH_BYTES_MAX = 8 * 1024 * 1024

function describe(group: number, index: GroupIndex, damage: string | undefined): RecoveredGroup {
  return {
    group,
    hardState: index.hardState ?? { term: 0, vote: 0, commit: 0 },
    firstIndex: index.firstIndex,
    lastIndex: index.lastIndex,
    ...(damage === undefined ? {} : { damage })
  }
}

/** Says how far the checkpoint reaches that let the entries go: a start with an older one must not pass for a group without entries. */
function restingState({ hardState, firstIndex }: GroupIndex): HardState {
  assert(hardState !== undefined, 'a group that rests has a hard state')
  return { ...hardState, commit: Math.max(hardState.commit, firstIndex - 1) }
}
