/** Random numbers that a seed repeats (mulberry32). */
export class Random {
  #state: number

  constructor(readonly seed: number) {
    this.#state = seed >>> 0
  }

  /** From `HOSTILE_SEED` if it is set, otherwise another one every time. */
  static seeded(): Random {
    const given = process.env.HOSTILE_SEED
    return new Random(given === undefined ? (Date.now() ^ (process.pid << 16)) >>> 0 : Number(given))
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** In [0, end). */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let at = 0; at + 4 <= length; at += 4) bytes.writeInt32LE(Math.floor(this.next() * 2 ** 32) | 0, at)
    for (let at = length & ~3; at < length; at++) bytes[at] = this.below(256)
    return bytes
  }

  /** Mostly short, sometimes long. */
  length(max: number): number {
    return this.chance(0.9) ? this.below(Math.min(64, max)) : this.below(max)
  }
}
