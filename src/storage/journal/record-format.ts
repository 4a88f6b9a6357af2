import { crc32 } from 'node:zlib'
import type { HardState, LogEntry } from '../log-storage.js'

/**
 * A record is one group's part of one write: `u8 kind, u32 group, u32 previous, u32 write serial, u32 write offset`, then the body.
 * `previous` is the checksum of the group's record before. The write's place says which records went to disk together.
 */
export const RecordKind = { entries: 1, tombstone: 2, manifest: 3, damage: 4 } as const

const HEADER_BYTES = 17
/** Where the serial number of the record's file stands. */
export const RECORD_SERIAL_AT = 9
const HARD_STATE_BYTES = 18
const ENTRIES_HEADER_BYTES = HARD_STATE_BYTES + 10
const ENTRY_HEADER_BYTES = 11
const NO_HARD_STATE: HardState = { term: 0, vote: 0, commit: 0 }
const NO_ENTRIES: readonly LogEntry[] = []
const NO_BYTES = Buffer.alloc(0)

/** Where a write begins. */
export interface WritePlace {
  readonly serial: number
  readonly offset: number
}

export interface RecordHeader {
  readonly kind: number
  readonly group: number
  readonly previous: number
  readonly write: WritePlace
}

/** What one group has to be written: its part of a batch, its removal, or that it is damaged. */
export class JournalRecord {
  private constructor(
    readonly kind: number,
    readonly group: number,
    readonly hardState: HardState,
    readonly entries: readonly LogEntry[],
    /** Body of a kind without entries. */
    readonly body: Buffer,
    /** Encoded length. */
    readonly bytes: number
  ) {}

  static entries(group: number, hardState: HardState, entries: readonly LogEntry[]): JournalRecord {
    let bytes = HEADER_BYTES + ENTRIES_HEADER_BYTES + entries.length * ENTRY_HEADER_BYTES
    for (let i = 0; i < entries.length; i++) bytes += entries[i]!.data.length
    return new JournalRecord(RecordKind.entries, group, hardState, entries, NO_BYTES, bytes)
  }

  static tombstone(group: number): JournalRecord {
    return JournalRecord.#plain(RecordKind.tombstone, group, NO_BYTES)
  }

  static damage(group: number, words: string): JournalRecord {
    return JournalRecord.#plain(RecordKind.damage, group, Buffer.from(words))
  }

  static manifest(body: Buffer): JournalRecord {
    return JournalRecord.#plain(RecordKind.manifest, 0, body)
  }

  static #plain(kind: number, group: number, body: Buffer): JournalRecord {
    return new JournalRecord(kind, group, NO_HARD_STATE, NO_ENTRIES, body, HEADER_BYTES + body.length)
  }
}

/** `lastIndex` is the group's last index once this record is in force: it tells where an empty record stands. */
export function encodeRecord(
  record: JournalRecord,
  previous: number,
  write: WritePlace,
  lastIndex: number
): Buffer {
  const target = Buffer.allocUnsafe(record.bytes)
  target[0] = record.kind
  target.writeUInt32BE(record.group, 1)
  target.writeUInt32BE(previous, 5)
  target.writeUInt32BE(write.serial, RECORD_SERIAL_AT)
  target.writeUInt32BE(write.offset, 13)
  if (record.kind === RecordKind.entries) encodeEntries(target, record, lastIndex)
  else record.body.copy(target, HEADER_BYTES)
  return target
}

/** Undefined for bytes that are no record of this format. */
export function decodeHeader(record: Buffer): RecordHeader | undefined {
  if (record.length < HEADER_BYTES) return undefined
  return {
    kind: record.readUInt8(0),
    group: record.readUInt32BE(1),
    previous: record.readUInt32BE(5),
    write: { serial: record.readUInt32BE(RECORD_SERIAL_AT), offset: record.readUInt32BE(13) }
  }
}

export function recordBody(record: Buffer): Buffer {
  return record.subarray(HEADER_BYTES)
}

export function recordChecksum(record: Buffer): number {
  return crc32(record)
}

/** From `index` on entries have `term`. */
export interface TermRun {
  readonly index: number
  readonly term: number
}

/** What the index in memory needs of a record with entries. */
export interface EntriesSummary {
  readonly hardState: HardState
  /** Index behind the group's last one when the record has no entries. */
  readonly firstIndex: number
  readonly count: number
  readonly terms: readonly TermRun[]
}

export function termRuns(entries: readonly LogEntry[]): TermRun[] {
  const runs: TermRun[] = []
  let term = -1
  for (const entry of entries) {
    if (entry.term === term) continue
    term = entry.term
    runs.push({ index: entry.index, term })
  }
  return runs
}

export function summarizeEntries(record: Buffer): EntriesSummary {
  const at = HEADER_BYTES
  const firstIndex = record.readUIntBE(at + HARD_STATE_BYTES, 6)
  const count = record.readUInt32BE(at + HARD_STATE_BYTES + 6)
  const terms: TermRun[] = []
  let last = -1
  let position = at + ENTRIES_HEADER_BYTES
  for (let i = 0; i < count; i++) {
    const term = record.readUIntBE(position, 6)
    if (term !== last) terms.push({ index: firstIndex + i, term })
    last = term
    position += ENTRY_HEADER_BYTES + record.readUInt32BE(position + 7)
  }
  return { hardState: decodeHardState(record, at), firstIndex, count, terms }
}

/** Entries from..to of a record as views into it, at least one if there is any, otherwise at most `bytesMax` of data. */
export function decodeEntries(record: Buffer, from: number, to: number, bytesMax: number): LogEntry[] {
  const at = HEADER_BYTES
  const firstIndex = record.readUIntBE(at + HARD_STATE_BYTES, 6)
  const end = Math.min(firstIndex + record.readUInt32BE(at + HARD_STATE_BYTES + 6), to + 1)
  const entries: LogEntry[] = []
  let bytes = 0
  let position = at + ENTRIES_HEADER_BYTES
  for (let index = firstIndex; index < end; index++) {
    const start = position + ENTRY_HEADER_BYTES
    const next = start + record.readUInt32BE(position + 7)
    if (index >= from) {
      bytes += next - start
      if (entries.length > 0 && bytes > bytesMax) break
      entries.push({
        index,
        term: record.readUIntBE(position, 6),
        kind: record.readUInt8(position + 6),
        data: record.subarray(start, next)
      })
    }
    position = next
  }
  return entries
}

/** Hard state (three u48), `u48 first index, u32 count`, then per entry `u48 term, u8 kind, u32 length, bytes`. */
function encodeEntries(target: Buffer, { hardState, entries }: JournalRecord, lastIndex: number): void {
  const at = HEADER_BYTES
  target.writeUIntBE(hardState.term, at, 6)
  target.writeUIntBE(hardState.vote, at + 6, 6)
  target.writeUIntBE(hardState.commit, at + 12, 6)
  target.writeUIntBE(lastIndex + 1 - entries.length, at + HARD_STATE_BYTES, 6)
  target.writeUInt32BE(entries.length, at + HARD_STATE_BYTES + 6)
  let position = at + ENTRIES_HEADER_BYTES
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!
    target.writeUIntBE(entry.term, position, 6)
    target[position + 6] = entry.kind
    target.writeUInt32BE(entry.data.length, position + 7)
    position += ENTRY_HEADER_BYTES
    target.set(entry.data, position)
    position += entry.data.length
  }
}

function decodeHardState(record: Buffer, at: number): HardState {
  return {
    term: record.readUIntBE(at, 6),
    vote: record.readUIntBE(at + 6, 6),
    commit: record.readUIntBE(at + 12, 6)
  }
}
