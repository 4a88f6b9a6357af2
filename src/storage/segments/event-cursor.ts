import assert from 'node:assert'
import { BlockIndex } from './block-index.js'
import type { BlockReader } from './block-reader.js'
import type { EventTail, TailPlace } from './event-tail.js'
import type { Segment } from './segment.js'
import type { SegmentBlock } from './segment-block.js'
import type { SegmentList } from './segment-list.js'
import type { EventRun } from './types.js'

/** What a cursor reads from. */
export interface EventSource {
  readonly segments: SegmentList
  readonly tail: EventTail
  readonly blocks: BlockReader
}

const READ_AHEAD_BLOCKS = 2

/**
 * Reads events in token order: from blocks of the files as long as the tail does not reach back so far, then from the tail, and
 * from the files again when the tail has moved on. Keeps no block between two calls, so a thousand cursors cost nothing.
 */
export class EventCursor {
  readonly #place: TailPlace
  #reading = false
  #closed = false
  /** The last run ended where this token begins. */
  #sequentialAt = -1

  constructor(
    private readonly source: EventSource,
    fromToken: number
  ) {
    this.#place = { token: Math.max(fromToken, source.segments.firstToken), record: -1, offset: 0 }
  }

  /** Token of the first event that `next` will give. */
  get token(): number {
    return this.#place.token
  }

  /**
   * The next events: at least one unless the cursor has caught up, at most `countMax`, and more than one only while they have at
   * most `bytesMax` bytes. One call at a time. After `close` there are none.
   */
  next(countMax: number, bytesMax: number): EventRun | Promise<EventRun> {
    assert(countMax >= 1 && !this.#reading, 'a cursor reads one run at a time, of at least one event')
    const { tail } = this.source
    const { token } = this.#place
    if (token >= tail.nextToken || this.#closed) return { firstToken: token, events: [] }
    if (token >= tail.firstToken) return tail.run(this.#place, countMax, bytesMax)
    const segment = this.source.segments.ofToken(token)
    const index = this.source.blocks.index(segment)
    if (index instanceof Promise) return this.#wait(segment, index, countMax, bytesMax)
    const block = this.#block(segment, index)
    if (block instanceof Promise) return this.#wait(segment, block, countMax, bytesMax)
    return this.#take(block, countMax, bytesMax)
  }

  close(): void {
    this.#closed = true
  }

  async #wait(
    segment: Segment,
    waiting: Promise<BlockIndex | SegmentBlock>,
    ...bounds: [countMax: number, bytesMax: number]
  ): Promise<EventRun> {
    this.#reading = true
    try {
      const loaded = await waiting
      const block = loaded instanceof BlockIndex ? await this.#block(segment, loaded) : loaded
      if (this.#closed) return { firstToken: this.#place.token, events: [] }
      return this.#take(block, ...bounds)
    } finally {
      this.#reading = false
    }
  }

  #block(segment: Segment, index: BlockIndex): SegmentBlock | Promise<SegmentBlock> {
    const { token } = this.#place
    const number = index.blockOfToken(token)
    const block = this.source.blocks.block(segment, index, number)
    if (this.#sequentialAt === token && index.firstToken(number) === token)
      this.#readAhead(segment, index, number)
    return block
  }

  #readAhead(segment: Segment, index: BlockIndex, number: number): void {
    const end = Math.min(number + READ_AHEAD_BLOCKS, index.length - 1)
    for (let next = number + 1; next <= end; next++) {
      const nextToken = next + 1 < index.length ? index.firstToken(next + 1) : segment.nextToken
      // The tail reaches back at least to the last block that is not complete or not written.
      if (nextToken > this.source.tail.firstToken) return
      this.source.blocks.readAhead(segment, index, next)
    }
  }

  #take(block: SegmentBlock, countMax: number, bytesMax: number): EventRun {
    const run = block.run(this.#place.token, countMax, bytesMax)
    this.#place.token += run.events.length
    this.#place.record = -1
    this.#sequentialAt = this.#place.token
    return run
  }
}
