import type { ServerHttp2Stream } from 'node:http2'

const prefixBytes = 5

export interface WriterOptions {
  /** Bytes that may be on their way before `write` answers false. */
  readonly bufferedBytesMax: number
  /** Runs once the bytes on their way have fallen to half of that. */
  readonly onDrain: () => void
}

/**
 * Sends messages to the caller. What is written within one turn of the event loop goes out together: one write for many
 * messages is several times cheaper than one each.
 */
export class MessageWriter {
  #batch: Buffer[] = []
  #batchBytes = 0
  #flightBytes = 0
  #behind = false

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly options: WriterOptions
  ) {}

  write(message: Buffer): boolean {
    if (this.#batch.length === 0) process.nextTick(flush, this)
    this.#batch.push(message)
    this.#batchBytes += message.length + prefixBytes
    if (this.#batchBytes + this.#flightBytes < this.options.bufferedBytesMax) return true
    this.#behind = true
    return false
  }

  flush(): void {
    const batch = this.#batch
    if (batch.length === 0) return
    const bytes = frame(batch, this.#batchBytes)
    this.#batch = []
    this.#batchBytes = 0
    if (this.stream.destroyed || this.stream.writableEnded) return
    this.#flightBytes += bytes.length
    this.stream.write(bytes, error => {
      if (!error) this.#landed(bytes.length)
    })
  }

  #landed(bytes: number): void {
    this.#flightBytes -= bytes
    if (!this.#behind || this.#flightBytes + this.#batchBytes > this.options.bufferedBytesMax / 2) return
    this.#behind = false
    this.options.onDrain()
  }
}

function flush(writer: MessageWriter): void {
  writer.flush()
}

/** The messages as gRPC frames them: flag 0, length in four bytes, body. */
function frame(messages: readonly Buffer[], size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let offset = 0
  for (const message of messages) {
    offset = bytes.writeUInt8(0, offset)
    offset = bytes.writeUInt32BE(message.length, offset)
    offset += message.copy(bytes, offset)
  }
  return bytes
}

export function frameMessage(message: Buffer): Buffer {
  return frame([message], message.length + prefixBytes)
}
