import { Message, MessageType } from '../core/message.js'
import type { GroupMessage } from '../ports.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { U32_MAX } from './message-record.js'

/**
 * Heartbeats of all groups, or their answers, as columns: what is zero everywhere, or the same everywhere, is written once.
 * 500 groups take about 3 KiB.
 */
const COLUMNS = ['to', 'from', 'term', 'index', 'commit', 'readSequence', 'context'] as const
type Column = (typeof COLUMNS)[number]

const ColumnKind = { zero: 0, constant: 1, values: 2 } as const

/** A heartbeat that carries something else goes as an ordinary record. */
export function fitsColumns(message: Message): boolean {
  return (
    (message.type === MessageType.heartbeat || message.type === MessageType.heartbeatResponse) &&
    message.logTerm === 0 &&
    message.vote === 0 &&
    !message.reject &&
    message.hint === 0 &&
    !message.force &&
    message.voteCommit === 0 &&
    message.voteCommitTerm === 0 &&
    message.entries.length === 0 &&
    message.snapshot === undefined
  )
}

/** All of one type; ordered by group, so that the groups are written as small differences. */
export function writeColumns(writer: ByteWriter, rows: readonly GroupMessage[]): void {
  const sorted = rows.toSorted((a, b) => a.group - b.group)
  writer.varint(sorted.length)
  let group = 0
  for (const row of sorted) {
    writer.varint(row.group - group)
    group = row.group
  }
  writer.varint(COLUMNS.length)
  for (const column of COLUMNS) writeColumn(writer, column, sorted)
}

export function readColumns(reader: ByteReader, type: MessageType, rowsMax: number): GroupMessage[] {
  const count = reader.integer(0, Math.min(reader.remaining, rowsMax), 'number of groups')
  const rows: GroupMessage[] = []
  let group = 0
  for (let i = 0; i < count; i++) {
    group += reader.varint()
    if (group > U32_MAX) reader.fail(`${group} is no group`)
    rows.push({ group, message: new Message(type) })
  }
  // Columns of a later version stand behind the known ones and are passed over.
  const columns = Math.min(reader.varint(), COLUMNS.length)
  for (let i = 0; i < columns; i++) readColumn(reader, COLUMNS[i] as Column, rows)
  for (const { message } of rows) {
    if (!isMemberId(message.to) || !isMemberId(message.from)) reader.fail('a heartbeat names no member')
  }
  return rows
}

function writeColumn(writer: ByteWriter, column: Column, rows: readonly GroupMessage[]): void {
  const first = rows[0]?.message[column] ?? 0
  if (rows.every(({ message }) => message[column] === first)) {
    writer.u8(first === 0 ? ColumnKind.zero : ColumnKind.constant)
    if (first !== 0) writer.varint(first)
    return
  }
  writer.u8(ColumnKind.values)
  for (const { message } of rows) writer.varint(message[column])
}

function readColumn(reader: ByteReader, column: Column, rows: readonly GroupMessage[]): void {
  const kind = reader.u8()
  switch (kind) {
    case ColumnKind.zero:
      return
    case ColumnKind.constant: {
      const value = reader.varint()
      for (const { message } of rows) setColumn(message, column, value)
      return
    }
    case ColumnKind.values:
      for (const { message } of rows) setColumn(message, column, reader.varint())
      return
    default:
      reader.fail(`${kind} is no kind of column`)
  }
}

function setColumn(message: Message, column: Column, value: number): void {
  message[column] = value
}

function isMemberId(id: number): boolean {
  return id >= 1 && id <= U32_MAX
}
