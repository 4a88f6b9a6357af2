import { setImmediate } from 'node:timers/promises'
import type { Logger } from '../../kernel/index.js'
import type { LogCheckpoint } from '../log-storage.js'
import { BlockReader, type Found } from './block-reader.js'
import type { GroupIndex } from './group-index.js'
import { GroupRecovery } from './group-recovery.js'
import type { JournalFile } from './journal-files.js'
import { decodeManifest, JOURNAL_FORMAT } from './manifest.js'
import { decodeHeader, RecordKind, recordBody, type WritePlace } from './record-format.js'

export interface RecoveredJournal {
  readonly groups: Map<number, GroupIndex>
  readonly removed: Set<number>
  /** Groups that were found damaged now, and not at an earlier start. */
  readonly damaged: readonly number[]
  /** Byte of the last file behind the last record that counts. */
  readonly end: number
  readonly lastWrite: WritePlace
}

const NO_WRITE: WritePlace = { serial: 0, offset: 0 }

/**
 * Reads all files once. An invalid place with nothing of a later write behind it is a torn tail and is cut: a write that was
 * confirmed had been synced as a whole before the next began. With something behind it, it is damage, and every group that lost a
 * record there must refuse.
 */
export class JournalRecovery {
  readonly #groups: GroupRecovery
  #lastWrite = NO_WRITE
  /** Words on the newest damage. */
  #damagedAt: string | undefined

  constructor(
    checkpoints: ReadonlyMap<number, LogCheckpoint>,
    private readonly log: Logger
  ) {
    this.#groups = new GroupRecovery(checkpoints)
  }

  async read(files: readonly JournalFile[]): Promise<RecoveredJournal> {
    let end = 0
    let before: JournalFile | undefined
    for (const file of files) {
      if (before !== undefined && file.serial !== before.serial + 1) this.#noteMissingFiles(before, file)
      end = await this.#readFile(file, file === files.at(-1))
      before = file
      await setImmediate()
    }
    const damaged = this.#groups.finish(this.#damagedAt)
    for (const group of damaged) {
      this.log.error(
        { group, words: this.#groups.groups.get(group)?.damage },
        'a replication group is damaged'
      )
    }
    const { groups, removed } = this.#groups
    return { groups, removed, damaged, end, lastWrite: this.#lastWrite }
  }

  async #readFile(journalFile: JournalFile, isLast: boolean): Promise<number> {
    const { serial, file } = journalFile
    const bytes = Buffer.allocUnsafe(await file.size())
    const length = await file.read(bytes, 0)
    const reader = new BlockReader(serial, bytes.subarray(0, length))
    for (let position = 0; ; ) {
      const found = reader.read(position)
      if (found.kind === 'endOfFile') return found.position
      if (found.kind === 'record') {
        this.#record(serial, found, file.path)
        position = found.end
        continue
      }
      const next = nextOfLaterWrite(reader, serial, found.position)
      // The last write of a file that another one follows was synced: such a file must end properly.
      if (next === undefined && isLast) return found.position
      this.#noteDamage(journalFile, found.position)
      if (next === undefined) return found.position
      position = next
    }
  }

  #record(serial: number, found: Found & { kind: 'record' }, path: string): void {
    const header = decodeHeader(found.bytes)
    if (header === undefined) return
    const { write } = header
    const isNewWrite = !isSame(write, this.#lastWrite)
    if (header.kind === RecordKind.manifest) this.#manifest(found.bytes, path)
    // The head of this write is lost, and with it what it said about the one before.
    else if (isNewWrite) this.#groups.suspectAll()
    this.#lastWrite = write
    if (header.kind === RecordKind.manifest) return
    const place = { serial, position: found.position, length: found.end - found.position }
    this.#groups.record(header, found.bytes, place)
  }

  #manifest(record: Buffer, path: string): void {
    const manifest = decodeManifest(recordBody(record))
    if (manifest.format !== JOURNAL_FORMAT) {
      throw new Error(
        `${path} was written by another version of Myelin (journal format ${manifest.format}, this version reads ${JOURNAL_FORMAT}): start that version, or give this node an empty data directory`
      )
    }
    // What came before the oldest file is not needed any more, and can not be compared.
    if (isSame(this.#lastWrite, NO_WRITE) && this.#damagedAt === undefined) return
    if (!isSame(manifest.previous, this.#lastWrite)) this.#groups.suspectAll()
    this.#groups.compare(manifest)
  }

  #noteDamage(file: JournalFile, position: number): void {
    file.isDamaged = true
    this.#damagedAt = `${file.file.path} at byte ${position}`
    this.log.error(
      { file: file.file.path, position },
      'the journal is damaged: what follows is valid, but here are no valid records'
    )
  }

  #noteMissingFiles(before: JournalFile, after: JournalFile): void {
    this.#damagedAt = `files between ${before.file.path} and ${after.file.path} are missing`
    this.log.error({ before: before.file.path, after: after.file.path }, 'files of the journal are missing')
  }
}

/** Where reading can go on behind damage, or undefined when what follows belongs to the write that was torn. */
function nextOfLaterWrite(reader: BlockReader, serial: number, position: number): number | undefined {
  let firstValid: number | undefined
  for (let found = reader.findAfter(position); found !== undefined; found = reader.findAfter(found.end - 1)) {
    firstValid ??= found.position
    const write = decodeHeader(found.bytes)?.write
    if (write?.serial === serial && write.offset > position) return firstValid
  }
  return undefined
}

function isSame(one: WritePlace, other: WritePlace): boolean {
  return one.serial === other.serial && one.offset === other.offset
}
