import type { OutboundStream } from '../flow/outbound-stream.js'

/** Knows how much lies unsent in the transport of a stream, which itself takes everything. */
export class BoundedOutput {
  #isBehind = false
  #unsentBytes = 0

  constructor(
    private readonly out: OutboundStream,
    private readonly unsentBytesMax: number
  ) {}

  get isBehind(): boolean {
    return this.#isBehind
  }

  /** Whoever is on the other side has not taken what it was sent; whoever writes gives up. */
  get isFull(): boolean {
    return this.#isBehind && this.#unsentBytes >= this.unsentBytesMax
  }

  /** False: the transport is behind. */
  write(message: Buffer): boolean {
    if (!this.out.write(message)) this.#isBehind = true
    if (this.#isBehind) this.#unsentBytes += message.length
    return !this.#isBehind
  }

  /** The transport has caught up. */
  caughtUp(): void {
    this.#isBehind = false
    this.#unsentBytes = 0
  }

  end(): void {
    this.out.end()
  }

  fail(error: unknown): void {
    this.out.fail(error)
  }
}
