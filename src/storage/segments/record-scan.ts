import { setImmediate } from 'node:timers/promises'
import { ChecksumChain } from './checksum-chain.js'
import { FRAME_HEADER_BYTES, readU32, verifyFrame } from './event-frames.js'
import { RECORD_CHECKSUMS_AT, RECORD_HEADER_BYTES, type RecordHeader } from './record-header.js'
import { readHeader } from './segment-block.js'
import { damaged } from './segment-damage.js'
import type { TransactionRecord } from './types.js'

export interface ScanSource {
  readonly path: string
  readonly firstToken: number
  /** Bytes of records. */
  readonly length: number
  /** Fills the target or throws. */
  read(target: Buffer, position: number): Promise<void>
}

export interface ScanResult {
  readonly nextToken: number
  readonly records: number
  /** Over the checksums of all record headers, as in a footer. */
  readonly recordsCrc: number
}

/** `header` holds the record's header at `headerAt`; buffers are views that stay valid, but pin a large piece. */
export type RecordVisitor = (
  record: TransactionRecord,
  position: number,
  header: Buffer,
  headerAt: number
) => void

const PIECE_BYTES = 1024 * 1024
const HEADROOM_BYTES = 64 * 1024
/** The event loop gets its turn after so many events or bytes: 5 to 10 ms of work. */
const EVENTS_PER_SLICE = 8192
const BYTES_PER_SLICE = 4 * 1024 * 1024

/** Verifies and visits every record from the beginning. A record that is not wholly valid is damage. */
export async function scanRecords(source: ScanSource, visit: RecordVisitor): Promise<ScanResult> {
  const scan = new RecordScan(source, visit)
  await scan.run()
  return scan
}

class RecordScan implements ScanResult {
  nextToken: number
  records = 0
  readonly #pieces: PieceReader
  readonly #heads = new ChecksumChain()
  readonly #chain = new ChecksumChain()
  /** File position of the first byte that was not visited. */
  #position = 0
  /** Bytes that the next record needs, as far as is known. */
  #needed = RECORD_HEADER_BYTES
  #sliceEvents = 0
  #sliceBytes = 0

  constructor(
    private readonly source: ScanSource,
    private readonly visit: RecordVisitor
  ) {
    this.nextToken = source.firstToken
    this.#pieces = new PieceReader(source)
  }

  get recordsCrc(): number {
    return this.#chain.value
  }

  async run(): Promise<void> {
    let bytes: Buffer = Buffer.alloc(0)
    while (this.#position < this.source.length) {
      if (this.#needed > this.source.length - this.#position)
        this.#refuse(0, 'a record reaches beyond the end')
      bytes = await this.#pieces.extend(bytes, this.#needed)
      let offset = 0
      for (;;) {
        const length = this.#visitAt(bytes, offset)
        if (length === 0) break
        offset += length
        if (this.#sliceEvents >= EVENTS_PER_SLICE || this.#sliceBytes >= BYTES_PER_SLICE)
          await this.#giveWay()
      }
      this.#position += offset
      bytes = bytes.subarray(offset)
    }
  }

  /** Visits the record at `offset`; returns its length, or 0 when more bytes are needed. */
  #visitAt(bytes: Buffer, offset: number): number {
    const available = bytes.length - offset
    this.#needed = RECORD_HEADER_BYTES
    if (available < RECORD_HEADER_BYTES) return 0
    const header = readHeader({ path: this.source.path, position: this.#position }, bytes, offset)
    if (header.firstToken !== this.nextToken) {
      this.#refuse(offset, `a record begins with token ${header.firstToken} instead of ${this.nextToken}`)
    }
    this.#needed = header.length
    if (available < header.length) return 0
    this.#verifyFrames(header, bytes, offset)
    this.#visitVerified(header, bytes, offset)
    return header.length
  }

  #visitVerified(header: RecordHeader, bytes: Buffer, offset: number): void {
    const { logIndex, logTerm, firstToken, count, storedAtMs, length } = header
    const events = bytes.subarray(offset + RECORD_HEADER_BYTES, offset + length)
    this.#chain.add(bytes, offset + RECORD_CHECKSUMS_AT)
    this.nextToken = firstToken + count
    this.records++
    this.#sliceEvents += count
    this.#sliceBytes += length
    this.visit(
      { logIndex, logTerm, firstToken, count, storedAtMs, events },
      this.#position + offset,
      bytes,
      offset
    )
  }

  #verifyFrames(header: RecordHeader, bytes: Buffer, recordAt: number): void {
    const end = recordAt + header.length
    let offset = recordAt + RECORD_HEADER_BYTES
    this.#heads.reset()
    for (let i = 0; i < header.count; i++) {
      if (offset + FRAME_HEADER_BYTES > end || !verifyFrame(bytes, offset)) {
        this.#refuse(offset, `the event with token ${header.firstToken + i} does not match its checksum`)
      }
      this.#heads.add(bytes, offset)
      offset += FRAME_HEADER_BYTES + readU32(bytes, offset)
    }
    if (offset === end && this.#heads.value === header.framesCrc) return
    this.#refuse(
      recordAt,
      `the events of the record with token ${header.firstToken} are not those that were written`
    )
  }

  async #giveWay(): Promise<void> {
    this.#sliceEvents = 0
    this.#sliceBytes = 0
    await setImmediate()
  }

  #refuse(offset: number, what: string): never {
    throw damaged({ path: this.source.path, position: this.#position + offset }, what)
  }
}

/** Reads a file in large pieces, one ahead of the caller. */
class PieceReader {
  #position = 0
  #ahead: Promise<Buffer> | undefined

  constructor(private readonly source: ScanSource) {}

  /** `carry` and what follows it in the file, at least `bytesMin` together. */
  async extend(carry: Buffer, bytesMin: number): Promise<Buffer> {
    let bytes = carry
    do {
      const piece = await (this.#ahead ?? this.#read(bytesMin - bytes.length))
      this.#ahead = undefined
      bytes = joined(bytes, piece)
    } while (bytes.length < bytesMin)
    this.#readAhead()
    return bytes
  }

  #readAhead(): void {
    if (this.#position === this.source.length) return
    const ahead = this.#read(PIECE_BYTES)
    // A failure is told to the one who comes for the piece, if anybody does.
    ahead.catch(() => {})
    this.#ahead = ahead
  }

  /** A piece has room in front of it for what is left of the one before. */
  async #read(bytesMin: number): Promise<Buffer> {
    const position = this.#position
    const length = Math.min(Math.max(PIECE_BYTES, bytesMin), this.source.length - position)
    this.#position += length
    const piece = Buffer.allocUnsafeSlow(HEADROOM_BYTES + length)
    await this.source.read(piece.subarray(HEADROOM_BYTES), position)
    return piece
  }
}

function joined(carry: Buffer, piece: Buffer): Buffer {
  if (carry.length > HEADROOM_BYTES) return Buffer.concat([carry, piece.subarray(HEADROOM_BYTES)])
  carry.copy(piece, HEADROOM_BYTES - carry.length)
  return piece.subarray(HEADROOM_BYTES - carry.length)
}
