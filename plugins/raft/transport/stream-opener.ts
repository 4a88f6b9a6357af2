import { encodeHello, FrameKind, Lane, openFrame, type PeerStream } from '../../../src/consensus/index.js'
import type { Timer } from '../../../src/kernel/index.js'
import { FrameStream } from './frame-stream.js'
import { PeerConnection } from './peer-connection.js'
import type { LaneOptions } from './peer-lane.js'
import { TRANSFER_PATH } from './peer-method.js'
import { PieceStream } from './piece-stream.js'

/** How long a connection without streams stays. */
const IDLE_MS = 5000
const STREAMS_MAX = 16

export type OpenerOptions = Omit<LaneOptions, 'lane' | 'takesWhileDown' | 'queueBytesMax' | 'retryMsMax'>

/** The connection to one node for transfers of state, which is there while there are any. */
export class StreamOpener {
  #connection: PeerConnection | undefined
  readonly #streams = new Set<PieceStream>()
  #idle: Timer | undefined

  constructor(private readonly options: OpenerOptions) {}

  get openStreams(): number {
    return this.#streams.size
  }

  open(header: Buffer): PeerStream {
    const pieces = new PieceStream(() => this.#closed(pieces))
    const connection = this.#streams.size < STREAMS_MAX ? this.#connect() : undefined
    if (connection === undefined) {
      const reason = this.#streams.size < STREAMS_MAX ? 'has no address' : 'has too many transfers'
      pieces.onBroken(new Error(`Node ${this.options.target} ${reason}`))
      return pieces
    }
    this.#streams.add(pieces)
    this.#call(connection, pieces, header)
    return pieces
  }

  close(): void {
    this.#idle?.cancel()
    for (const stream of [...this.#streams]) stream.abort(new Error('this node stops'))
    this.#connection?.destroy()
  }

  #connect(): PeerConnection | undefined {
    this.#idle?.cancel()
    const address = this.options.address()
    if (this.#connection !== undefined || address === undefined) return this.#connection
    const connection = new PeerConnection(address, this.options, kind => {
      if (this.#connection === connection) this.#connection = undefined
      for (const stream of [...this.#streams])
        stream.onBroken(new Error(`The connection to node ${this.options.target} is lost (${kind})`))
    })
    this.#connection = connection
    return connection
  }

  #call(connection: PeerConnection, pieces: PieceStream, header: Buffer): void {
    const { options } = this
    const stream = new FrameStream(connection.call(TRANSFER_PATH), {
      onFrame: frame => {
        const { kind } = openFrame(frame)
        if (kind === FrameKind.welcome) pieces.open(link)
        else if (kind === FrameKind.gone) pieces.onBroken(new Error(`Node ${options.target} is not there`))
        else pieces.onFrame(frame)
      },
      onDrain: () => pieces.onDrain(),
      onEnd: status =>
        pieces.onBroken(new Error(`The stream to node ${options.target} broke (${status ?? 'no status'})`))
    })
    const link = {
      write: (frame: Buffer) => stream.write(frame),
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      finish: () => stream.finish(),
      abort: () => stream.abort()
    }
    const targetIncarnation = options.address()?.incarnation ?? 0
    stream.write(encodeHello({ ...options, lane: Lane.snapshot, targetIncarnation, header }))
  }

  #closed(stream: PieceStream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    this.#idle?.cancel()
    this.#idle = this.options.clock.after(IDLE_MS, () => {
      if (this.#streams.size === 0) this.#connection?.destroy()
    })
  }
}
