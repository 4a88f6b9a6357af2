import type { Http2Stream } from 'node:http2'
import { GrpcStatus } from '../../src/wire/index.js'
import type { AwaitedBytes } from './awaited-bytes.js'
import { CallFault } from './call-fault.js'
import { decompress } from './decompress.js'

/** Who gets what a MessageReader reads. Nothing follows `onEnd` or `onFault`. */
export interface MessageSink {
  onMessage(message: Buffer): void
  /** The stream has ended, perhaps because the caller is gone. */
  onEnd(): void
  onFault(fault: CallFault): void
}

export interface ReaderOptions {
  readonly messageBytesMax: number
  /** Header `grpc-encoding`. */
  readonly encoding: string
  /** Where unfinished messages are counted, with those of other calls. */
  readonly awaited?: AwaitedBytes | undefined
}

const prefixBytes = 5
const compressedFlag = 1

/**
 * Cuts the caller's bytes into messages, which are views of them. While paused it takes nothing from the stream, so that
 * HTTP/2 flow control holds the caller back; what had arrived before stays here, at most one window.
 */
export class MessageReader {
  #chunks: Buffer[] = []
  #bufferedBytes = 0
  /** Of those buffered, as far as they are counted in `awaited`. */
  #countedBytes = 0
  #neededBytes = prefixBytes
  #paused = false
  #ended = false
  #done = false
  #delivering = false

  constructor(
    private readonly stream: Http2Stream,
    private readonly sink: MessageSink,
    private readonly options: ReaderOptions
  ) {}

  start(): void {
    this.stream.on('data', (chunk: Buffer) => this.#take(chunk))
    this.stream.on('end', () => {
      this.#ended = true
      this.#deliver()
    })
    if (!this.#paused) this.stream.resume()
  }

  /** The caller has sent all that it will send. */
  get ended(): boolean {
    return this.#ended
  }

  pause(): void {
    if (this.#paused || this.#done) return
    this.#paused = true
    this.stream.pause()
  }

  resume(): void {
    if (!this.#paused || this.#done) return
    this.#paused = false
    this.#deliver()
    if (!this.#paused) this.stream.resume()
  }

  /** Takes and drops the rest, so that the connection's flow control window is given back. */
  close(): void {
    this.#done = true
    this.#chunks = []
    this.#bufferedBytes = 0
    this.#count()
    this.stream.resume()
  }

  #take(chunk: Buffer): void {
    if (this.#done) return
    this.#chunks.push(chunk)
    this.#bufferedBytes += chunk.length
    this.#deliver()
  }

  /** Over the bound, whoever adds to an unfinished message is refused; what a pause holds back is bounded by its window. */
  #count(): void {
    const { awaited } = this.options
    const change = this.#bufferedBytes - this.#countedBytes
    if (awaited === undefined || change === 0) return
    this.#countedBytes = this.#bufferedBytes
    awaited.change(change)
    if (change > 0 && awaited.isOver && !this.#paused) this.#fail(tooManyAwaited(awaited))
  }

  /** Not reentrant: a sink that resumes while it is given a message returns here first. */
  #deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    try {
      this.#deliverMessages()
    } finally {
      this.#delivering = false
    }
    this.#count()
    if (this.#ended && !this.#paused && !this.#done) this.#finish()
  }

  #deliverMessages(): void {
    while (!this.#paused && !this.#done && this.#bufferedBytes >= this.#neededBytes) {
      const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
      this.#chunks = []
      this.#bufferedBytes = 0
      const end = this.#cut(bytes)
      if (this.#done || end === bytes.length) continue
      this.#chunks.push(end === 0 ? bytes : bytes.subarray(end))
      this.#bufferedBytes = bytes.length - end
    }
  }

  /** Delivers the whole messages in `bytes`; returns where the rest begins. */
  #cut(bytes: Buffer): number {
    let offset = 0
    this.#neededBytes = prefixBytes
    while (!this.#paused && !this.#done && bytes.length - offset >= prefixBytes) {
      const length = bytes.readUInt32BE(offset + 1)
      if (length > this.options.messageBytesMax) {
        this.#fail(tooLarge(length, this.options.messageBytesMax))
        return offset
      }
      const end = offset + prefixBytes + length
      if (end > bytes.length) {
        this.#neededBytes = prefixBytes + length
        return offset
      }
      this.#pass(bytes[offset] as number, bytes.subarray(offset + prefixBytes, end))
      offset = end
    }
    return offset
  }

  #pass(flag: number, body: Buffer): void {
    let message = body
    try {
      if (flag === compressedFlag)
        message = decompress(body, this.options.encoding, this.options.messageBytesMax)
      else if (flag !== 0)
        throw new CallFault(GrpcStatus.INTERNAL, `A message has the flag ${flag}, which gRPC does not know`)
    } catch (error) {
      if (!(error instanceof CallFault)) throw error
      this.#fail(error)
      return
    }
    this.sink.onMessage(message)
  }

  #finish(): void {
    this.#done = true
    if (this.#bufferedBytes > 0 && !this.stream.closed) {
      this.sink.onFault(new CallFault(GrpcStatus.INTERNAL, 'The stream ended in the middle of a message'))
    } else this.sink.onEnd()
  }

  #fail(fault: CallFault): void {
    this.close()
    this.sink.onFault(fault)
  }
}

export function tooManyAwaited({ bytes }: AwaitedBytes): CallFault {
  return new CallFault(
    GrpcStatus.RESOURCE_EXHAUSTED,
    `${bytes} bytes of unfinished messages are held for all callers, which is the limit; send the message again later`
  )
}

function tooLarge(length: number, bytesMax: number): CallFault {
  return new CallFault(
    GrpcStatus.RESOURCE_EXHAUSTED,
    `A message has ${length} bytes, more than the ${bytesMax} that are allowed; raise axoniq.axonserver.max-message-size to allow it`
  )
}
