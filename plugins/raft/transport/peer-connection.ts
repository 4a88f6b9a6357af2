import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { connect as connectSocket, type Socket } from 'node:net'
import type { Clock, Timer } from '../../../src/kernel/index.js'
import { TOKEN_HEADER } from './peer-method.js'

export interface PeerAddress {
  readonly host: string
  readonly port: number
  /** The only life of the node that is meant; any, unless given. */
  readonly incarnation?: number
}

/**
 * refused: nobody listens there, so the process has ended; reset: the other side or something between closed the connection;
 * silent: no answer in time; unreachable: no way there.
 */
export type LossKind = 'refused' | 'reset' | 'silent' | 'unreachable'

export interface ConnectionOptions {
  readonly clock: Clock
  readonly connectTimeoutMs: number
  /** 0: never ping. */
  readonly keepAliveMs: number
  readonly keepAliveTimeoutMs: number
  readonly token?: string | undefined
  /** Where TLS comes in; a plain socket unless given. */
  readonly openSocket?: ((address: PeerAddress) => Socket) | undefined
}

const STREAM_WINDOW_BYTES = 512 * 1024
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024

/**
 * One HTTP/2 connection to a node, for calls of gRPC. It speaks HTTP/2 itself: 0.3 µs a small message in place of grpc-js's
 * 7.9 µs, and it learns why a connection was lost, which grpc-js only tells in words (docs/adr, README.md has the figures).
 */
export class PeerConnection {
  readonly #session: ClientHttp2Session
  readonly #connecting: Timer
  readonly #pinging: Timer | undefined
  #answering: Timer | undefined
  #loss: LossKind | undefined
  #isConnected = false
  #isOver = false

  constructor(
    address: PeerAddress,
    private readonly options: ConnectionOptions,
    /** Once, whoever ended it. */
    private readonly onLost: (kind: LossKind) => void
  ) {
    const { clock, connectTimeoutMs, keepAliveMs, openSocket = plainSocket } = options
    this.#session = connect(`http://${bracketed(address.host)}:${address.port}`, {
      createConnection: () => openSocket(address),
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES }
    })
    this.#session.on('connect', () => this.#onConnect())
    this.#session.on('error', (error: NodeJS.ErrnoException) => {
      this.#loss ??= lossOf(error)
    })
    this.#session.on('close', () => this.#onClose())
    this.#connecting = clock.after(connectTimeoutMs, () => this.#giveUp('unreachable'))
    this.#pinging = keepAliveMs > 0 ? clock.every(keepAliveMs, () => this.#ping()) : undefined
  }

  /** A call whose messages are written to the stream. Nothing is thrown: a broken connection ends the stream. */
  call(path: string): ClientHttp2Stream {
    const stream = this.#session.request(
      {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...(this.options.token === undefined ? {} : { [TOKEN_HEADER]: this.options.token })
      },
      { endStream: false }
    )
    stream.on('error', () => {}) // Its end is what counts: `close` follows.
    return stream
  }

  /** Lets what was written go out, but not for longer than `graceMs`. */
  close(graceMs: number): void {
    if (this.#isOver || this.#session.destroyed) return
    this.#session.close()
    this.options.clock.after(graceMs, () => this.destroy())
  }

  destroy(): void {
    if (!this.#session.destroyed) this.#session.destroy()
  }

  #onConnect(): void {
    this.#isConnected = true
    this.#connecting.cancel()
    this.#session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
  }

  #ping(): void {
    if (!this.#isConnected || this.#answering !== undefined || this.#session.destroyed) return
    this.#answering = this.options.clock.after(this.options.keepAliveTimeoutMs, () => this.#giveUp('silent'))
    this.#session.ping(error => {
      if (error !== null) return
      this.#answering?.cancel()
      this.#answering = undefined
    })
  }

  #giveUp(kind: LossKind): void {
    this.#loss ??= kind
    if (!this.#session.destroyed) this.#session.destroy(undefined, constants.NGHTTP2_CANCEL)
  }

  #onClose(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#connecting.cancel()
    this.#pinging?.cancel()
    this.#answering?.cancel()
    this.onLost(this.#loss ?? 'reset')
  }
}

function plainSocket({ host, port }: PeerAddress): Socket {
  return connectSocket({ host, port, noDelay: true })
}

function lossOf({ code }: NodeJS.ErrnoException): LossKind {
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused'
    case 'ETIMEDOUT':
      return 'silent'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'unreachable'
    default:
      return 'reset'
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
