import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What may be on its way in one direction before the sender is held back, as a network's buffers would. */
const UNDER_WAY_BYTES_MAX = 256 * 1024

/** What one direction of a link does to what passes. */
export interface LinkRule {
  readonly delayMs: number
  /** Nothing gets through; what was sent comes when the rule ends, as after a cut that TCP outlives. */
  readonly held: boolean
}

export const CLEAR: LinkRule = { delayMs: 0, held: false }

/** One direction of a pair of processes: A dials the proxy to reach B. */
export class TcpProxy {
  readonly #server: Server
  readonly #pipes = new Set<Pipe>()
  #targetPort: number | undefined
  #refusing = false
  #forward = CLEAR
  #backward = CLEAR

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, dialler => this.#accept(dialler))
  }

  static async listen(): Promise<TcpProxy> {
    const proxy = new TcpProxy()
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#pipes.size / 2
  }

  /** Where new connections lead from now on. */
  leadTo(port: number): void {
    this.#targetPort = port
  }

  /** From the one that dials to the one that listens, and back. */
  apply(forward: LinkRule, backward = forward): void {
    this.#forward = forward
    this.#backward = backward
    for (const pipe of this.#pipes) pipe.apply(pipe.isForward ? forward : backward)
  }

  /** New connections are reset at once. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing
  }

  /** Resets what is open. */
  reset(): void {
    for (const pipe of this.#pipes) pipe.source.resetAndDestroy()
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.reset()
    await closed
  }

  #accept(dialler: Socket): void {
    if (this.#refusing || this.#targetPort === undefined) {
      dialler.on('error', () => {})
      dialler.resetAndDestroy()
      return
    }
    const listener = connect({
      host: '127.0.0.1',
      port: this.#targetPort,
      allowHalfOpen: true,
      noDelay: true
    })
    dialler.setNoDelay(true)
    this.#pipe(dialler, listener, true)
    this.#pipe(listener, dialler, false)
  }

  #pipe(source: Socket, sink: Socket, isForward: boolean): void {
    const pipe = new Pipe(source, sink, isForward)
    pipe.apply(isForward ? this.#forward : this.#backward)
    this.#pipes.add(pipe)
    source.once('close', () => {
      this.#pipes.delete(pipe)
      pipe.stop()
      sink.resetAndDestroy()
    })
    // What breaks one side closes it, and that resets the other.
    source.on('error', () => {})
  }
}

/** Bytes of one connection in one direction, in order. */
class Pipe {
  #rule = CLEAR
  #queue: { readonly piece: Buffer; readonly dueMs: number }[] = []
  #queuedBytes = 0
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(
    readonly source: Socket,
    private readonly sink: Socket,
    readonly isForward: boolean
  ) {
    source.on('data', (piece: Buffer) => this.#take(piece))
    source.on('end', () => {
      this.#ended = true
      this.#deliver()
    })
  }

  apply(rule: LinkRule): void {
    this.#rule = rule
    this.#deliver()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#queue = []
  }

  #take(piece: Buffer): void {
    this.#queue.push({ piece, dueMs: performance.now() + this.#rule.delayMs })
    this.#queuedBytes += piece.length
    if (this.#queuedBytes > UNDER_WAY_BYTES_MAX) this.source.pause()
    this.#deliver()
  }

  #deliver(): void {
    clearTimeout(this.#timer)
    if (this.#rule.held) return
    const nowMs = performance.now()
    while (this.#queue[0] !== undefined && this.#queue[0].dueMs <= nowMs) {
      const { piece } = this.#queue.shift()!
      this.#queuedBytes -= piece.length
      this.sink.write(piece)
    }
    if (this.#queuedBytes <= UNDER_WAY_BYTES_MAX) this.source.resume()
    const next = this.#queue[0]
    if (next !== undefined) this.#timer = setTimeout(() => this.#deliver(), Math.max(1, next.dueMs - nowMs))
    else if (this.#ended) this.sink.end()
  }
}
