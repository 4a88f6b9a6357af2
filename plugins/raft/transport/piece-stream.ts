import {
  encodeEnd,
  encodePiece,
  FRAME_BYTES_MAX,
  FrameKind,
  openFrame,
  type PeerStream
} from '../../../src/consensus/index.js'

/** One side of a call, as frames. */
export interface FrameLink {
  /** False: behind, until `onDrain`. */
  write(frame: Buffer): boolean
  pause(): void
  resume(): void
  /** Both sides have ended. */
  finish(): void
  abort(error: Error): void
}

const RECEIVED_BYTES_MAX = 2 * 1024 * 1024

/** Pieces in both directions over one call; each side says when it has no more, because a call that ends may also have broken. */
export class PieceStream implements PeerStream {
  #link: FrameLink | undefined
  #isBehind = true
  #failure: Error | undefined
  #hasEnded = false
  #hasSentEnd = false
  #hasRemoteEnded = false
  #received: Buffer[] = []
  #receivedBytes = 0
  #isPaused = false
  /** Writes happen one after the other, in the order of the calls. */
  #turns: Promise<void> = Promise.resolve()
  #writer: (() => void) | undefined
  #reader: (() => void) | undefined

  /** `onClosed` runs once, when the stream has ended or broken. */
  constructor(private readonly onClosed: () => void) {}

  /** The other side has agreed: pieces can go. */
  open(link: FrameLink): void {
    if (this.#failure !== undefined) {
      link.abort(this.#failure)
      return
    }
    this.#link = link
    this.onDrain()
  }

  write(piece: Buffer): Promise<void> {
    if (piece.length > FRAME_BYTES_MAX)
      return Promise.reject(new RangeError(`a piece of ${piece.length} bytes is too large`))
    if (this.#hasEnded) return Promise.reject(new Error('the stream was ended'))
    return this.#inTurn(encodePiece(piece))
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#inTurn(encodeEnd()).then(
      () => {
        this.#hasSentEnd = true
        this.#closeIfDone()
      },
      () => {} // It broke, which every reader and writer hears.
    )
  }

  abort(error: Error): void {
    this.onBroken(error)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = this.#received.shift()
      if (piece !== undefined) {
        this.#took(piece.length)
        yield piece
      } else if (this.#failure !== undefined) throw this.#failure
      else if (this.#hasRemoteEnded) return
      else await new Promise<void>(resolve => (this.#reader = resolve))
    }
  }

  onFrame(frame: Buffer): void {
    const { kind, body } = openFrame(frame)
    if (kind === FrameKind.piece && !this.#hasRemoteEnded) {
      const piece = body.bytes(body.remaining)
      this.#received.push(piece)
      this.#receivedBytes += piece.length
      if (this.#receivedBytes > RECEIVED_BYTES_MAX && !this.#isPaused) {
        this.#isPaused = true
        this.#link?.pause()
      }
    } else if (kind === FrameKind.end) {
      this.#hasRemoteEnded = true
      this.#closeIfDone()
    }
    this.#wakeReader()
  }

  onDrain(): void {
    this.#isBehind = false
    this.#wakeWriter()
  }

  onBroken(error: Error): void {
    if (this.#failure !== undefined || (this.#hasSentEnd && this.#hasRemoteEnded)) return
    this.#failure = error
    this.#link?.abort(error)
    this.#wakeWriter()
    this.#wakeReader()
    this.onClosed()
  }

  #inTurn(frame: Buffer): Promise<void> {
    const turn = this.#turns.then(() => this.#send(frame))
    this.#turns = turn.catch(() => {})
    return turn
  }

  async #send(frame: Buffer): Promise<void> {
    if (this.#isBehind && this.#failure === undefined)
      await new Promise<void>(resolve => (this.#writer = resolve))
    if (this.#failure !== undefined) throw this.#failure
    this.#isBehind = !(this.#link as FrameLink).write(frame)
  }

  #wakeWriter(): void {
    const wake = this.#writer
    this.#writer = undefined
    wake?.()
  }

  #wakeReader(): void {
    const wake = this.#reader
    this.#reader = undefined
    wake?.()
  }

  #took(bytes: number): void {
    this.#receivedBytes -= bytes
    if (!this.#isPaused || this.#receivedBytes > RECEIVED_BYTES_MAX / 2) return
    this.#isPaused = false
    this.#link?.resume()
  }

  #closeIfDone(): void {
    if (!this.#hasSentEnd || !this.#hasRemoteEnded) return
    this.#link?.finish()
    this.onClosed()
  }
}
