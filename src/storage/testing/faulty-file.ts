import type { SeededRandom } from './seeded-random.js'

/** What a disk writes as one piece. */
const SECTOR_BYTES = 512
const TORN_SECTOR_SHARE = 0.1

interface PendingWrite {
  readonly position: number
  readonly bytes: Buffer
}

/** A file whose unsynced changes are known one by one. */
export class FaultyFile {
  #content = Buffer.alloc(0)
  /** As of the last sync. */
  #durable = Buffer.alloc(0)
  #pending: (PendingWrite | { readonly length: number })[] = []

  get size(): number {
    return this.#content.length
  }

  read(target: Buffer, position: number): number {
    return position >= this.#content.length ? 0 : this.#content.copy(target, 0, position)
  }

  write(bytes: Buffer, position: number): void {
    this.#content = overwrite(this.#content, bytes, position)
    this.#pending.push({ position, bytes: Buffer.from(bytes) })
  }

  truncate(length: number): void {
    this.#content = resize(this.#content, length)
    this.#pending.push({ length })
  }

  sync(): void {
    this.#durable = Buffer.from(this.#content)
    this.#pending = []
  }

  /**
   * After a power cut any sector of any unsynced write may be there or not, whatever their order was; now and then one is torn at a
   * byte, as no disk promises not to.
   */
  crash(random: SeededRandom): void {
    const survival = [0, 0.5, 1][random.below(3)]!
    let content = this.#durable
    for (const change of this.#pending) {
      if ('length' in change) {
        if (random.chance(survival)) content = resize(content, change.length)
        continue
      }
      for (const sector of sectorsOf(change)) {
        if (!random.chance(survival)) continue
        const isTorn = survival < 1 && random.chance(TORN_SECTOR_SHARE)
        const bytes = isTorn ? sector.bytes.subarray(0, random.below(sector.bytes.length)) : sector.bytes
        if (bytes.length > 0) content = overwrite(content, bytes, sector.position)
      }
    }
    this.#content = Buffer.from(content)
    this.sync()
  }

  /** Damage: changes what is on disk, behind everybody's back. */
  damage(change: (content: Buffer) => void): void {
    change(this.#content)
    this.sync()
  }
}

function* sectorsOf({ position, bytes }: PendingWrite): Iterable<PendingWrite> {
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + SECTOR_BYTES - ((position + at) % SECTOR_BYTES))
    yield { position: position + at, bytes: bytes.subarray(at, end) }
    at = end
  }
}

function overwrite(content: Buffer<ArrayBuffer>, bytes: Buffer, position: number): Buffer<ArrayBuffer> {
  const target =
    position + bytes.length > content.length ? resize(content, position + bytes.length) : Buffer.from(content)
  bytes.copy(target, position)
  return target
}

function resize(content: Buffer, length: number): Buffer<ArrayBuffer> {
  const target = Buffer.alloc(length)
  content.copy(target)
  return target
}
