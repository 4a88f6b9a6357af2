import { MessageType } from '../core/message.js'
import type { GroupMessage } from '../ports.js'
import { ByteWriter } from './byte-writer.js'
import { beginFrame, FrameKind } from './frame.js'
import { fitsColumns, writeColumns } from './heartbeat-columns.js'
import { recordBytesMax, writeRecord } from './message-record.js'

/** What a frame of messages consists of; unknown sections are passed over. */
export const Section = { heartbeats: 1, heartbeatResponses: 2, records: 3 } as const

export const FRAME_BYTES_MAX = 1024 * 1024
/** Of all sections; a bound on what a few bytes can make a receiver allocate. */
export const FRAME_MESSAGES_MAX = 1 << 16
const SECTION_HEAD_BYTES = 5
/** Room that a chunk leaves in its frame for what stands before it. */
const CHUNK_HEAD_BYTES = 64
const RECORD_HEAD_BYTES = 4096
const COLUMN_ROW_BYTES = 48

/**
 * Messages as frames of at most `FRAME_BYTES_MAX`: as many as fit into each, heartbeats as columns, and a message that is
 * larger than a frame in chunks, one frame each. Frames are made as the consumer takes them, in the order of the messages.
 */
export function* packFrames(messages: readonly GroupMessage[]): Generator<Buffer> {
  let from = 0
  while (from < messages.length) {
    const first = messages[from] as GroupMessage
    if (recordBytesMax(first) + CHUNK_HEAD_BYTES > FRAME_BYTES_MAX) {
      yield* chunksOf(first)
      from++
    } else {
      const to = endOfFrame(messages, from)
      yield packFrame(messages.slice(from, to))
      from = to
    }
  }
}

/** Index behind the last message that goes into the frame that begins at `from`. */
function endOfFrame(messages: readonly GroupMessage[], from: number): number {
  let bytes = CHUNK_HEAD_BYTES
  let to = from
  while (to < messages.length && to - from < FRAME_MESSAGES_MAX) {
    const message = messages[to] as GroupMessage
    bytes += fitsColumns(message.message) ? COLUMN_ROW_BYTES : recordBytesMax(message)
    if (bytes > FRAME_BYTES_MAX) break
    to++
  }
  return to
}

function packFrame(messages: readonly GroupMessage[]): Buffer {
  const heartbeats: GroupMessage[] = []
  const responses: GroupMessage[] = []
  const others: GroupMessage[] = []
  let bytes = CHUNK_HEAD_BYTES
  for (const message of messages) {
    const list = !fitsColumns(message.message)
      ? others
      : message.message.type === MessageType.heartbeat
        ? heartbeats
        : responses
    list.push(message)
    bytes += list === others ? recordBytesMax(message) : COLUMN_ROW_BYTES
  }
  const writer = beginFrame(FrameKind.messages, bytes)
  if (heartbeats.length > 0) section(writer, Section.heartbeats, () => writeColumns(writer, heartbeats))
  if (responses.length > 0) section(writer, Section.heartbeatResponses, () => writeColumns(writer, responses))
  if (others.length > 0) section(writer, Section.records, () => writeRecords(writer, others))
  return writer.finish()
}

function writeRecords(writer: ByteWriter, messages: readonly GroupMessage[]): void {
  for (const message of messages) {
    const at = writer.skip(4)
    writeRecord(writer, message)
    writer.setU32(at, writer.length - at - 4)
  }
}

/** Tag, length in four bytes, content. */
function section(writer: ByteWriter, tag: number, write: () => void): void {
  writer.u8(tag)
  const at = writer.skip(SECTION_HEAD_BYTES - 1)
  write()
  writer.setU32(at, writer.length - at - (SECTION_HEAD_BYTES - 1))
}

/** Large payloads are copied a chunk at a time, as the chunks are taken. */
function* chunksOf(message: GroupMessage): Generator<Buffer> {
  const writer = new ByteWriter(RECORD_HEAD_BYTES, { gathers: true })
  writeRecord(writer, message)
  const parts = writer.finishParts()
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  const source = new PartReader(parts)
  const bytesMax = FRAME_BYTES_MAX - CHUNK_HEAD_BYTES
  for (let offset = 0; offset < total; offset += bytesMax) {
    const length = Math.min(bytesMax, total - offset)
    const frame = beginFrame(FrameKind.chunk, length + CHUNK_HEAD_BYTES)
    frame.varint(total)
    frame.varint(offset)
    frame.varint(length)
    source.copyTo(frame, length)
    yield frame.finish()
  }
}

class PartReader {
  #part = 0
  #offset = 0

  constructor(private readonly parts: readonly Buffer[]) {}

  copyTo(writer: ByteWriter, length: number): void {
    let left = length
    while (left > 0) {
      const part = this.parts[this.#part] as Buffer
      const piece = part.subarray(this.#offset, this.#offset + left)
      writer.bytes(piece)
      left -= piece.length
      this.#offset += piece.length
      if (this.#offset < part.length) continue
      this.#part++
      this.#offset = 0
    }
  }
}
