import { isLocal, Message, MessageType } from '../core/message.js'
import type { ConfState, Entry, NodeId, SnapshotMeta } from '../core/types.js'
import type { GroupMessage } from '../ports.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'

/**
 * One message: type, group, to, from, a mask of the fields that are not zero, and their values in the order of the bits. A
 * later version adds bits above the known ones, whose values then stand behind the known values and are passed over.
 */
const Field = {
  term: 1 << 0,
  logTerm: 1 << 1,
  index: 1 << 2,
  commit: 1 << 3,
  vote: 1 << 4,
  hint: 1 << 5,
  readSequence: 1 << 6,
  context: 1 << 7,
  voteCommit: 1 << 8,
  voteCommitTerm: 1 << 9,
  reject: 1 << 10,
  force: 1 << 11,
  entries: 1 << 12,
  snapshot: 1 << 13
} as const

const NUMBERS = [
  'term',
  'logTerm',
  'index',
  'commit',
  'vote',
  'hint',
  'readSequence',
  'context',
  'voteCommit',
  'voteCommitTerm'
] as const

export const U32_MAX = 0xffffffff
const MASK_MAX = 2 ** 31 - 1
const ENTRY_BYTES_MIN = 3
/** A bound on what a few bytes can make us allocate. */
const ENTRIES_MAX = 1 << 18
const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(MessageType))

/** Upper bound of what a message takes, for buffers and for the bounds of queues. */
export function recordBytesMax({ message }: GroupMessage): number {
  let bytes = 160
  for (const { data } of message.entries) bytes += data.length + 24
  if (message.snapshot !== undefined) bytes += confBytesMax(message.snapshot.conf)
  return bytes
}

export function writeRecord(writer: ByteWriter, { group, message }: GroupMessage): void {
  if (isLocal(message.type)) throw new RangeError(`messages of type ${message.type} do not leave a node`)
  writer.u8(message.type)
  writer.varint(group)
  writer.varint(message.to)
  writer.varint(message.from)
  writer.varint(maskOf(message))
  for (const name of NUMBERS) if (message[name] !== 0) writer.varint(message[name])
  if (message.entries.length > 0) writeEntries(writer, message.entries)
  if (message.snapshot !== undefined) writeSnapshot(writer, message.snapshot)
}

/** Undefined: a message of a later version, which this one does not know. */
export function readRecord(reader: ByteReader): GroupMessage | undefined {
  const type = reader.u8()
  if (!KNOWN_TYPES.has(type)) return undefined
  if (isLocal(type as MessageType)) reader.fail(`messages of type ${type} do not come from another node`)
  const group = reader.integer(0, U32_MAX, 'group')
  const to = reader.integer(1, U32_MAX, 'member id')
  const from = reader.integer(1, U32_MAX, 'member id')
  const message = new Message(type as MessageType, to, from)
  const mask = reader.integer(0, MASK_MAX, 'mask of fields')
  for (let i = 0; i < NUMBERS.length; i++) {
    if ((mask & (1 << i)) !== 0) message[NUMBERS[i] as (typeof NUMBERS)[number]] = reader.varint()
  }
  if (message.vote > U32_MAX) reader.fail(`${message.vote} is no member id`)
  message.reject = (mask & Field.reject) !== 0
  message.force = (mask & Field.force) !== 0
  if ((mask & Field.entries) !== 0) message.entries = readEntries(reader)
  if ((mask & Field.snapshot) !== 0) message.snapshot = readSnapshot(reader)
  return { group, message }
}

function maskOf(message: Message): number {
  let mask = 0
  for (let i = 0; i < NUMBERS.length; i++) {
    if (message[NUMBERS[i] as (typeof NUMBERS)[number]] !== 0) mask |= 1 << i
  }
  if (message.reject) mask |= Field.reject
  if (message.force) mask |= Field.force
  if (message.entries.length > 0) mask |= Field.entries
  if (message.snapshot !== undefined) mask |= Field.snapshot
  return mask
}

/** Indexes follow each other and terms never fall, so an entry needs only the difference to the one before. */
function writeEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  const first = entries[0] as Entry
  if (entries.length > ENTRIES_MAX)
    throw new RangeError(`${entries.length} entries are too many for a message`)
  writer.varint(entries.length)
  writer.varint(first.index)
  writer.varint(first.term)
  let term = first.term
  let index = first.index
  for (const entry of entries) {
    if (entry.index !== index++) throw new RangeError(`entry ${entry.index} stands in place of ${index - 1}`)
    writer.varint(entry.term - term)
    writer.u8(entry.kind)
    writer.varint(entry.data.length)
    writer.bytes(entry.data)
    term = entry.term
  }
}

function readEntries(reader: ByteReader): Entry[] {
  const countMax = Math.min(ENTRIES_MAX, Math.floor(reader.remaining / ENTRY_BYTES_MIN))
  const count = reader.integer(1, countMax, 'number of entries')
  const first = reader.integer(0, Number.MAX_SAFE_INTEGER - count, 'index of an entry')
  let term = reader.varint()
  const entries: Entry[] = []
  for (let i = 0; i < count; i++) {
    term += reader.varint()
    if (!Number.isSafeInteger(term)) reader.fail('a term is beyond the safe integers')
    const kind = reader.u8()
    entries.push({ index: first + i, term, kind, data: reader.bytes(reader.varint()) })
  }
  return entries
}

function writeSnapshot(writer: ByteWriter, { index, term, conf }: SnapshotMeta): void {
  const at = writer.skip(4)
  writer.varint(index)
  writer.varint(term)
  for (const ids of [conf.voters, conf.outgoing, conf.learners, conf.learnersNext]) writeIds(writer, ids)
  writer.u8(conf.autoLeave ? 1 : 0)
  writer.setU32(at, writer.length - at - 4)
}

function readSnapshot(reader: ByteReader): SnapshotMeta {
  const part = reader.part(reader.u32())
  const index = part.varint()
  const term = part.varint()
  const voters = readIds(part)
  const outgoing = readIds(part)
  const learners = readIds(part)
  const learnersNext = readIds(part)
  const autoLeave = part.u8() !== 0
  return { index, term, conf: { voters, outgoing, learners, learnersNext, autoLeave } }
}

function writeIds(writer: ByteWriter, ids: readonly NodeId[]): void {
  writer.varint(ids.length)
  for (const id of ids) writer.varint(id)
}

function readIds(reader: ByteReader): NodeId[] {
  const count = reader.integer(0, reader.remaining, 'number of members')
  const ids: NodeId[] = []
  for (let i = 0; i < count; i++) ids.push(reader.integer(1, U32_MAX, 'member id'))
  return ids
}

function confBytesMax({ voters, outgoing, learners, learnersNext }: ConfState): number {
  return 64 + 5 * (voters.length + outgoing.length + learners.length + learnersNext.length)
}
