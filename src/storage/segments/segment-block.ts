import { ChecksumChain } from './checksum-chain.js'
import { FRAME_HEADER_BYTES, readU32, verifyFrame } from './event-frames.js'
import { decodeRecordHeader, foreignFormat, RECORD_HEADER_BYTES, type RecordHeader } from './record-header.js'
import { damaged } from './segment-damage.js'
import type { EventRun } from './types.js'

export interface BlockPlace {
  readonly path: string
  readonly position: number
  readonly firstToken: number
  /** Frames before the first record header; 0: the block begins with one. */
  readonly rest: number
  /** Token after the last event of the block. */
  readonly nextToken: number
}

/** A verified piece of a segment, shared by all who read there. Its bytes never change. */
export class SegmentBlock {
  private constructor(
    readonly place: BlockPlace,
    readonly bytes: Buffer,
    /** Where each event's frame begins in `bytes`. */
    private readonly offsets: Uint32Array
  ) {}

  /** Verifies every event, and every record that lies wholly within. Once, for all readers. */
  static verify(place: BlockPlace, bytes: Buffer): SegmentBlock {
    const offsets = new Uint32Array(place.nextToken - place.firstToken)
    const walk = new BlockWalk(place, bytes, offsets)
    walk.run()
    return new SegmentBlock(place, bytes, offsets)
  }

  get byteLength(): number {
    return this.bytes.length + this.offsets.byteLength
  }

  /** Events from `token` on, which the block holds: at least one, as many as fit in both bounds. */
  run(token: number, countMax: number, bytesMax: number): EventRun {
    const events: Buffer[] = []
    const end = Math.min(this.offsets.length, token - this.place.firstToken + countMax)
    let bytes = 0
    for (let i = token - this.place.firstToken; i < end; i++) {
      const start = this.offsets[i]! + FRAME_HEADER_BYTES
      const length = readU32(this.bytes, this.offsets[i]!)
      bytes += length
      if (bytes > bytesMax && events.length > 0) break
      events.push(this.bytes.subarray(start, start + length))
    }
    return { firstToken: token, events }
  }
}

const heads = new ChecksumChain()

class BlockWalk {
  #offset = 0
  #count = 0
  #rest: number
  #header: RecordHeader | undefined

  constructor(
    private readonly place: BlockPlace,
    private readonly bytes: Buffer,
    private readonly offsets: Uint32Array
  ) {
    this.#rest = place.rest
  }

  run(): void {
    while (this.#offset < this.bytes.length) {
      if (this.#rest === 0) this.#enterRecord()
      else this.#takeFrame()
    }
    if (this.#count !== this.offsets.length)
      this.#refuse(`${this.#count} events where there were ${this.offsets.length}`)
  }

  #enterRecord(): void {
    const header = readHeader(this.place, this.bytes, this.#offset)
    if (header.firstToken !== this.place.firstToken + this.#count) {
      this.#refuse(
        `a record begins with token ${header.firstToken} instead of ${this.place.firstToken + this.#count}`
      )
    }
    heads.reset()
    this.#header = header
    this.#rest = header.count
    this.#offset += RECORD_HEADER_BYTES
  }

  #takeFrame(): void {
    const { bytes } = this
    const offset = this.#offset
    if (this.#count === this.offsets.length || !verifyFrame(bytes, offset)) {
      this.#refuse(`the event with token ${this.place.firstToken + this.#count} does not match its checksum`)
    }
    if (this.#header !== undefined) heads.add(bytes, offset)
    this.offsets[this.#count++] = offset
    this.#offset += FRAME_HEADER_BYTES + readU32(bytes, offset)
    if (--this.#rest === 0) this.#leaveRecord()
  }

  #leaveRecord(): void {
    if (this.#header !== undefined && heads.value !== this.#header.framesCrc) {
      this.#refuse(
        `the events of the record with token ${this.#header.firstToken} are not those that were written`
      )
    }
    this.#header = undefined
  }

  #refuse(what: string): never {
    throw damaged({ path: this.place.path, position: this.place.position + this.#offset }, what)
  }
}

/** The record header at `offset` of bytes that stand at `place.position` of the file. */
export function readHeader(
  place: { path: string; position: number },
  bytes: Buffer,
  offset: number
): RecordHeader {
  const enough = offset + RECORD_HEADER_BYTES <= bytes.length
  const header = enough ? decodeRecordHeader(bytes, offset) : undefined
  if (header !== undefined) return header
  const format = enough ? foreignFormat(bytes, offset) : undefined
  throw damaged(
    { path: place.path, position: place.position + offset },
    format === undefined
      ? 'there is no valid record header'
      : `there is no valid record header (it names format ${format}, as a newer version may write)`
  )
}
