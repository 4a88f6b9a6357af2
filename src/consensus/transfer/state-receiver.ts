import type { GroupPosition, StateSink } from '../ports.js'
import type { FrameStream } from './frame-stream.js'
import { decodeNumber, decodePieceFrame, encodeNumber, FrameKind, unexpected } from './frames.js'
import { asFailure, TransferFailure } from './transfer-failure.js'

export interface StateReceiverOptions {
  readonly frames: FrameStream
  readonly self: number
  readonly accept: (position: GroupPosition) => Promise<StateSink>
  readonly install: (commit: () => Promise<void>, position: GroupPosition) => Promise<void>
  readonly onPiece: (bytes: number) => void
}

/** Takes a state from a peer. Until it is installed as a whole, what this node has stays as it is. */
export class StateReceiver {
  pieces = 0
  bytes = 0
  position: GroupPosition | undefined

  constructor(private readonly options: StateReceiverOptions) {}

  async run(): Promise<GroupPosition> {
    const { frames, accept, install } = this.options
    const position = this.#ownPosition(await this.#blob())
    this.position = position
    const manifest = await this.#blob()
    const sink = await this.#here(() => accept(position))
    let isCommitted = false
    try {
      const have = await this.#here(() => sink.begin(manifest))
      await frames.writeBlob(FrameKind.have, have)
      await this.#takePieces(sink)
      await this.#here(() => install(() => sink.commit(position), position))
      isCommitted = true
    } finally {
      if (!isCommitted) await sink.abort()
    }
    // Whether the peer hears of it or not: its next message shows.
    await frames.write(encodeNumber(FrameKind.installed)).catch(() => {})
    return position
  }

  async #takePieces(sink: StateSink): Promise<void> {
    const { frames, onPiece } = this.options
    for (;;) {
      const frame = await frames.read()
      if (frame[0] === FrameKind.end && decodeNumber(frame) === this.pieces) return
      if (frame[0] === FrameKind.refused)
        throw new TransferFailure('refused', (await frames.readBlob(frame)).toString('utf8'))
      if (frame[0] !== FrameKind.piece) throw unexpected(frame)
      const { number, bytes } = decodePieceFrame(frame)
      if (number !== this.pieces + 1)
        throw new TransferFailure('broken', `Piece ${number} of a state follows piece ${this.pieces}`)
      await this.#here(() => sink.write(bytes))
      this.pieces = number
      this.bytes += bytes.length
      onPiece(bytes.length)
      await frames.write(encodeNumber(FrameKind.ack, number))
    }
  }

  async #blob(): Promise<Buffer> {
    const first = await this.options.frames.read()
    if (first[0] !== FrameKind.begin) throw unexpected(first)
    return this.options.frames.readBlob(first)
  }

  /** The position as it will be stored here: with this node's own id. */
  #ownPosition(bytes: Buffer): GroupPosition {
    const position = JSON.parse(bytes.toString('utf8')) as GroupPosition
    const { membership } = position
    return membership === undefined
      ? position
      : { ...position, membership: { ...membership, self: this.options.self } }
  }

  /** What goes wrong on this node is told to the peer, in words. */
  async #here<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      const failure = asFailure(error, 'failed')
      await this.options.frames
        .writeBlob(FrameKind.refused, Buffer.from(failure.message, 'utf8'))
        .catch(() => {})
      throw failure
    }
  }
}
