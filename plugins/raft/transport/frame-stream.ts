import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { FRAME_BYTES_MAX } from '../../../src/consensus/index.js'
import { reasonOf } from '../../../src/kernel/index.js'
import { embeddedMessage } from '../../../src/wire/index.js'
import { MessageReader } from '../../grpc/message-reader.js'
import { frameContentHead } from './frame-content.js'

export interface FrameStreamEvents {
  onFrame(frame: Buffer): void
  /** Room again, after `write` answered false. */
  onDrain(): void
  /** Once. `status` is that of the call where one came. */
  onEnd(status: string | undefined): void
}

/** In flight in one stream: enough to fill a fast connection, little enough to notice a slow one. */
const FLIGHT_BYTES_MAX = 1024 * 1024
/** Below this, one buffer is cheaper than two. */
const COPY_BYTES_MAX = 16 * 1024
/** A frame in its protobuf message, and what a piece of a state transfer has around it. */
export const MESSAGE_BYTES_MAX = FRAME_BYTES_MAX + 1024

/** The calling side of a call whose messages are frames. */
export class FrameStream {
  #flightBytes = 0
  #isBehind = false
  #isOver = false
  #status: string | undefined
  readonly #reader: MessageReader

  constructor(
    private readonly stream: ClientHttp2Stream,
    private readonly events: FrameStreamEvents
  ) {
    this.#reader = new MessageReader(
      stream,
      {
        onMessage: message => this.#onMessage(message),
        onEnd: () => {},
        onFault: fault => this.#fail(fault.message)
      },
      { messageBytesMax: MESSAGE_BYTES_MAX, encoding: 'identity' }
    )
    stream.on('response', headers => this.#noteStatus(headers))
    stream.on('trailers', headers => this.#noteStatus(headers))
    stream.on('end', () => this.#onEnd())
    stream.on('close', () => this.#onEnd())
    this.#reader.start()
  }

  get flightBytes(): number {
    return this.#flightBytes
  }

  /** False: the transport is behind; the frame is taken all the same. */
  write(frame: Buffer): boolean {
    const { stream } = this
    if (this.#isOver || stream.destroyed || stream.writableEnded) return true
    const head = frameContentHead(frame.length)
    const length = head.length + frame.length
    this.#flightBytes += length
    const landed = (error?: Error | null) => {
      if (!error) this.#landed(length)
    }
    if (length <= COPY_BYTES_MAX) stream.write(Buffer.concat([head, frame], length), landed)
    else {
      stream.cork()
      stream.write(head)
      stream.write(frame, landed)
      stream.uncork()
    }
    if (this.#flightBytes < FLIGHT_BYTES_MAX) return true
    this.#isBehind = true
    return false
  }

  pause(): void {
    this.#reader.pause()
  }

  resume(): void {
    this.#reader.resume()
  }

  /** Sends no more. */
  finish(): void {
    if (!this.stream.writableEnded) this.stream.end()
  }

  abort(): void {
    this.stream.destroy()
  }

  #onMessage(message: Buffer): void {
    try {
      const frame = embeddedMessage(message, 1)
      if (frame !== undefined) this.events.onFrame(frame)
    } catch (error) {
      this.#fail(reasonOf(error))
    }
  }

  #landed(bytes: number): void {
    this.#flightBytes -= bytes
    if (!this.#isBehind || this.#flightBytes > FLIGHT_BYTES_MAX / 2) return
    this.#isBehind = false
    if (!this.#isOver) this.events.onDrain()
  }

  #noteStatus(headers: IncomingHttpHeaders): void {
    const status = headers['grpc-status']
    if (status === undefined || status === '0') return
    const words = headers['grpc-message']
    this.#status = `status ${String(status)}: ${typeof words === 'string' ? unescaped(words) : ''}`
  }

  #fail(reason: string): void {
    this.#status ??= reason
    this.stream.destroy()
  }

  #onEnd(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.stream.destroyed) this.stream.destroy()
    this.events.onEnd(this.#status)
  }
}

/** gRPC over HTTP2, "Percent-Encoded". */
function unescaped(words: string): string {
  try {
    return decodeURIComponent(words)
  } catch {
    return words
  }
}
