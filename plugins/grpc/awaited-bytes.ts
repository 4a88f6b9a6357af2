/**
 * Bytes that have come, of all calls, while what makes them useful has not: the rest of the message, or the half-close after
 * the one message of a unary call. Each call may hold one message; this bounds what they hold together.
 */
export class AwaitedBytes {
  #bytes = 0

  constructor(readonly bytesMax: number) {}

  get bytes(): number {
    return this.#bytes
  }

  get isOver(): boolean {
    return this.#bytes > this.bytesMax
  }

  /** By how much one call holds more, or less when negative. */
  change(bytes: number): void {
    this.#bytes += bytes
  }
}
