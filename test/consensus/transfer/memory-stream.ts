import type { PeerStream } from '../../../src/consensus/ports.js'

export interface StreamPairOptions {
  /** Frames that fit between the two sides in each direction. */
  readonly room?: number
  /** The stream breaks when so many frames have gone over it, both directions together. */
  readonly breakAt?: number
  /** What the other side gets instead of a frame. */
  readonly change?: (frame: Buffer, number: number) => Buffer
}

/** The two ends of a stream in memory, with back-pressure. */
export class StreamPair {
  readonly a: MemoryEnd
  readonly b: MemoryEnd
  frames = 0
  bytes = 0
  broken: Error | undefined

  constructor(readonly options: StreamPairOptions = {}) {
    this.a = new MemoryEnd(this)
    this.b = new MemoryEnd(this)
    this.a.peer = this.b
    this.b.peer = this.a
  }

  carry(frame: Buffer): Buffer {
    if (this.frames === this.options.breakAt) this.break(new Error('the connection was reset'))
    if (this.broken !== undefined) throw this.broken
    this.frames++
    this.bytes += frame.length
    return this.options.change?.(frame, this.frames) ?? frame
  }

  break(error: Error): void {
    this.broken ??= error
    this.a.wake()
    this.b.wake()
  }
}

class MemoryEnd implements PeerStream {
  peer!: MemoryEnd
  /** Frames that came and were not taken yet; null is the end. */
  readonly inbox: (Buffer | null)[] = []
  /** While set, nothing is taken out of the inbox. */
  paused = false
  #waiting: (() => void)[] = []

  constructor(private readonly pair: StreamPair) {}

  async write(frame: Buffer): Promise<void> {
    this.peer.inbox.push(this.pair.carry(frame))
    this.peer.wake()
    const room = this.pair.options.room ?? 8
    while (this.peer.inbox.length > room) {
      await this.wait()
      if (this.pair.broken !== undefined) throw this.pair.broken
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.pair.broken !== undefined) throw this.pair.broken
      const frame = this.paused ? undefined : this.inbox.shift()
      if (frame === undefined) {
        await this.wait()
        continue
      }
      this.peer.wake()
      if (frame === null) return
      yield frame
    }
  }

  end(): void {
    this.peer.inbox.push(null)
    this.peer.wake()
  }

  abort(error: Error): void {
    this.pair.break(error)
  }

  wait(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
