import { crc32 } from 'node:zlib'

const PIECE_BYTES = 8
const CHAIN_SEED = 0x6c796500

/**
 * One checksum over many eight-byte pieces, collected so that a native call is paid once for 64 of them. Over the heads (length
 * and checksum) of a record's frames it vouches for the events and their order without a second pass over their bytes; over the
 * ends of a segment's record headers it does the same for the segment.
 */
export class ChecksumChain {
  #bytes = Buffer.allocUnsafeSlow(64 * PIECE_BYTES)
  #length = 0
  #crc = CHAIN_SEED

  reset(): void {
    this.#length = 0
    this.#crc = CHAIN_SEED
  }

  add(source: Uint8Array, offset: number): void {
    if (this.#length === this.#bytes.length) this.#drain()
    const bytes = this.#bytes
    const length = this.#length
    for (let i = 0; i < PIECE_BYTES; i++) bytes[length + i] = source[offset + i]!
    this.#length = length + PIECE_BYTES
  }

  /** Of everything since the last reset; more may be added afterwards. */
  value(): number {
    this.#drain()
    return this.#crc
  }

  #drain(): void {
    if (this.#length === 0) return
    this.#crc = crc32(new Uint8Array(this.#bytes.buffer, 0, this.#length), this.#crc)
    this.#length = 0
  }
}
