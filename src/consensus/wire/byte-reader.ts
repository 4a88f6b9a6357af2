import { MalformedFrameError } from './malformed-frame-error.js'

/** Reads a part of a frame; every read is checked against the part's end. */
export class ByteReader {
  #at: number

  constructor(
    private readonly buffer: Buffer,
    start = 0,
    readonly end = buffer.length
  ) {
    this.#at = start
  }

  get offset(): number {
    return this.#at
  }

  get remaining(): number {
    return this.end - this.#at
  }

  u8(): number {
    if (this.#at >= this.end) this.fail('it ends too early')
    return this.buffer[this.#at++] as number
  }

  u32(): number {
    if (this.remaining < 4) this.fail('it ends too early')
    const value = this.buffer.readUInt32BE(this.#at)
    this.#at += 4
    return value
  }

  varint(): number {
    let value = 0
    let unit = 1
    for (;;) {
      const byte = this.u8()
      value += (byte & 0x7f) * unit
      if (byte < 0x80) break
      unit *= 128
      if (unit > Number.MAX_SAFE_INTEGER) this.fail('a number is too long')
    }
    if (!Number.isSafeInteger(value)) this.fail('a number is beyond the safe integers')
    return value
  }

  /** A number within bounds. */
  integer(min: number, max: number, what: string): number {
    const value = this.varint()
    if (value < min || value > max) this.fail(`${value} is no ${what}`)
    return value
  }

  /** A view, not a copy. */
  bytes(length: number): Buffer {
    if (length > this.remaining) this.fail(`${length} bytes are announced and ${this.remaining} are there`)
    const start = this.#at
    this.#at += length
    return this.buffer.subarray(start, this.#at)
  }

  text(lengthMax: number, what: string): string {
    return this.bytes(this.integer(0, lengthMax, `length of ${what}`)).toString('utf8')
  }

  /** A reader for the next bytes, which this one passes over. */
  part(length: number): ByteReader {
    if (length > this.remaining) this.fail(`${length} bytes are announced and ${this.remaining} are there`)
    const start = this.#at
    this.#at += length
    return new ByteReader(this.buffer, start, this.#at)
  }

  fail(reason: string): never {
    throw new MalformedFrameError(reason, this.#at)
  }
}
