import type { ServerCredentials } from '@grpc/grpc-js'
import type { GroupMessage, PeerStream, Transport, TransportReceiver } from '../../../src/consensus/index.js'
import type { Clock, Logger } from '../../../src/kernel/index.js'
import type { CallMetadata } from '../../../src/wire/grpc/index.js'
import { GrpcServer } from '../../grpc/grpc-server.js'
import { MESSAGE_BYTES_MAX } from './frame-stream.js'
import type { InboundStats } from './inbound-stream.js'
import { Peer } from './peer.js'
import type { ConnectionOptions, PeerAddress } from './peer-connection.js'
import { PeerService } from './peer-service.js'
import { StreamOpener } from './stream-opener.js'

export interface PeerTransportOptions {
  /** Name of this node. */
  readonly node: string
  /** Tells this life of the node from the one before; a safe integer above 0. */
  readonly incarnation: number
  /** Undefined: every address of this machine. */
  readonly host?: string
  /** 0: any free one. */
  readonly port: number
  /** Asked at every attempt to connect. */
  readonly addressOf: (node: string) => PeerAddress | undefined
  readonly clock: Clock
  readonly log: Logger
  readonly keepAliveMs?: number
  readonly keepAliveTimeoutMs?: number
  readonly connectTimeoutMs?: number
  /** Longest pause between two attempts to connect. */
  readonly retryMsMax?: number
  /** What may wait for one node; beyond it appends are lost, and reported. */
  readonly queueBytesMax?: number
  /** Of one message, which may come in chunks. */
  readonly messageBytesMax?: number
  /** Sent with every call. */
  readonly token?: string
  readonly authorize?: (metadata: CallMetadata) => boolean
  readonly isMember?: (group: number, id: number) => boolean
  readonly onMemberGone?: (node: string, group: number, id: number) => void
  /** Insecure unless given, in both directions. */
  readonly credentials?: ServerCredentials
  readonly openSocket?: ConnectionOptions['openSocket']
}

export interface PeerStats {
  readonly node: string
  readonly connected: boolean
  readonly queuedBytes: number
  readonly dropped: number
  readonly frames: number
  readonly messages: number
  readonly bytes: number
  readonly connects: number
  readonly losses: number
}

const MiB = 1024 * 1024
const DEFAULTS = {
  keepAliveMs: 2500,
  keepAliveTimeoutMs: 5000,
  connectTimeoutMs: 3000,
  retryMsMax: 1000,
  queueBytesMax: 8 * MiB,
  messageBytesMax: 256 * MiB
}
const CONNECTIONS_MAX = 1024
const STREAM_BUFFER_BYTES = MiB
const DRAIN_MS = 200

/** Moves messages between nodes: a server of our own for what comes in, and per node three connections for what goes out. */
export class PeerTransport implements Transport {
  readonly #options: PeerTransportOptions & typeof DEFAULTS
  readonly #peers = new Map<string, Peer>()
  readonly #openers = new Map<string, StreamOpener>()
  readonly #service: PeerService
  readonly #server: GrpcServer
  #receiver: TransportReceiver | undefined
  #isListening = false
  #isClosed = false

  constructor(options: PeerTransportOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#service = new PeerService({
      ...this.#options,
      receiver: () => this.#receiver,
      onGreeted: node => this.#peers.get(node)?.wake()
    })
    this.#server = new GrpcServer({
      ...this.#options,
      services: [this.#service],
      // A frame, not a message: messages come in chunks.
      messageBytesMax: MESSAGE_BYTES_MAX,
      streamBufferBytes: STREAM_BUFFER_BYTES,
      connectionsMax: CONNECTIONS_MAX,
      drainMs: DRAIN_MS
    })
  }

  /** Until then nothing comes in; sending works all the same. */
  async listen(): Promise<void> {
    await this.#server.start()
    this.#isListening = true
  }

  get port(): number {
    return this.#server.port
  }

  get inbound(): Readonly<InboundStats> {
    return this.#service.stats
  }

  /** Of every node that something was sent to. */
  get peers(): readonly PeerStats[] {
    return [...this.#peers].map(([node, peer]) => statsOf(node, peer))
  }

  receive(receiver: TransportReceiver): void {
    this.#receiver = receiver
  }

  /** Connects before there is something to send. */
  connect(node: string): void {
    if (!this.#isClosed) this.#peerOf(node).send([])
  }

  send(node: string, messages: readonly GroupMessage[]): void {
    if (this.#isClosed || messages.length === 0) return
    this.#peerOf(node).send(messages)
  }

  openStream(node: string, header: Buffer): PeerStream {
    let opener = this.#openers.get(node)
    if (opener === undefined) {
      opener = new StreamOpener(this.#outbound(node))
      this.#openers.set(node, opener)
    }
    return opener.open(header)
  }

  /** The node is not in the cluster any more: its connections are closed. */
  forget(node: string): void {
    this.#peers.get(node)?.close()
    this.#peers.delete(node)
    this.#openers.get(node)?.close()
    this.#openers.delete(node)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const node of [...this.#peers.keys(), ...this.#openers.keys()]) this.forget(node)
    this.#service.drain()
    if (this.#isListening) await this.#server.stop()
  }

  #peerOf(node: string): Peer {
    let peer = this.#peers.get(node)
    if (peer === undefined) {
      const { onMemberGone = () => {} } = this.#options
      peer = new Peer({ ...this.#outbound(node), onMemberGone, receiver: () => this.#receiver })
      this.#peers.set(node, peer)
    }
    return peer
  }

  #outbound(target: string) {
    return { ...this.#options, target, address: () => this.#options.addressOf(target) }
  }
}

function statsOf(node: string, { control, bulk, dropped, isConnected }: Peer): PeerStats {
  const sum = (field: 'frames' | 'messages' | 'bytes' | 'connects' | 'losses') =>
    control.stats[field] + bulk.stats[field]
  return {
    node,
    connected: isConnected,
    queuedBytes: control.queuedBytes + bulk.queuedBytes,
    dropped,
    frames: sum('frames'),
    messages: sum('messages'),
    bytes: sum('bytes'),
    connects: sum('connects'),
    losses: sum('losses')
  }
}
