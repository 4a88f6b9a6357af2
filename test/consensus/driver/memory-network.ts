import type { GroupMessage, PeerStream, Transport, TransportReceiver } from '../../../src/consensus/index.js'

/** Connects nodes of one process. Messages arrive on a later turn of the event loop, in order; links can be cut one way. */
export class MemoryNetwork {
  readonly sent: {
    readonly from: string
    readonly to: string
    readonly messages: readonly GroupMessage[]
  }[] = []
  readonly #receivers = new Map<string, TransportReceiver>()
  readonly #cut = new Set<string>()
  /** Return false to lose a message. */
  filter: (from: string, to: string, message: GroupMessage) => boolean = () => true
  inFlight = 0

  transport(node: string): Transport {
    let own: TransportReceiver | undefined
    const isAlive = () => this.#receivers.get(node) === own
    return {
      receive: receiver => {
        own = receiver
        this.#receivers.set(node, receiver)
      },
      send: (to, messages) => {
        if (isAlive()) this.#send(node, to, messages)
      },
      openStream: (to, header) => this.#openStream(node, to, header),
      close: async () => {}
    }
  }

  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`)
  }

  isolate(node: string): void {
    for (const other of this.#receivers.keys()) {
      this.cut(node, other)
      this.cut(other, node)
    }
  }

  heal(): void {
    this.#cut.clear()
  }

  remove(node: string): void {
    this.#receivers.delete(node)
  }

  receiver(node: string): TransportReceiver {
    return this.#receivers.get(node)!
  }

  #send(from: string, to: string, messages: readonly GroupMessage[]): void {
    this.sent.push({ from, to, messages })
    const passing = messages.filter(message => this.filter(from, to, message))
    if (passing.length === 0) return
    this.inFlight++
    setImmediate(() => {
      this.inFlight--
      if (!this.#cut.has(`${from}>${to}`)) this.#receivers.get(to)?.received(from, passing)
    })
  }

  #openStream(from: string, to: string, header: Buffer): PeerStream {
    const [here, there] = streamPair()
    if (this.#cut.has(`${from}>${to}`)) here.abort(new Error('cut'))
    else setImmediate(() => this.#receivers.get(to)?.streamOpened(from, header, there))
    return here
  }
}

class MemoryStream implements PeerStream {
  other: MemoryStream | undefined
  readonly #pieces: Buffer[] = []
  #ended = false
  #error: Error | undefined
  #wake: () => void = () => {}

  async write(piece: Buffer): Promise<void> {
    if (this.#error !== undefined) throw this.#error
    this.other!.#pieces.push(piece)
    this.other!.#wake()
  }

  end(): void {
    this.other!.#ended = true
    this.other!.#wake()
  }

  abort(error: Error): void {
    for (const side of [this, this.other!]) {
      side.#error = error
      side.#wake()
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error
      const piece = this.#pieces.shift()
      if (piece !== undefined) yield piece
      else if (this.#ended) return
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
  }
}

export function streamPair(): [PeerStream, PeerStream] {
  const here = new MemoryStream()
  const there = new MemoryStream()
  here.other = there
  there.other = here
  return [here, there]
}
