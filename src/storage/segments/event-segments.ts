import assert from 'node:assert'
import type { Logger } from '../../kernel/index.js'
import type { FileSystem } from '../file-system.js'
import { BLOCK_BYTES } from './block-index.js'
import { BlockReader } from './block-reader.js'
import { ChecksumChain } from './checksum-chain.js'
import { EventCursor } from './event-cursor.js'
import { FRAME_HEADER_BYTES, readU32 } from './event-frames.js'
import { EventTail } from './event-tail.js'
import { PointReader } from './point-reader.js'
import type { ReadCache } from './read-cache.js'
import { RECORD_HEADER_BYTES, RecordHeaderEncoder } from './record-header.js'
import type { Segment } from './segment.js'
import { encodeFooter } from './segment-footer.js'
import { SegmentList } from './segment-list.js'
import { newSegment, SegmentRecovery } from './segment-recovery.js'
import { removeSegments } from './segment-removal.js'
import { scanSealed } from './segment-scan.js'
import { segmentsDigest, summaryOf } from './segment-summary.js'
import { SegmentWriter } from './segment-writer.js'
import type {
  RecordLocation,
  SealedSegment,
  SegmentCheckpoint,
  SegmentSummary,
  TransactionRecord,
  TransactionVisitor
} from './types.js'

export interface EventSegmentsOptions {
  readonly fs: FileSystem
  readonly directory: string
  /** Ending of the file names, with its dot. */
  readonly suffix: string
  /** A segment ends before the record that would make it longer; a longer record has a segment of its own. At most 2 GiB. */
  readonly segmentBytesMax: number
  /** Written records that stay in memory. What is not written yet, and the youngest block, stay whatever this says. */
  readonly tailBytesMax: number
  readonly cache: ReadCache
  readonly log: Logger
}

export interface EventSegmentsStats {
  readonly unwrittenBytes: number
  readonly tailBytes: number
  readonly segments: number
  /** Bytes of all segments, written or not. */
  readonly bytes: number
}

const LENGTH_MAX = 2 ** 31 - 1

/** The committed transactions of one context, in token order, in files of which only the newest changes. */
export class EventSegments {
  readonly #list: SegmentList
  readonly #tail: EventTail
  readonly #writer: SegmentWriter
  readonly #blocks: BlockReader
  readonly #points: PointReader
  readonly #headers = new RecordHeaderEncoder()
  readonly #heads = new ChecksumChain()
  #sealedBytes = 0
  #closed = false

