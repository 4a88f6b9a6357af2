import { invariant } from './invariant.js'
import type { Index } from './types.js'

/** Appends that a peer has not acknowledged yet, by the index of their last entry: bounded in number and in bytes. */
export class Inflights {
  #indexes: Index[] = []
  #sizes: number[] = []
  #head = 0
  #bytes = 0

  constructor(
    readonly messagesMax: number,
    readonly bytesMax: number
  ) {}

  get count(): number {
    return this.#indexes.length - this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  get isFull(): boolean {
    return this.count >= this.messagesMax || this.#bytes >= this.bytesMax
  }

  add(lastIndex: Index, bytes: number): void {
    invariant(!this.isFull, 'cannot add into a Full inflights')
    invariant(this.count === 0 || lastIndex > this.#indexes.at(-1)!, 'inflights must be increasing')
    this.#indexes.push(lastIndex)
    this.#sizes.push(bytes)
    this.#bytes += bytes
  }

  /** An acknowledgement covers all that was sent up to it. */
  freeTo(index: Index): void {
    while (this.#head < this.#indexes.length && this.#indexes[this.#head]! <= index) {
      this.#bytes -= this.#sizes[this.#head]!
      this.#head++
    }
    if (this.#head < COMPACT_FROM || this.#head * 2 < this.#indexes.length) return
    this.#indexes = this.#indexes.slice(this.#head)
    this.#sizes = this.#sizes.slice(this.#head)
    this.#head = 0
  }

  reset(): void {
    this.#indexes = []
    this.#sizes = []
    this.#head = 0
    this.#bytes = 0
  }
}

const COMPACT_FROM = 64
