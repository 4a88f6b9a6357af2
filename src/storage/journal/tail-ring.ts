import { BlockReader } from './block-reader.js'
import type { EntryRun } from './run-list.js'

interface KeptWrite {
  readonly serial: number
  /** Byte of the file. */
  readonly start: number
  /** Byte of the ring. */
  readonly at: number
  readonly length: number
}

const FORGOTTEN_MAX = 1024

/**
 * The newest writes, each laid out where it stays until the ring comes round: followers and appliers read them again soon. A write
 * neither allocates nor copies for it.
 */
export class TailRing {
  #ring: Buffer | undefined
  #kept: KeptWrite[] = []
  #oldest = 0
  #head = 0

  constructor(private readonly bytesMax: number) {}

  /** Room for the next write; what stood there is forgotten. A write larger than the ring gets a buffer of its own. */
  reserve(bytes: number): Buffer {
    if (bytes > this.bytesMax) return Buffer.allocUnsafeSlow(bytes)
    this.#ring ??= Buffer.allocUnsafeSlow(this.bytesMax)
    if (this.#head + bytes > this.bytesMax) {
      this.#forget(this.#head, this.bytesMax)
      this.#head = 0
    }
    this.#forget(this.#head, this.#head + bytes)
    return this.#ring.subarray(this.#head, this.#head + bytes)
  }

  /** The write that was laid out in the room reserved last is on disk. */
  keep(serial: number, start: number, write: Buffer): void {
    if (write.buffer !== this.#ring?.buffer) return
    this.#kept.push({ serial, start, at: this.#head, length: write.length })
    this.#head += write.length
  }

  /** A copy of the record of a run, or undefined when only the disk has it. */
  find({ serial, position, length }: EntryRun): Buffer | undefined {
    const write = this.#newestNotAfter(serial, position)
    if (write === undefined || write.serial !== serial || position >= write.start + write.length)
      return undefined
    const at = write.at + position - write.start
    const found = new BlockReader(serial, Buffer.from(this.#ring!.subarray(at, at + length)), position).read(
      position
    )
    return found.kind === 'record' ? found.bytes : undefined
  }

  #newestNotAfter(serial: number, position: number): KeptWrite | undefined {
    let low = this.#oldest
    let high = this.#kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const write = this.#kept[middle]!
      const isNotAfter = write.serial < serial || (write.serial === serial && write.start <= position)
      if (isNotAfter) low = middle + 1
      else high = middle
    }
    return low > this.#oldest ? this.#kept[low - 1] : undefined
  }

  /** The oldest writes are the next ones around the ring. */
  #forget(from: number, to: number): void {
    while (this.#oldest < this.#kept.length) {
      const { at, length } = this.#kept[this.#oldest]!
      if (at >= to || at + length <= from) break
      this.#oldest++
    }
    if (this.#oldest <= FORGOTTEN_MAX || this.#oldest * 2 <= this.#kept.length) return
    this.#kept = this.#kept.slice(this.#oldest)
    this.#oldest = 0
  }
}
