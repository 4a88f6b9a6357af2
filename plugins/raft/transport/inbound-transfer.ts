import type { Hello } from '../../../src/consensus/index.js'
import type { StreamCall } from '../../../src/wire/grpc/index.js'
import { type InboundStream, type PeerServiceOptions, send } from './inbound-stream.js'
import { PieceStream } from './piece-stream.js'

/** A transfer of state that another node has opened. */
export class InboundTransfer implements InboundStream {
  readonly #pieces = new PieceStream(() => {})

  constructor(
    call: StreamCall,
    private readonly hello: Hello,
    options: PeerServiceOptions
  ) {
    this.#pieces.open({
      write: frame => send(call, frame),
      pause: () => call.pause(),
      resume: () => call.resume(),
      finish: () => call.end(),
      abort: error => call.fail(error)
    })
    const receiver = options.receiver()
    // The header is a view of the first frame; whoever gets it may keep it.
    if (receiver === undefined) this.#pieces.abort(new Error('nobody receives here'))
    else receiver.streamOpened(hello.node, Buffer.from(hello.header), this.#pieces)
  }

  onFrame(frame: Buffer): void {
    this.#pieces.onFrame(frame)
  }

  onDrain(): void {
    this.#pieces.onDrain()
  }

  onEnd(): void {
    this.#pieces.onBroken(new Error(`The stream of node ${this.hello.node} broke`))
  }
}
