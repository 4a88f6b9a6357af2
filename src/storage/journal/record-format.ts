import { crc32 } from 'node:zlib'
import type { HardState, LogEntry } from '../log-storage.js'

/**
 * A record is one group's part of one write: `u8 kind, u32 group, u32 previous, u32 write serial, u32 write offset`, then the body.
 * `previous` is the checksum of the group's record before. The write's place says which records went to disk together.
 */
export const RecordKind = { entries: 1, tombstone: 2, manifest: 3 } as const

/** Not a group: the record at the head of each write that names the records of the write before. */
export const MANIFEST_GROUP = 0xffff_ffff

const HEADER_BYTES = 17
const HARD_STATE_BYTES = 18
const ENTRIES_HEADER_BYTES = HARD_STATE_BYTES + 10
const ENTRY_HEADER_BYTES = 11

export interface RecordHeader {
  readonly kind: number
  readonly group: number
  readonly previous: number
  readonly writeSerial: number
  readonly writeOffset: number
}

export function encodeHeader(header: RecordHeader): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES)
  bytes.writeUInt8(header.kind, 0)
  bytes.writeUInt32BE(header.group, 1)
  bytes.writeUInt32BE(header.previous, 5)
  bytes.writeUInt32BE(header.writeSerial, 9)
  bytes.writeUInt32BE(header.writeOffset, 13)
  return bytes
}

/** Undefined for bytes that are no record of this format. */
export function decodeHeader(record: Buffer): RecordHeader | undefined {
  if (record.length < HEADER_BYTES) return undefined
  return {
    kind: record.readUInt8(0),
    group: record.readUInt32BE(1),
    previous: record.readUInt32BE(5),
    writeSerial: record.readUInt32BE(9),
    writeOffset: record.readUInt32BE(13)
  }
}

export function recordBody(record: Buffer): Buffer {
  return record.subarray(HEADER_BYTES)
}

export function recordChecksum(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), 0)
}

export interface EntriesBody {
  readonly hardState: HardState
  readonly entries: readonly LogEntry[]
}

/** Hard state (three u48), `u48 first index, u32 count`, then per entry `u48 term, u8 kind, u32 length, bytes`. */
export function encodeEntries({ hardState, entries }: EntriesBody): Buffer[] {
  const head = Buffer.allocUnsafe(ENTRIES_HEADER_BYTES)
  head.writeUIntBE(hardState.term, 0, 6)
  head.writeUIntBE(hardState.vote, 6, 6)
  head.writeUIntBE(hardState.commit, 12, 6)
  head.writeUIntBE(entries[0]?.index ?? 0, 18, 6)
  head.writeUInt32BE(entries.length, 24)
  const parts: Buffer[] = [head]
  for (const entry of entries) {
    const entryHead = Buffer.allocUnsafe(ENTRY_HEADER_BYTES)
    entryHead.writeUIntBE(entry.term, 0, 6)
    entryHead.writeUInt8(entry.kind, 6)
    entryHead.writeUInt32BE(entry.data.length, 7)
    parts.push(entryHead, entry.data)
  }
  return parts
}

export function decodeEntries(body: Buffer): EntriesBody {
  const hardState = {
    term: body.readUIntBE(0, 6),
    vote: body.readUIntBE(6, 6),
    commit: body.readUIntBE(12, 6)
  }
  const firstIndex = body.readUIntBE(18, 6)
  const count = body.readUInt32BE(24)
  const entries: LogEntry[] = []
  let at = ENTRIES_HEADER_BYTES
  for (let i = 0; i < count; i++) {
    const end = at + ENTRY_HEADER_BYTES + body.readUInt32BE(at + 7)
    entries.push({
      index: firstIndex + i,
      term: body.readUIntBE(at, 6),
      kind: body.readUInt8(at + 6),
      data: body.subarray(at + ENTRY_HEADER_BYTES, end)
    })
    at = end
  }
  return { hardState, entries }
}

/** A record of the write before: its group and checksum. */
export interface ManifestItem {
  readonly group: number
  readonly checksum: number
}

export function encodeManifest(items: readonly ManifestItem[]): Buffer {
  const bytes = Buffer.allocUnsafe(items.length * 8)
  items.forEach((item, i) => {
    bytes.writeUInt32BE(item.group, i * 8)
    bytes.writeUInt32BE(item.checksum, i * 8 + 4)
  })
  return bytes
}

export function decodeManifest(body: Buffer): ManifestItem[] {
  const items: ManifestItem[] = []
  for (let at = 0; at + 8 <= body.length; at += 8) {
    items.push({ group: body.readUInt32BE(at), checksum: body.readUInt32BE(at + 4) })
  }
  return items
}
