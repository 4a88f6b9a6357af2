import {
  decodeGone,
  decodeWelcome,
  encodeHello,
  FrameKind,
  type Gone,
  type GroupMessage,
  type Lane,
  openFrame,
  packFrames,
  type Welcome
} from '../../../src/consensus/index.js'
import type { Timer } from '../../../src/kernel/index.js'
import { FrameStream } from './frame-stream.js'
import { LaneQueue } from './lane-queue.js'
import { type ConnectionOptions, type LossKind, type PeerAddress, PeerConnection } from './peer-connection.js'
import { EXCHANGE_PATH } from './peer-method.js'

export interface LaneOptions extends ConnectionOptions {
  readonly lane: Lane
  readonly node: string
  readonly incarnation: number
  readonly target: string
  readonly queueBytesMax: number
  /** Looked up for every attempt; undefined: the node is not known (any more). */
  readonly address: () => PeerAddress | undefined
  readonly retryMsMax: number
  /** Takes messages while there is no connection: they are lost if the next attempt fails. */
  readonly takesWhileDown: boolean
}

export interface LaneEvents {
  onOpen(welcome: Welcome): void
  /** The connection is gone, or could not be made; what waited is dropped. `reason` is the other side's, in words. */
  onLost(kind: LossKind, reason: string | undefined): void
  /** Nothing waits any more. */
  onDrained(): void
  /** Whoever was addressed is not there; the node itself where no members are named. */
  onGone(gone: Gone): void
}

export type LaneState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

const RETRY_MS_MIN = 20
const CLOSE_GRACE_MS = 200

/**
 * One connection of its own to one node, kept up from the first message on. What is sent while it is down is lost: Raft sends
 * again.
 */
export class PeerLane {
  readonly queue: LaneQueue
  readonly stats = { frames: 0, messages: 0, bytes: 0, connects: 0, losses: 0, dropped: 0 }
  #state: LaneState = 'idle'
  #connection: PeerConnection | undefined
  #stream: FrameStream | undefined
  #frames: Generator<Buffer> | undefined
  #isBehind = false
  #retry: Timer | undefined
  #failures = 0
  #reason: string | undefined

  constructor(
    private readonly options: LaneOptions,
    private readonly events: LaneEvents
  ) {
    this.queue = new LaneQueue(options.queueBytesMax)
  }

  get state(): LaneState {
    return this.#state
  }

  /** What waits and what the connection has not taken yet. */
  get queuedBytes(): number {
    return this.queue.bytes + (this.#stream?.flightBytes ?? 0)
  }

  /** Connected, and nothing waits. */
  get isClear(): boolean {
    return this.#state === 'open' && !this.#isBehind && this.queue.isEmpty
  }

  /** False: the message is lost, because too much waits or nobody is there. */
  add(message: GroupMessage): boolean {
    if (this.#state === 'closed') return false
    if (this.#state === 'waiting' && !this.options.takesWhileDown) return false
    return this.queue.add(message)
  }

  /** Sends what waits, as far as there is room; connects first where it has not yet. */
  flush(): void {
    if (this.#state === 'idle') this.#connect()
    if (this.#state !== 'open' || this.#isBehind) return
    while (!this.#isBehind && this.#sendFrame());
    if (this.isClear) this.events.onDrained()
  }

  /** The node shows signs of life: does not wait any longer before the next attempt. */
  wake(): void {
    if (this.#state !== 'waiting') return
    this.#retry?.cancel()
    this.#failures = 0
    this.#connect()
  }

  close(): void {
    this.#state = 'closed'
    this.#retry?.cancel()
    this.queue.clear()
    this.#stream?.finish()
    this.#connection?.close(CLOSE_GRACE_MS)
  }

  #connect(): void {
    const { options } = this
    const address = options.address()
    if (address === undefined) {
      this.#state = 'idle'
      this.#drop()
      this.events.onLost('unreachable', `${options.target} has no address`)
      return
    }
    this.#state = 'connecting'
    this.#reason = undefined
    const connection = new PeerConnection(address, options, kind => this.#onLost(connection, kind))
    this.#connection = connection
    this.#stream = new FrameStream(connection.call(EXCHANGE_PATH), {
      onFrame: frame => this.#onFrame(frame),
      onDrain: () => {
        this.#isBehind = false
        this.flush()
      },
      onEnd: status => {
        this.#reason ??= status
        connection.destroy()
      }
    })
    this.#stream.write(
      encodeHello({ ...options, targetIncarnation: address.incarnation ?? 0, header: Buffer.alloc(0) })
    )
  }

  #onFrame(frame: Buffer): void {
    const { kind, body } = openFrame(frame)
    if (kind === FrameKind.welcome && this.#state === 'connecting') {
      this.#state = 'open'
      this.#failures = 0
      this.stats.connects++
      this.events.onOpen(decodeWelcome(body))
      this.flush()
    } else if (kind === FrameKind.gone) this.events.onGone(decodeGone(body))
  }

  #sendFrame(): boolean {
    this.#frames ??= this.#nextFrames()
    if (this.#frames === undefined) return false
    const { value: frame, done } = this.#frames.next()
    if (done) {
      this.#frames = undefined
      return true
    }
    this.stats.frames++
    this.stats.bytes += frame.length
    this.#isBehind = !(this.#stream as FrameStream).write(frame)
    return true
  }

  #nextFrames(): Generator<Buffer> | undefined {
    if (this.queue.isEmpty) return undefined
    const messages = this.queue.take()
    this.stats.messages += messages.length
    return packFrames(messages)
  }

  #onLost(connection: PeerConnection, kind: LossKind): void {
    if (connection !== this.#connection) return
    this.#connection = undefined
    this.#stream = undefined
    if (this.#state === 'closed') return
    const wasOpen = this.#state === 'open'
    if (wasOpen) this.stats.losses++
    this.#drop()
    this.#state = 'waiting'
    this.events.onLost(kind, this.#reason)
    // The first attempt after a loss is made at once; it tells whether the process still lives.
    this.#retry = this.options.clock.after(wasOpen ? 0 : this.#backoffMs(), () => this.#connect())
  }

  #backoffMs(): number {
    const delayMs = RETRY_MS_MIN * 2 ** Math.min(this.#failures++, 10)
    return Math.min(delayMs, this.options.retryMsMax)
  }

  #drop(): void {
    this.stats.dropped += this.queue.clear()
    this.#frames = undefined
    this.#isBehind = false
  }
}
