import { MessageType } from '../core/message.js'
import type { GroupMessage } from '../ports.js'
import { ByteReader } from './byte-reader.js'
import { readColumns } from './heartbeat-columns.js'
import { readRecord } from './message-record.js'
import { FRAME_MESSAGES_MAX, Section } from './pack-frames.js'

export interface FrameAssemblerOptions {
  /** Of one message that comes in chunks. */
  readonly messageBytesMax: number
}

/** A buffer that is this many times larger than the payloads in it must not live as long as they do. */
const PINNED_FACTOR = 4

/** Turns the frames of one stream into messages again; keeps the beginning of a message that comes in chunks. */
export class FrameAssembler {
  #partial: Buffer | undefined
  #received = 0
  #unknown = 0

  constructor(private readonly options: FrameAssemblerOptions) {}

  /** Bytes of an unfinished message. */
  get partialBytes(): number {
    return this.#received
  }

  /** Messages of a later version, which were passed over. */
  get unknownMessages(): number {
    return this.#unknown
  }

  /** Body of a frame of messages. Payloads are views of the frame, or copies where a view would pin much more than itself. */
  messages(body: ByteReader, frame: Buffer): GroupMessage[] {
    const messages: GroupMessage[] = []
    while (body.remaining > 0) {
      const tag = body.u8()
      const part = body.part(body.u32())
      const countMax = FRAME_MESSAGES_MAX - messages.length
      switch (tag) {
        case Section.heartbeats:
          append(messages, readColumns(part, MessageType.heartbeat, countMax))
          break
        case Section.heartbeatResponses:
          append(messages, readColumns(part, MessageType.heartbeatResponse, countMax))
          break
        case Section.records:
          this.#records(part, messages)
          break
        default: // A section of a later version.
      }
    }
    unpin(messages, frame)
    return messages
  }

  /** Body of a chunk; the message, when it is complete. */
  chunk(body: ByteReader): GroupMessage | undefined {
    const total = body.integer(1, this.options.messageBytesMax, 'length of a message in chunks')
    const offset = body.varint()
    const bytes = body.bytes(body.varint())
    if (offset !== this.#received || (offset > 0 && total !== this.#partial?.length))
      body.fail(`a chunk at ${offset} of ${total} does not follow on ${this.#received} bytes`)
    if (bytes.length === 0 || offset + bytes.length > total)
      body.fail(`a chunk of ${bytes.length} bytes at ${offset} of ${total}`)
    // Not zeroed and not from a pool: memory that is not written to yet costs nothing.
    this.#partial ??= Buffer.allocUnsafeSlow(total)
    bytes.copy(this.#partial, offset)
    this.#received += bytes.length
    if (this.#received < total) return undefined
    return this.#complete(this.#partial)
  }

  #complete(record: Buffer): GroupMessage | undefined {
    this.#partial = undefined
    this.#received = 0
    return this.#known(readRecord(new ByteReader(record)))
  }

  #records(part: ByteReader, messages: GroupMessage[]): void {
    while (part.remaining > 0) {
      if (messages.length >= FRAME_MESSAGES_MAX) part.fail(`more than ${FRAME_MESSAGES_MAX} messages`)
      const message = this.#known(readRecord(part.part(part.u32())))
      if (message !== undefined) messages.push(message)
    }
  }

  #known(message: GroupMessage | undefined): GroupMessage | undefined {
    if (message === undefined) this.#unknown++
    return message
  }
}

function append(messages: GroupMessage[], more: readonly GroupMessage[]): void {
  for (const message of more) messages.push(message)
}

function unpin(messages: readonly GroupMessage[], frame: Buffer): void {
  let bytes = 0
  for (const { message } of messages) for (const { data } of message.entries) bytes += data.length
  if (bytes === 0 || bytes * PINNED_FACTOR >= frame.buffer.byteLength) return
  for (const { message } of messages) {
    if (message.entries.length > 0)
      message.entries = message.entries.map(entry => ({ ...entry, data: Buffer.from(entry.data) }))
  }
}