  private constructor(
    private readonly options: EventSegmentsOptions,
    segments: readonly Segment[],
    tail: EventTail
  ) {
    this.#list = new SegmentList(segments)
    this.#tail = tail
    this.#writer = new SegmentWriter(options.fs, options.directory, segment =>
      tail.trim(options.tailBytesMax, segment.readableToken)
    )
    this.#blocks = new BlockReader(options.cache)
    this.#points = new PointReader(this.#blocks, tail)
    for (const segment of segments) if (segment.sealed) this.#sealedBytes += segment.fileLength
  }

  /**
   * Cuts everything above the checkpoint and visits what the active segment holds below it. Without a checkpoint nothing was ever
   * confirmed from these files, and leftovers are removed. Damage below the checkpoint is refused, and then nothing is changed.
   */
  static async open(
    options: EventSegmentsOptions,
    checkpoint: SegmentCheckpoint | undefined,
    visit: TransactionVisitor
  ): Promise<EventSegments> {
    const { segmentBytesMax, tailBytesMax } = options
    assert(segmentBytesMax > 0 && segmentBytesMax <= LENGTH_MAX, 'a segment has at most 2 GiB')
    const tail = new EventTail(checkpoint?.segment ?? 0)
    // The youngest block must be in the tail unless it is complete, and a block of this length is.
    const tailAt = (checkpoint?.length ?? 0) - Math.max(tailBytesMax, BLOCK_BYTES)
    const recovery = new SegmentRecovery(options, checkpoint, (record, at) => {
      if (at.position + RECORD_HEADER_BYTES + record.events.length > tailAt) tail.push(record, at.position)
      visit(record, at)
    })
    return new EventSegments(options, await recovery.run(), tail)
  }

  get firstToken(): number {
    return this.#list.firstToken
  }

  /** Token that the next event gets. */
  get nextToken(): number {
    return this.#tail.nextToken
  }

  /** First token of the segment that takes the next record, unless that does not fit. */
  get activeSegment(): number {
    return this.#list.active.firstToken
  }

  get stats(): EventSegmentsStats {
    return {
      unwrittenBytes: this.#writer.unwrittenBytes,
      tailBytes: this.#tail.bytes,
      segments: this.#list.all.length,
      bytes: this.#sealedBytes + this.#list.active.fileLength
    }
  }

  /** Full segments in order. */
  sealed(): readonly SealedSegment[] {
    return this.#list.all.slice(0, -1).map(({ firstToken, nextToken, fileLength }) => ({
      segment: firstToken,
      lastToken: nextToken - 1,
      length: fileLength
    }))
  }

  /** Takes the next transaction; readers see it at once, the file gets it at the next flush. */
  append(record: TransactionRecord): RecordLocation {
    assert(
      !this.#closed && record.firstToken === this.nextToken,
      'transactions follow each other without a gap'
    )
    this.#collectHeads(record)
    const length = RECORD_HEADER_BYTES + record.events.length
    assert(length <= LENGTH_MAX, 'a transaction has at most 2 GiB')
    const { dataLength } = this.#list.active
    if (dataLength > 0 && dataLength + length > this.options.segmentBytesMax) this.#roll()
    const segment = this.#list.active
    const position = segment.dataLength
    const header = this.#headers.encode(record, this.#heads.value)
    segment.add(record, header, 0)
    this.#tail.push(record, position)
    this.#writer.add(segment, position, header, record.events)
    return { segment: segment.firstToken, position }
  }

  /** Writes what is not in the files yet. `StorageFullError`: nothing is lost, the next flush tries again. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  /** What a checkpoint has to remember of this moment, once `sync` has made it durable. */
  checkpointPosition(): SegmentCheckpoint {
    const { firstToken, dataLength, nextToken, chain } = this.#list.active
    return { segment: firstToken, length: dataLength, nextToken, recordsCrc: chain.value }
  }

  /** Full segments in order, then what the active one holds now. A full one whose footer is damaged is left out. */
  summaries(): SegmentSummary[] {
    return this.#list.all.flatMap(segment => summaryOf(segment) ?? [])
  }

  /** Equal where the files are equal, up to a token at which a transaction begins. Costs the scan of at most one segment. */
  digest(upToToken: number): Promise<string> {
    return segmentsDigest(this.#list.all, upToToken, async segment => {
      await this.flush()
      return segment.path
    })
  }

  /** Makes everything durable at least up to this position. When it rejects but for a full disk, the process must end. */
  sync(upTo: SegmentCheckpoint): Promise<void> {
    assert(upTo.nextToken <= this.nextToken, 'only what was appended can be synced')
    return this.#writer.sync()
  }

  /** Reads from this token on; from the first event there is when the token lies before it. */
  cursor(fromToken: number): EventCursor {
    return new EventCursor({ segments: this.#list, tail: this.#tail, blocks: this.#blocks }, fromToken)
  }

  /** The events whose frames stand at `positions[from]` to `positions[to - 1]` of a segment; positions ascend. */
  eventsAt(
    segment: number,
    positions: readonly number[],
    from: number,
    to: number
  ): Buffer[] | Promise<Buffer[]> {
    return this.#points.eventsAt(this.#find(segment), positions.slice(from, to))
  }

  /** Reads a full segment record by record, all of it verified. */
  async scan(segment: number, visit: TransactionVisitor): Promise<void> {
    const found = this.#find(segment)
    assert(found.sealed, 'only a full segment is scanned')
    if (found.written < found.fileLength) await this.flush()
    await scanSealed(found, this.#blocks, visit)
  }

  /** Writes what it can and closes the files. What a full disk refused comes again from the journal. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.flush().catch((error: unknown) =>
      this.options.log.warn(
        { directory: this.options.directory, error },
        'event segments closed without the last write'
      )
    )
    await this.#writer.idle()
    for (const segment of this.#list.all) await this.#release(segment)
  }

  /** Closes and deletes all segments. */
  async remove(): Promise<void> {
    await this.close()
    await removeSegments(this.options)
  }

  #collectHeads({ events, count }: TransactionRecord): void {
    let offset = 0
    let frames = 0
    this.#heads.reset()
    while (offset + FRAME_HEADER_BYTES <= events.length) {
      this.#heads.add(events, offset)
      offset += FRAME_HEADER_BYTES + readU32(events, offset)
      frames++
    }
    assert(
      offset === events.length && frames === count && count > 0,
      'a transaction is a run of `count` frames'
    )
  }

  #roll(): void {
    const full = this.#list.active
    const footer = encodeFooter(full)
    full.sealed = true
    full.fileLength = full.dataLength + footer.length
    this.#sealedBytes += full.fileLength
    this.#writer.add(full, full.dataLength, footer)
    this.#list.push(newSegment(this.options, full.nextToken))
  }

  async #release(segment: Segment): Promise<void> {
    segment.closed = true
    this.options.cache.forget(segment.cacheId)
    await this.options.cache.files.close(segment)
    await segment.writer?.close()
    segment.writer = undefined
  }

  #find(firstToken: number): Segment {
    const segment = this.#list.find(firstToken)
    assert(segment !== undefined, `there is no event segment ${firstToken} in ${this.options.directory}`)
    return segment
  }
}
