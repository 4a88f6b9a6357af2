const VARINT_BYTES_MAX = 8
/** From this size on a writer that gathers keeps a view in place of a copy. */
const GATHER_BYTES_MIN = 64 * 1024

/** Appends numbers and bytes to one buffer, which grows when the estimate of its size was too small. */
export class ByteWriter {
  #bytes: Buffer
  #length = 0
  /** Where in `bytes` the part begins that is not in `parts` yet. */
  #partStart = 0
  readonly #parts: Buffer[] | undefined

  /** `gathers`: large pieces are not copied; the result is in parts. */
  constructor(capacity: number, { gathers = false } = {}) {
    this.#bytes = Buffer.allocUnsafe(capacity)
    this.#parts = gathers ? [] : undefined
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  u32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32BE(value, this.#length)
  }

  /** A safe integer that is not negative, seven bits a byte, the lowest first. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} can not be sent`)
    this.#reserve(VARINT_BYTES_MAX)
    const bytes = this.#bytes
    let at = this.#length
    let rest = value
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
    this.#length = at
  }

  bytes(value: Buffer): void {
    if (this.#parts !== undefined && value.length >= GATHER_BYTES_MIN) {
      this.#endPart(this.#parts)
      this.#parts.push(value)
      return
    }
    this.#reserve(value.length)
    this.#length += value.copy(this.#bytes, this.#length)
  }

  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8')
    this.varint(bytes.length)
    this.bytes(bytes)
  }

  /** Leaves room for a number that is only known later. */
  skip(count: number): number {
    this.#reserve(count)
    const at = this.#length
    this.#length += count
    return at
  }

  setU32(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at)
  }

  /** What was written, not copied. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  finishParts(): readonly Buffer[] {
    if (this.#parts === undefined) return [this.finish()]
    this.#endPart(this.#parts)
    return this.#parts
  }

  #endPart(parts: Buffer[]): void {
    if (this.#length > this.#partStart) parts.push(this.#bytes.subarray(this.#partStart, this.#length))
    this.#partStart = this.#length
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
