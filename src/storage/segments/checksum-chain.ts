import { crc32OfEight } from './short-crc32.js'

const CHAIN_SEED = 0x6c796500

/**
 * One checksum over many eight-byte pieces. Over the heads (length and checksum) of a record's frames it vouches for the events and
 * their order without a second pass over their bytes; over the ends of a segment's record headers it does the same for the segment.
 */
export class ChecksumChain {
  #crc = CHAIN_SEED

  reset(): void {
    this.#crc = CHAIN_SEED
  }

  add(bytes: Uint8Array, offset: number): void {
    this.#crc = crc32OfEight(this.#crc, bytes, offset)
  }

  /** Of everything since the last reset, as an unsigned number; more may be added afterwards. */
  get value(): number {
    return this.#crc >>> 0
  }
}
