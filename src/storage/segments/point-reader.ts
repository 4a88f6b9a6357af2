import type { BlockReader } from './block-reader.js'
import { FRAME_HEADER_BYTES, readU32, verifyFrame } from './event-frames.js'
import type { EventTail } from './event-tail.js'
import { partKey } from './read-cache.js'
import type { Segment } from './segment.js'
import type { SegmentBlock } from './segment-block.js'
import { damaged } from './segment-damage.js'

/** Positions that are no further apart are read together. */
const GAP_BYTES_MAX = 16 * 1024
/** The length of a frame is known only once it is read: this much is read of the last one in a span. */
const GUESS_BYTES = 4 * 1024
const SPAN_BYTES_MAX = 256 * 1024
/** A caller may hold the event loop for so many blocking reads (2–3 µs each from the page cache), of so many bytes together. */
const SPANS_NOW_MAX = 32
const BYTES_NOW_MAX = 512 * 1024

/** Places that one read covers. */
interface Span {
  readonly start: number
  end: number
  /** Indexes into the results. */
  readonly from: number
  to: number
}

/**
 * Reads single events by position, for aggregates. A read of the page cache costs 2–3 µs when it blocks and 25 µs through the
 * thread pool, so segments that this process wrote or scanned are read blocking; older ones may have to come from a slow disk
 * and go through the pool.
 */
export class PointReader {
  constructor(
    private readonly blocks: BlockReader,
    private readonly tail: EventTail
  ) {}

  eventsAt(segment: Segment, positions: readonly number[]): Buffer[] | Promise<Buffer[]> {
    const events = new Array<Buffer>(positions.length)
    // What the tail does not hold is in the file, and nothing beyond is certain to be there yet.
    const limit = this.tail.firstPosition(segment) ?? segment.dataLength
    const inFile = this.#takeFromTail(segment, limit, positions, events)
    if (inFile === 0) return events
    const reading = new SpanReading(this.blocks, segment, limit, positions, events)
    const spans = this.#plan(segment, limit, positions.slice(0, inFile), events)
    if (spans.length === 0) return events
    return isSmall(segment, spans) && reading.now(spans) ? events : reading.inPool(spans)
  }

  /** Returns how many of the positions lie before the tail. */
  #takeFromTail(segment: Segment, limit: number, positions: readonly number[], events: Buffer[]): number {
    let i = positions.length
    while (i > 0 && positions[i - 1]! >= limit) {
      const position = positions[--i]!
      if (position >= segment.dataLength) refuse(segment, position)
      events[i] = this.tail.eventAt(segment, position) ?? refuse(segment, position)
    }
    return i
  }

  /** Takes what cached blocks have, and joins the others into spans. */
  #plan(segment: Segment, limit: number, positions: readonly number[], events: Buffer[]): Span[] {
    const spans: Span[] = []
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i]!
      if (position > limit - FRAME_HEADER_BYTES) refuse(segment, position)
      const cached = this.#cachedBlock(segment, position)
      if (cached !== undefined) {
        events[i] = eventIn(cached.bytes, position - cached.place.position) ?? refuse(segment, position)
        continue
      }
      const end = Math.min(position + FRAME_HEADER_BYTES + GUESS_BYTES, limit)
      const last = spans[spans.length - 1]
      if (last !== undefined && last.to === i && joins(last, position, end)) {
        last.end = end
        last.to = i + 1
      } else spans.push({ start: position, end, from: i, to: i + 1 })
    }
    return spans
  }

  #cachedBlock(segment: Segment, position: number): SegmentBlock | undefined {
    const { cache } = this.blocks
    const index =
      segment.index ?? (cache.has(partKey(segment.cacheId, 0)) ? this.blocks.index(segment) : undefined)
    if (index === undefined || index instanceof Promise) return undefined
    const key = partKey(segment.cacheId, index.blockOfPosition(position) + 1)
    return cache.has(key) ? cache.get<SegmentBlock>(key) : undefined
  }
}

class SpanReading {
  constructor(
    private readonly blocks: BlockReader,
    private readonly segment: Segment,
    private readonly limit: number,
    private readonly positions: readonly number[],
    private readonly events: Buffer[]
  ) {}

  /** False when the file is not open yet. */
  now(spans: readonly Span[]): boolean {
    for (const span of spans) {
      const bytes = Buffer.allocUnsafe(span.end - span.start)
      if (!this.blocks.readFullyNow(this.segment, bytes, span.start)) return false
      const whole = this.#take(span, bytes)
      if (whole !== undefined) {
        if (!this.blocks.readFullyNow(this.segment, whole, span.start)) return false
        this.#take(span, whole)
      }
    }
    return true
  }

  async inPool(spans: readonly Span[]): Promise<Buffer[]> {
    await Promise.all(spans.map(span => this.blocks.cache.slots.run(() => this.#read(span))))
    return this.events
  }

  async #read(span: Span): Promise<void> {
    const bytes = Buffer.allocUnsafe(span.end - span.start)
    await this.blocks.readFully(this.segment, bytes, span.start)
    const whole = this.#take(span, bytes)
    if (whole === undefined) return
    await this.blocks.readFully(this.segment, whole, span.start)
    this.#take(span, whole)
  }

  /** Takes the events of a span; when its last one is longer than was guessed, a buffer for the whole span instead. */
  #take(span: Span, bytes: Buffer): Buffer | undefined {
    for (let i = span.from; i < span.to; i++) {
      const position = this.positions[i]!
      const offset = position - span.start
      const end = offset + FRAME_HEADER_BYTES + readU32(bytes, offset)
      if (span.start + end > this.limit) refuse(this.segment, position)
      if (end > bytes.length && i + 1 === span.to) return Buffer.allocUnsafe(end)
      this.events[i] = eventIn(bytes, offset) ?? refuse(this.segment, position)
    }
    return undefined
  }
}

function joins(span: Span, position: number, end: number): boolean {
  return position - span.end <= GAP_BYTES_MAX - GUESS_BYTES && end - span.start <= SPAN_BYTES_MAX
}

function isSmall(segment: Segment, spans: readonly Span[]): boolean {
  if (!segment.recent || spans.length > SPANS_NOW_MAX) return false
  let bytes = 0
  for (const span of spans) bytes += span.end - span.start
  return bytes <= BYTES_NOW_MAX
}

function eventIn(bytes: Buffer, offset: number): Buffer | undefined {
  if (!verifyFrame(bytes, offset)) return undefined
  const start = offset + FRAME_HEADER_BYTES
  return bytes.subarray(start, start + readU32(bytes, offset))
}

function refuse(segment: Segment, position: number): never {
  throw damaged(
    { path: segment.path, position },
    'the index says that an event is here, and none matches its checksum'
  )
}
