import type { Clock } from '../../kernel/index.js'
import type { PeerStream } from '../ports.js'
import { decodeBlob, encodeBlob } from './frames.js'
import { asFailure, TransferFailure } from './transfer-failure.js'

/** A stream to a peer on which no wait is endless. */
export class FrameStream {
  readonly #frames: AsyncIterator<Buffer>

  constructor(
    private readonly stream: PeerStream,
    private readonly clock: Clock,
    private readonly stallMs: number
  ) {
    this.#frames = stream[Symbol.asyncIterator]()
  }

  async write(frame: Buffer): Promise<void> {
    await this.within(this.#guard(this.stream.write(frame)), this.stallMs, 'the peer takes nothing')
  }

  async writeBlob(kind: number, bytes: Buffer): Promise<void> {
    for (const frame of encodeBlob(kind, bytes)) await this.write(frame)
  }

  async read(withinMs = this.stallMs): Promise<Buffer> {
    const next = await this.within(this.#guard(this.#frames.next()), withinMs, 'the peer is silent')
    if (next.done === true || next.value.length === 0)
      throw new TransferFailure('broken', 'The peer ended the stream of a state before it was complete')
    return next.value
  }

  readBlob(first: Buffer): Promise<Buffer> {
    return decodeBlob(first, () => this.read())
  }

  /** Rejects when the promise does not settle in time; what comes of it later is nobody's business. */
  async within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
    let expire: (error: Error) => void = () => {}
    const expired = new Promise<never>((_, reject) => {
      expire = reject
    })
    const timer = this.clock.after(ms, () =>
      expire(new TransferFailure('timeout', `The transfer of a state was given up: ${what} for ${ms} ms`))
    )
    try {
      return await Promise.race([promise, expired])
    } finally {
      timer.cancel()
    }
  }

  async #guard<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise
    } catch (error) {
      throw asFailure(error, 'broken')
    }
  }
}
