import type { StateSource } from '../ports.js'
import type { FrameStream } from './frame-stream.js'
import { decodeNumber, encodeNumber, encodePieceFrame, FrameKind, unexpected } from './frames.js'
import type { RateLimit } from './rate-limit.js'
import { asFailure, TransferFailure } from './transfer-failure.js'

export interface StateSenderOptions {
  readonly frames: FrameStream
  readonly source: StateSource
  readonly rate: RateLimit
  readonly windowPieces: number
  readonly stallMs: number
  readonly installMs: number
  readonly onPiece: (bytes: number) => void
}

/** Offers a state to a peer and sends what it lacks, so many pieces ahead of what the peer has confirmed. */
export class StateSender {
  pieces = 0
  bytes = 0
  #acknowledged = 0
  #installed = false
  #wake: () => void = () => {}
  #fail: (failure: TransferFailure) => void = () => {}
  /** Rejects when the peer refuses or its side of the stream breaks. */
  readonly #failing: Promise<never>

  constructor(private readonly options: StateSenderOptions) {
    this.#failing = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.#failing.catch(() => {})
  }

  async run(): Promise<void> {
    const { frames, installMs } = this.options
    const have = await this.#offer()
    void this.#listen()
    await this.#sendPieces(have)
    await this.#until(() => this.#acknowledged === this.pieces)
    await this.#orFailing(frames.write(encodeNumber(FrameKind.end, this.pieces)))
    await this.#until(() => this.#installed, installMs)
  }

  async #offer(): Promise<Buffer> {
    const { frames, source, installMs } = this.options
    const position = Buffer.from(JSON.stringify(source.position), 'utf8')
    await frames.writeBlob(FrameKind.begin, position)
    await frames.writeBlob(FrameKind.begin, source.manifest)
    // The peer may have to look through what it has.
    const answer = await frames.read(installMs)
    if (answer[0] === FrameKind.have) return frames.readBlob(answer)
    throw answer[0] === FrameKind.refused ? await this.#refusal(answer) : unexpected(answer)
  }

  async #sendPieces(have: Buffer): Promise<void> {
    const { frames, source, rate, windowPieces, stallMs, onPiece } = this.options
    const pieces = source.pieces(have)[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await this.#orFailing(
          frames.within(own(pieces.next()), stallMs, 'this node reads nothing')
        )
        if (next.done === true) return
        await this.#orFailing(rate.take(next.value.length))
        await this.#until(() => this.pieces - this.#acknowledged < windowPieces)
        await this.#orFailing(frames.write(encodePieceFrame({ number: ++this.pieces, bytes: next.value })))
        this.bytes += next.value.length
        onPiece(next.value.length)
      }
    } finally {
      // Not waited for: it may hang in the very read that took too long.
      pieces.return?.().catch(() => {})
    }
  }

  /** Takes what the peer says until it has installed the state, or until the stream breaks. */
  async #listen(): Promise<void> {
    const { frames, installMs } = this.options
    try {
      while (!this.#installed) {
        const frame = await frames.read(installMs)
        if (frame[0] === FrameKind.ack) this.#acknowledge(decodeNumber(frame))
        else if (frame[0] === FrameKind.installed) this.#installed = true
        else throw frame[0] === FrameKind.refused ? await this.#refusal(frame) : unexpected(frame)
        this.#wake()
      }
    } catch (error) {
      this.#fail(asFailure(error, 'broken'))
    }
  }

  #acknowledge(number: number): void {
    if (number < this.#acknowledged || number > this.pieces)
      throw new TransferFailure('broken', `A peer confirms piece ${number} of ${this.pieces}`)
    this.#acknowledged = number
  }

  /** Waits for a word of the peer that makes the condition true; each word starts the time anew. */
  async #until(condition: () => boolean, ms = this.options.stallMs): Promise<void> {
    while (!condition()) {
      const woken = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      await this.#orFailing(this.options.frames.within(woken, ms, 'the peer confirms nothing'))
    }
  }

  #orFailing<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#failing])
  }

  async #refusal(frame: Buffer): Promise<TransferFailure> {
    return new TransferFailure('refused', (await this.options.frames.readBlob(frame)).toString('utf8'))
  }
}

async function own<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw asFailure(error, 'failed')
  }
}
