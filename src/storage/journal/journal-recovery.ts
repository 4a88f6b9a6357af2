import type { Logger } from '../../kernel/index.js'
import type { LogCheckpoint } from '../log-storage.js'
import { BlockReader, type Found } from './block-reader.js'
import { GroupIndex } from './group-index.js'
import type { JournalFile } from './journal-files.js'
import {
  decodeEntries,
  decodeHeader,
  decodeManifest,
  MANIFEST_GROUP,
  type ManifestItem,
  type RecordHeader,
  RecordKind,
  recordBody,
  recordChecksum
} from './record-format.js'

export interface RecoveredJournal {
  readonly groups: Map<number, GroupIndex>
  /** Words per group that can't go on. */
  readonly damages: Map<number, string>
  /** Where the next write goes; undefined when there is no file. */
  readonly end: { readonly serial: number; readonly position: number } | undefined
  /** Records of the newest write. */
  readonly lastWrite: readonly ManifestItem[]
}

/**
 * Reads all files once. An invalid place with nothing of a later write behind it is a torn tail and is cut: a write that was
 * confirmed had been synced as a whole before the next began. With something behind it, it is damage, and every group that lost a
 * record there must refuse; the manifest at the head of the next write says which.
 */
export class JournalRecovery {
  readonly #groups = new Map<number, GroupIndex>()
  readonly #damages = new Map<number, string>()
  readonly #removed = new Set<number>()
  /** Last entry before the first lost record, per group. */
  readonly #lost = new Map<number, number>()
  #write: { serial: number; offset: number; items: ManifestItem[] } | undefined
  #damagedAt: string | undefined

  constructor(
    private readonly checkpoints: ReadonlyMap<number, LogCheckpoint>,
    private readonly log: Logger
  ) {
    for (const [group, checkpoint] of checkpoints) this.#groups.set(group, new GroupIndex(checkpoint))
  }

  async read(files: readonly JournalFile[]): Promise<RecoveredJournal> {
    let end: RecoveredJournal['end']
    for (const [i, { serial, file }] of files.entries()) {
      const bytes = Buffer.allocUnsafe(await file.size())
      await file.read(bytes, 0)
      const position = this.#readFile(serial, new BlockReader(serial, bytes), file.path, i < files.length - 1)
      end = { serial, position }
      await new Promise(resolve => setImmediate(resolve))
    }
    for (const group of this.#removed) {
      this.#groups.delete(group)
      this.#damages.delete(group)
    }
    this.#checkGaps()
    return { groups: this.#groups, damages: this.#damages, end, lastWrite: this.#write?.items ?? [] }
  }

  /** Returns the position behind the last record that counts. */
  #readFile(serial: number, reader: BlockReader, path: string, hasNextFile: boolean): number {
    let position = 0
    for (;;) {
      const found = reader.read(position)
      if (found.kind === 'endOfFile') return found.position
      if (found.kind === 'record') {
        this.#record(serial, found)
        position = found.end
        continue
      }
      const next = this.#nextOfLaterWrite(reader, serial, found.position)
      if (next === undefined) {
        // The last write of a file that another one follows was synced: the file must end properly.
        if (hasNextFile) this.#noteDamage(path, found.position)
        return found.position
      }
      this.#noteDamage(path, found.position)
      position = next
    }
  }

  /** Where reading can go on behind damage, or undefined when what follows belongs to the write that was torn. */
  #nextOfLaterWrite(reader: BlockReader, serial: number, position: number): number | undefined {
    let firstValid: number | undefined
    let found = reader.findAfter(position)
    while (found !== undefined) {
      firstValid ??= found.position
      const header = decodeHeader(found.bytes)
      if (header !== undefined && header.writeSerial === serial && header.writeOffset > position)
        return firstValid
      found = reader.findAfter(found.end - 1)
    }
    return undefined
  }

  #record(serial: number, found: Found & { kind: 'record' }): void {
    const header = decodeHeader(found.bytes)
    if (header === undefined) return
    const checksum = recordChecksum([found.bytes])
    this.#beginWrite(header, found.bytes)
    if (header.group === MANIFEST_GROUP) return
    this.#write!.items.push({ group: header.group, checksum })
    const group = this.#group(header.group)
    const hasGap = group.newestSerial !== 0 && group.link !== header.previous
    if (hasGap) this.#loseRecord(header.group)
    group.link = checksum
    group.newestSerial = serial
    if (header.kind === RecordKind.tombstone) this.#removed.add(header.group)
    if (header.kind !== RecordKind.entries) return
    const { hardState, entries } = decodeEntries(recordBody(found.bytes))
    group.hardState = hardState
    group.append(entries, { serial, position: found.position, length: found.end - found.position })
  }

  /** The manifest of a write tells which records of the write before must have been there. */
  #beginWrite(header: RecordHeader, record: Buffer): void {
    const isSame = this.#write?.serial === header.writeSerial && this.#write.offset === header.writeOffset
    if (isSame) return
    const before = this.#write?.items ?? []
    this.#write = { serial: header.writeSerial, offset: header.writeOffset, items: [] }
    if (this.#damagedAt === undefined) return
    if (header.group !== MANIFEST_GROUP) {
      this.#loseAll()
      return
    }
    for (const { group, checksum } of decodeManifest(recordBody(record))) {
      const isThere = before.some(item => item.group === group && item.checksum === checksum)
      if (!isThere) this.#loseRecord(group)
    }
  }

  #noteDamage(path: string, position: number): void {
    this.#damagedAt = `${path} at byte ${position}`
    this.log.error(
      { file: path, position },
      'the journal is damaged: what follows is valid, but here are no valid records'
    )
  }

  /** Which records were lost is not known: every group may have lost one. */
  #loseAll(): void {
    for (const group of this.#groups.keys()) this.#loseRecord(group)
  }

  /** What came before does not connect to what follows; that is no harm where a checkpoint contains it. */
  #loseRecord(number: number): void {
    const group = this.#group(number)
    this.#lost.set(number, this.#lost.get(number) ?? group.lastIndex)
    group.breakOff()
  }

  #checkGaps(): void {
    for (const [number, group] of this.#groups) {
      const lastBefore = this.#lost.get(number)
      const first = group.firstStored
      const commit = group.hardState?.commit ?? 0
      if (lastBefore !== undefined && first === undefined) {
        this.#damages.set(number, words(number, `what followed entry ${lastBefore} is lost`, this.#damagedAt))
      } else if (first !== undefined && first > group.firstIndex) {
        this.#damages.set(
          number,
          words(number, `entries ${group.firstIndex} to ${first - 1} are missing`, this.#damagedAt)
        )
      } else if (commit > group.lastIndex) {
        // They went because a checkpoint contained them, and the one that there is now is older.
        const what = `entries ${group.lastIndex + 1} to ${commit} are missing, and the state store does not contain them`
        this.#damages.set(number, words(number, what, this.#damagedAt))
      }
    }
  }

  #group(number: number): GroupIndex {
    let group = this.#groups.get(number)
    if (group === undefined) {
      group = new GroupIndex(this.checkpoints.get(number) ?? { index: 0, term: 0 })
      this.#groups.set(number, group)
    }
    return group
  }
}

function words(group: number, what: string, where: string | undefined): string {
  const place = where === undefined ? '' : ` (${where})`
  return `The journal of replication group ${group} is damaged: ${what}${place}. Restore this node from a backup, or remove its data and let it join again`
}
