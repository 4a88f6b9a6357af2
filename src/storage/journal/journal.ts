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
import { AppendQueue, PendingBatch } from './append-queue.js'
import { EntryReader } from './entry-reader.js'
import { FileRetirement } from './file-retirement.js'
import { GroupIndex } from './group-index.js'
import { JournalFiles } from './journal-files.js'
import type { JournalOptions } from './journal-options.js'
import { JournalRecovery } from './journal-recovery.js'
import { JournalWriter } from './journal-writer.js'
import { JournalRecord, RecordKind } from './record-format.js'
import { TailRing } from './tail-ring.js'

export type { JournalOptions }

const WRITE_ENTRIES_MAX = 4096
const TAIL_BYTES_MAX = 16 * 1024 * 1024

/** The log of all groups of a node in files of its own; see the README of this area for the format. */
export class Journal implements LogStorage {
  readonly #groups = new Map<number, GroupIndex>()
  readonly #removed = new Set<number>()
  readonly #files: JournalFiles
  readonly #reader: EntryReader
  readonly #writer: JournalWriter
  readonly #retirement: FileRetirement
  readonly #queue: AppendQueue
  #writing: Promise<void> | undefined
  #isClosed = false
  #batches = 0

  constructor(private readonly options: JournalOptions) {
    const { queueBytesMax, batchBytesMax, tailBytesMax = TAIL_BYTES_MAX } = options
    const tail = new TailRing(tailBytesMax)
    const groups = this.#groups
    this.#files = new JournalFiles(options)
    this.#reader = new EntryReader(this.#files, tail)
    this.#writer = new JournalWriter(options, { files: this.#files, tail, groups, removed: this.#removed })
    this.#retirement = new FileRetirement(this.#files, groups, this.#writer)
    this.#queue = new AppendQueue({
      queueBytesMax,
      writeBytesMax: batchBytesMax,
      writeEntriesMax: WRITE_ENTRIES_MAX
    })
  }

  get stats(): LogStorageStats {
    let liveBytes = 0
    for (const group of this.#groups.values()) liveBytes += group.entryBytes
    const { syncs, syncsInLoop, writtenBytes } = this.#writer
    return {
      liveBytes,
      batches: this.#batches,
      syncs,
      syncsInLoop,
      writtenBytes,
      queuedBytes: this.#queue.bytes
    }
  }

  async open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<readonly RecoveredGroup[]> {
    const files = await this.#files.open()
    const recovered = await new JournalRecovery(checkpoints, this.options.log).read(files)
    for (const [number, group] of recovered.groups) this.#groups.set(number, group)
    for (const number of recovered.removed) this.#removed.add(number)
    await this.#writer.open(files.at(-1), recovered.end, recovered.lastWrite)
    await this.#keepDamage(recovered.damaged)
    return [...this.#groups].map(([number, group]) => describe(number, group))
  }

  append(batch: readonly GroupAppend[]): Promise<void> {
    return this.#enqueue(batch.map(part => JournalRecord.entries(part.group, part.hardState, part.entries)))
  }

  refusal(): StorageFullError | undefined {
    if (!this.#writer.isFull) return undefined
    this.#kick()
    return new StorageFullError(
      `The disk of ${this.options.directory} is full: free some space, reading goes on`
    )
  }

  async entries(group: number, from: number, to: number, bytesMax: number): Promise<readonly LogEntry[]> {
    const index = this.#groups.get(group)
    if (index === undefined) return []
    if (index.damage !== undefined) throw new StorageDamagedError(index.damage)
    const entries = await this.#reader.read(group, index, { from, to, bytesMax })
    if (this.#retirement.isDue) this.#kick()
    return entries
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
    if (this.#removed.has(group)) return
    const index = this.#groups.get(group)
    // A group that begins with another node's checkpoint has no record yet.
    if (index === undefined) this.#groups.set(group, new GroupIndex(checkpoint))
    else index.dropPrefix(checkpoint)
    this.#retirement.isDue = true
    this.#kick()
  }

  removeGroup(group: number): void {
    if (!this.#groups.delete(group)) return
    this.#removed.add(group)
    // Where this can't be written, the next complete manifest says it, or the next start finds the group and removes it again.
    this.#enqueue([JournalRecord.tombstone(group)]).catch((error: unknown) =>
      this.options.log.warn({ group, error }, 'the removal of a group was not logged')
    )
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    while (this.#writing !== undefined) await this.#writing
    await this.#files.close()
  }

  #enqueue(records: readonly JournalRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const batch = new PendingBatch(records, resolve, reject)
      const refusal = this.#refusal(batch)
      if (refusal !== undefined) return reject(refusal)
      this.#queue.add(batch)
      this.#kick()
    })
  }

  #refusal({ bytes, records }: PendingBatch): unknown {
    const { directory } = this.options
    if (this.#writer.failure !== undefined) return this.#writer.failure
    if (this.#isClosed) return new Error(`the journal in ${directory} is closed`)
    if (!this.#writer.hasRoom(bytes)) return this.refusal()
    for (const { group } of records) {
      const damage = this.#groups.get(group)?.damage
      if (damage !== undefined) return new StorageDamagedError(damage)
    }
    if (this.#queue.hasRoom(bytes)) return undefined
    return new StorageBusyError(
      `${this.#queue.bytes} bytes wait for the journal (myelin.journal.queue-bytes-max): try again later`
    )
  }

  #kick(): void {
    this.#writing ??= this.#run()
      .catch((error: unknown) => this.#noteHouseKeeping(error))
      .finally(() => {
        this.#writing = undefined
        if (!this.#queue.isEmpty) this.#kick()
      })
  }

  async #run(): Promise<void> {
    while (!this.#queue.isEmpty) {
      await this.#writeNext()
      // Between writes, so that steady load does not put it off for ever.
      if (this.#retirement.isDue) await this.#keepHouse()
    }
    if (this.#retirement.isDue || this.#writer.isFull) await this.#keepHouse()
  }

  async #keepHouse(): Promise<void> {
    if (this.#writer.failure !== undefined) return
    if (this.#writer.isFull) await this.#writer.takeReserve()
    await this.#retirement.run()
  }

  async #writeNext(): Promise<void> {
    const batches = this.#queue.take()
    const gaps = this.#findGaps(batches)
    const accepted = gaps.size === 0 ? batches : batches.filter(batch => !gaps.has(batch))
    let failure: unknown
    try {
      if (this.#writer.failure !== undefined) throw this.#writer.failure
      if (accepted.length > 0) await this.#writer.write(this.#recordsOf(accepted))
      this.#batches += accepted.length
    } catch (error) {
      failure = error
    }
    for (const batch of batches) {
      this.#queue.answered(batch)
      const error = gaps.get(batch) ?? failure
      if (error === undefined) batch.resolve()
      else batch.reject(error)
    }
  }

  /** A batch that does not follow, for what came before it was refused, must not be written: a start would take the gap for damage. */
  #findGaps(batches: readonly PendingBatch[]): ReadonlyMap<PendingBatch, Error> {
    const gaps = new Map<PendingBatch, Error>()
    const lastIndexes = new Map<number, number>()
    for (const batch of batches) {
      for (const { group, entries } of batch.records) {
        const last = lastIndexes.get(group) ?? this.lastIndex(group)
        const first = entries[0]?.index ?? last + 1
        if (first > last + 1 && !this.#removed.has(group)) {
          gaps.set(
            batch,
            new Error(`entry ${first} does not follow entry ${last} of replication group ${group}`)
          )
        }
      }
      if (gaps.has(batch)) continue
      for (const { group, entries } of batch.records) {
        if (entries.length > 0) lastIndexes.set(group, entries.at(-1)!.index)
      }
    }
    return gaps
  }

  /** What still comes for a group that was removed is not written: it would bring the group back. */
  #recordsOf(batches: readonly PendingBatch[]): JournalRecord[] {
    const records: JournalRecord[] = []
    for (const batch of batches) {
      for (const record of batch.records) {
        if (record.kind === RecordKind.tombstone || !this.#removed.has(record.group)) records.push(record)
      }
    }
    return records
  }

  /** Written down before anything else, for the files that show the damage go some day, and the group must not be taken for whole then. */
  async #keepDamage(groups: readonly number[]): Promise<void> {
    if (groups.length === 0) return
    await this.#writer.write(
      groups.map(group => JournalRecord.damage(group, this.#groups.get(group)?.damage ?? ''))
    )
  }

  /** Writes tell their callers themselves; what is left is reserve and old files, which the next round tries again. */
  #noteHouseKeeping(error: unknown): void {
    this.#retirement.isDue = true
    if (this.#writer.failure !== undefined) return
    this.options.log.warn(
      { directory: this.options.directory, error },
      'old journal files could not be put away'
    )
  }
}

function describe(group: number, index: GroupIndex): RecoveredGroup {
  const { hardState = NO_HARD_STATE, firstIndex, lastIndex, damage } = index
  return { group, hardState, firstIndex, lastIndex, ...(damage === undefined ? {} : { damage }) }
}

const NO_HARD_STATE: HardState = { term: 0, vote: 0, commit: 0 }
