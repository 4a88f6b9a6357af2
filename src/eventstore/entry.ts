import assert from 'node:assert'
import { encodeEventFrames } from '../storage/index.js'

/**
 * What a replication group's log says about a context. Layout: `u8 kind, u8 format, u32 context, u48 storedAtMs`, then the
 * body of the kind. Tokens are not in it: `apply` gives them.
 */
export const EntryKind = {
  append: 1,
  snapshot: 2,
  schedule: 3,
  cancelSchedule: 4,
  fireSchedule: 5
} as const

const FORMAT = 1
const HEADER_BYTES = 12
const COUNT_BYTES = 4

export interface EntryHeader {
  readonly kind: number
  readonly contextId: number
  readonly storedAtMs: number
}

export function encodeEntry(header: EntryHeader, ...body: readonly Buffer[]): Buffer {
  const head = Buffer.allocUnsafe(HEADER_BYTES)
  writeHeader(header, head)
  return Buffer.concat([head, ...body])
}

/** The entry of a transaction. Its events are copied once, to where journal and segment take them from. */
export function encodeAppendEntry(header: EntryHeader, events: readonly Buffer[]): Buffer {
  const entry = encodeEventFrames(events, HEADER_BYTES + COUNT_BYTES)
  writeHeader(header, entry)
  entry.writeUInt32BE(events.length, HEADER_BYTES)
  return entry
}

function writeHeader(header: EntryHeader, target: Buffer): void {
  target.writeUInt8(header.kind, 0)
  target.writeUInt8(FORMAT, 1)
  target.writeUInt32BE(header.contextId, 2)
  target.writeUIntBE(header.storedAtMs, 6, 6)
}

export function decodeEntryHeader(data: Buffer): EntryHeader {
  const format = data.readUInt8(1)
  assert(
    format === FORMAT,
    `log entry has format ${format}, this version knows ${FORMAT}: it was written by a newer version`
  )
  return { kind: data.readUInt8(0), contextId: data.readUInt32BE(2), storedAtMs: data.readUIntBE(6, 6) }
}

export function entryBody(data: Buffer): Buffer {
  return data.subarray(HEADER_BYTES)
}

/** Body of `append`: `u32 count`, then the event frames as a segment stores them. */
export function decodeAppendBody(body: Buffer): { readonly count: number; readonly frames: Buffer } {
  return { count: body.readUInt32BE(0), frames: body.subarray(COUNT_BYTES) }
}

export interface ScheduleBody {
  readonly token: string
  /** Empty, or the token of the entry that this one replaces. */
  readonly replaces: string
  readonly dueMs: number
  readonly event: Buffer
}

/** Body of `schedule`: two texts with a u16 length, `f64 dueMs`, the event. */
export function encodeScheduleBody(body: ScheduleBody): Buffer[] {
  const due = Buffer.allocUnsafe(8)
  due.writeDoubleBE(body.dueMs, 0)
  return [...encodeText(body.token), ...encodeText(body.replaces), due, body.event]
}

export function decodeScheduleBody(body: Buffer): ScheduleBody {
  const token = readText(body, 0)
  const replaces = readText(body, token.end)
  return {
    token: token.text,
    replaces: replaces.text,
    dueMs: body.readDoubleBE(replaces.end),
    event: body.subarray(replaces.end + 8)
  }
}

/** Body of `cancelSchedule` and `fireSchedule`: the token. The time of firing is the entry's `storedAtMs`. */
export function encodeTokenBody(token: string): Buffer {
  return Buffer.from(token, 'utf8')
}

export function decodeTokenBody(body: Buffer): string {
  return body.toString('utf8')
}

function encodeText(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'utf8')
  const length = Buffer.allocUnsafe(2)
  length.writeUInt16BE(bytes.length, 0)
  return [length, bytes]
}

function readText(buffer: Buffer, offset: number): { readonly text: string; readonly end: number } {
  const end = offset + 2 + buffer.readUInt16BE(offset)
  return { text: buffer.toString('utf8', offset + 2, end), end }
}
