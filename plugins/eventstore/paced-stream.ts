import type { Clock, Timer } from '../../src/kernel/index.js'
import type { StreamCall, StreamListener } from '../../src/wire/grpc/index.js'
import { ServerError } from '../../src/wire/index.js'

/** Sends one answer in pieces, as fast as the caller takes them, and not for longer than the caller takes any. */
export class PacedStream implements StreamListener {
  #drained: (() => void) | undefined
  #cancelled = false
  #timer: Timer | undefined

  constructor(
    private readonly call: StreamCall,
    private readonly options: { readonly clock: Clock; readonly stallTimeoutMs: number },
    private readonly answer: (request: Buffer) => AsyncIterable<readonly Buffer[]>
  ) {}

  onMessage(request: Buffer): void {
    this.#send(request).then(
      () => this.call.end(),
      (error: unknown) => this.call.fail(error)
    )
  }

  onHalfClose(): void {}

  onCancel(): void {
    this.#cancelled = true
    this.onDrain()
  }

  onDrain(): void {
    this.#timer?.cancel()
    const drained = this.#drained
    this.#drained = undefined
    drained?.()
  }

  async #send(request: Buffer): Promise<void> {
    for await (const messages of this.answer(request)) {
      for (const message of messages) {
        if (this.#cancelled) return
        if (!this.call.write(message)) await this.#drain()
      }
    }
  }

  #drain(): Promise<void> {
    const { clock, stallTimeoutMs } = this.options
    return new Promise((resolve, reject) => {
      this.#drained = resolve
      this.#timer = clock.after(stallTimeoutMs, () => {
        this.#drained = undefined
        reject(
          new ServerError(
            'AXONIQ-6002',
            `The caller took no event for ${stallTimeoutMs} ms (axoniq.axonserver.event.aggregate.timeout)`
          )
        )
      })
    })
  }
}
