import { MalformedMessageError } from '../malformed-message-error.js'

export const WireType = {
  varint: 0,
  fixed64: 1,
  lengthDelimited: 2,
  startGroup: 3,
  endGroup: 4,
  fixed32: 5
} as const

const groupDepthMax = 100
const twoTo32 = 4294967296

/**
 * Walks the fields of one message without decoding it. Refuses what no valid message holds: tags of field 0, ends of
 * groups that were not begun, wire types 6 and 7, varints of more than ten bytes, lengths beyond the end.
 */
export class FieldReader {
  buffer: Buffer
  position: number
  end: number
  /** Where the tag stands that was read last. */
  fieldStart = 0
  #tag = 0

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  /** The next tag (field number × 8 + wire type), or 0 at the end. */
  next(): number {
    if (this.position >= this.end) return 0
    this.fieldStart = this.position
    const first = this.buffer[this.position] as number
    if (first >= 8 && first < 0x80) {
      this.position++
      this.#tag = first
      return first
    }
    return this.#longTag()
  }

  /** The start of a length-delimited value; `position` moves behind it, so that it lies in `[start, position)`. */
  bytes(): number {
    const length = this.#length()
    const start = this.position
    if (length > this.end - start) throw this.malformed('a length reaches beyond the end')
    this.position = start + length
    return start
  }

  string(): string {
    const start = this.bytes()
    return start === this.position ? '' : this.buffer.toString('utf8', start, this.position)
  }

  /** A reader of the embedded message at the current position. */
  message(): FieldReader {
    const start = this.bytes()
    return new FieldReader(this.buffer, start, this.position)
  }

  bool(): boolean {
    return this.int64() !== 0
  }

  /** int64, clamped to the safe integers: clients send Long.MAX_VALUE for "no limit". */
  int64(): number {
    const first = this.buffer[this.position] as number
    if (first < 0x80 && this.position < this.end) {
      this.position++
      return first
    }
    const low = this.#varint()
    return clamp(this.#high * twoTo32 + low)
  }

  /** int32 or enum: the lower half of the number, as every decoder takes it. */
  int32(): number {
    return this.#varint() | 0
  }

  /** sint64 as an exact decimal. */
  sint64Text(): string {
    const low = this.#varint()
    const zigzag = (BigInt(this.#high >>> 0) << 32n) | BigInt(low)
    return ((zigzag >> 1n) ^ -(zigzag & 1n)).toString()
  }

  /** sint64, clamped like `int64`. */
  sint64(): number {
    const low = this.#varint()
    const sign = -(low & 1)
    const magnitudeLow = ((low >>> 1) | (this.#high << 31)) ^ sign
    const magnitudeHigh = (this.#high >>> 1) ^ sign
    return clamp(magnitudeHigh * twoTo32 + (magnitudeLow >>> 0))
  }

  double(): number {
    const start = this.position
    this.#advance(8)
    return this.buffer.readDoubleLE(start)
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case WireType.lengthDelimited:
        this.bytes()
        return
      case WireType.varint:
        this.#varint()
        return
      case WireType.fixed64:
        this.#advance(8)
        return
      case WireType.fixed32:
        this.#advance(4)
        return
      case WireType.startGroup:
        this.#skipGroup(tag >>> 3)
        return
      default:
        throw this.malformed(`wire type ${tag & 7} has no place here`)
    }
  }

  malformed(reason: string): MalformedMessageError {
    return new MalformedMessageError(reason, this.#tag >>> 3, this.position)
  }

  /** Upper half of the varint read last, as a signed 32-bit number. */
  #high = 0

  /** Reads a varint of up to 64 bits; returns its lower half, unsigned. */
  #varint(): number {
    const { buffer, end } = this
    let { position } = this
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) throw this.malformed('a number is cut off')
      const byte = buffer[position++] as number
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) {
        this.position = position
        this.#high = high
        return low >>> 0
      }
    }
    throw this.malformed('a number has more than ten bytes')
  }

  #length(): number {
    const { buffer, position } = this
    if (position + 1 < this.end) {
      const first = buffer[position] as number
      if (first < 0x80) {
        this.position = position + 1
        return first
      }
      const second = buffer[position + 1] as number
      if (second < 0x80) {
        this.position = position + 2
        return (second << 7) | (first & 0x7f)
      }
    }
    const low = this.#varint()
    if (this.#high !== 0) throw this.malformed('a length reaches beyond the end')
    return low
  }

  #longTag(): number {
    this.#tag = 0
    const tag = this.#varint()
    if (this.#high !== 0 || tag < 8) throw this.malformed('a field number is out of range')
    this.#tag = tag
    return tag
  }

  #advance(bytes: number): void {
    if (bytes > this.end - this.position) throw this.malformed('a number is cut off')
    this.position += bytes
  }

  #skipGroup(outermost: number): void {
    const open = [outermost]
    while (open.length > 0) {
      const tag = this.next()
      if (tag === 0) throw this.malformed('a group does not end')
      const kind = tag & 7
      if (kind === WireType.endGroup) {
        if (open.pop() !== tag >>> 3) throw this.malformed('the end of a group does not match its start')
      } else if (kind === WireType.startGroup) {
        open.push(tag >>> 3)
        if (open.length > groupDepthMax) throw this.malformed('groups are nested too deeply')
      } else this.skip(tag)
    }
  }
}

function clamp(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))
}
