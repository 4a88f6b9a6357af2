import {
  decodeHello,
  encodeGone,
  encodeWelcome,
  FrameKind,
  type Hello,
  Lane,
  MalformedFrameError,
  openFrame
} from '../../../src/consensus/index.js'
import type { Timer } from '../../../src/kernel/index.js'
import type { GrpcService, StreamCall, StreamListener } from '../../../src/wire/grpc/index.js'
import { ServerError } from '../../../src/wire/index.js'
import { InboundExchange } from './inbound-exchange.js'
import {
  contentOf,
  type InboundStats,
  type InboundStream,
  type PeerServiceOptions,
  send
} from './inbound-stream.js'
import { InboundTransfer } from './inbound-transfer.js'
import { EXCHANGE_PATH, TRANSFER_PATH } from './peer-method.js'

const HELLO_MS_MAX = 5000
/** Streams of other nodes at a time; each may hold one unfinished message. */
const STREAMS_MAX = 256

/** The side of the transport that other nodes call. */
export class PeerService implements GrpcService {
  readonly stats: InboundStats = { frames: 0, messages: 0, bytes: 0, refused: 0 }
  /** By node and lane: a second one means that the first has died without a word. */
  readonly #exchanges = new Map<string, StreamCall>()
  readonly #calls = new Set<StreamCall>()
  readonly methods = [
    {
      kind: 'bidiStream' as const,
      path: EXCHANGE_PATH,
      anyContext: true,
      open: (call: StreamCall) => this.#open(call)
    },
    {
      kind: 'bidiStream' as const,
      path: TRANSFER_PATH,
      anyContext: true,
      open: (call: StreamCall) => this.#open(call)
    }
  ]

  constructor(readonly options: PeerServiceOptions) {}

  get openStreams(): number {
    return this.#calls.size
  }

  drain(): void {
    for (const call of [...this.#calls]) call.end()
    this.#calls.clear()
  }

  #open(call: StreamCall): StreamListener {
    const { authorize } = this.options
    if (authorize !== undefined && !authorize(call.metadata))
      throw new ServerError('AXONIQ-1000', 'The token of the other nodes is wrong or missing')
    if (this.#calls.size >= STREAMS_MAX)
      throw new ServerError('AXONIQ-0001', `${STREAMS_MAX} streams of other nodes are open`)
    this.#calls.add(call)
    return new GreetedStream(call, this)
  }

  /** Undefined: it was meant for somebody else, and was told so. */
  greet(call: StreamCall, hello: Hello): InboundStream | undefined {
    const { node, incarnation, onGreeted } = this.options
    const isMeant =
      hello.target === node && (hello.targetIncarnation === 0 || hello.targetIncarnation === incarnation)
    if (!isMeant || hello.node === node) {
      this.stats.refused++
      send(call, encodeGone({ node, incarnation, members: [] }))
      call.end()
      return undefined
    }
    if ((hello.lane === Lane.snapshot) !== (call.path === TRANSFER_PATH))
      throw new MalformedFrameError(`lane ${hello.lane} on ${call.path}`, 0)
    send(call, encodeWelcome({ node, incarnation }))
    onGreeted(hello.node)
    if (hello.lane === Lane.snapshot) return new InboundTransfer(call, hello, this.options)
    this.#replace(`${hello.lane}/${hello.node}`, call)
    return new InboundExchange(hello.node, this.options, {
      stats: this.stats,
      refuse: members => send(call, encodeGone({ node, incarnation, members }))
    })
  }

  ended(call: StreamCall): void {
    this.#calls.delete(call)
    for (const [key, open] of this.#exchanges) if (open === call) this.#exchanges.delete(key)
  }

  refused(call: StreamCall, error: unknown): void {
    this.stats.refused++
    this.options.log.warn({ peer: call.peer, error: String(error) }, 'a stream of another node is refused')
    this.ended(call)
    call.fail(error)
  }

  #replace(key: string, call: StreamCall): void {
    const earlier = this.#exchanges.get(key)
    this.#exchanges.set(key, call)
    earlier?.end()
  }
}

/** One call: a greeting first, then whatever the lane carries. What can not be read ends the call and nothing else. */
class GreetedStream implements StreamListener {
  #inbound: InboundStream | undefined
  readonly #waiting: Timer

  constructor(
    private readonly call: StreamCall,
    private readonly service: PeerService
  ) {
    this.#waiting = service.options.clock.after(HELLO_MS_MAX, () =>
      service.refused(call, new ServerError('AXONIQ-0001', 'The stream did not begin with a greeting'))
    )
  }

  onMessage(message: Buffer): void {
    try {
      const frame = contentOf(message)
      if (frame === undefined) return
      if (this.#inbound === undefined) this.#greet(frame)
      else this.#inbound.onFrame(frame)
    } catch (error) {
      if (!isBadBytes(error)) throw error
      this.#end()
      this.service.refused(this.call, error)
    }
  }

  onHalfClose(): void {
    this.#end()
    this.call.end()
  }

  onCancel(): void {
    this.#end()
  }

  onDrain(): void {
    this.#inbound?.onDrain?.()
  }

  #greet(frame: Buffer): void {
    const { kind, body } = openFrame(frame)
    if (kind !== FrameKind.hello) body.fail('the first frame is no greeting')
    this.#waiting.cancel()
    this.#inbound = this.service.greet(this.call, decodeHello(body))
    if (this.#inbound === undefined) this.service.ended(this.call)
  }

  #end(): void {
    this.#waiting.cancel()
    this.service.ended(this.call)
    this.#inbound?.onEnd()
  }
}

function isBadBytes(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'MalformedFrameError' || error.name === 'MalformedMessageError')
  )
}
