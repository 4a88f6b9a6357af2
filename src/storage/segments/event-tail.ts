import { FRAME_HEADER_BYTES, readU32, verifyFrame } from './event-frames.js'
import { RECORD_HEADER_BYTES } from './record-header.js'
import type { Segment } from './segment.js'
import type { EventRun, TransactionRecord } from './types.js'

/** Where a reader of the tail stopped: it finds its way back without a search. */
export interface TailPlace {
  token: number
  /** Number of the record since the start of the process. */
  record: number
  /** Byte of the next frame in that record's events. */
  offset: number
}

const COMPACT_MIN = 1024

/** The newest records in the buffers in which they were appended; what is not in the file yet is always here. */
export class EventTail {
  #events: (Buffer | undefined)[] = []
  #tokens: number[] = []
  #positions: number[] = []
  #head = 0
  /** Records that were removed from the front of the arrays. */
  #removed = 0
  #bytes = 0

  constructor(private nextTokenValue: number) {}

  get bytes(): number {
    return this.#bytes
  }

  get firstToken(): number {
    return this.#head < this.#tokens.length ? this.#tokens[this.#head]! : this.nextTokenValue
  }

  get nextToken(): number {
    return this.nextTokenValue
  }

  push(record: TransactionRecord, position: number): void {
    this.#events.push(record.events)
    this.#tokens.push(record.firstToken)
    this.#positions.push(position)
    this.#bytes += RECORD_HEADER_BYTES + record.events.length
    this.nextTokenValue = record.firstToken + record.count
  }

  /** Lets the oldest records go that lie below `readableToken`, until no more than `bytesMax` are left. */
  trim(bytesMax: number, readableToken: number): void {
    while (this.#bytes > bytesMax && this.#head < this.#tokens.length) {
      const end = this.#head + 1 < this.#tokens.length ? this.#tokens[this.#head + 1]! : this.nextTokenValue
      if (end > readableToken) break
      this.#bytes -= RECORD_HEADER_BYTES + this.#events[this.#head]!.length
      this.#events[this.#head++] = undefined
    }
    if (this.#head >= COMPACT_MIN && this.#head * 2 >= this.#events.length) this.#compact()
  }

  /** Events from `place.token` on, which the tail holds: at least one, as many as fit in both bounds. Moves the place. */
  run(place: TailPlace, countMax: number, bytesMax: number): EventRun {
    if (place.record < this.#removed + this.#head) this.#locate(place)
    const firstToken = place.token
    const events: Buffer[] = []
    let bytes = 0
    let { offset } = place
    let record = place.record - this.#removed
    while (record < this.#events.length && events.length < countMax) {
      const frames = this.#events[record]!
      if (offset === frames.length) {
        record++
        offset = 0
        continue
      }
      const length = readU32(frames, offset)
      bytes += length
      if (bytes > bytesMax && events.length > 0) break
      const start = offset + FRAME_HEADER_BYTES
      offset = start + length
      events.push(frames.subarray(start, offset))
    }
    place.token = firstToken + events.length
    place.record = record + this.#removed
    place.offset = offset
    return { firstToken, events }
  }

  /** Byte of the segment's file from which on its records are here; undefined when none is. */
  firstPosition(segment: Segment): number | undefined {
    const first = this.#lowerBound(segment.firstToken)
    return first < this.#tokens.length && this.#tokens[first]! < segment.nextToken
      ? this.#positions[first]!
      : undefined
  }

  /** The event whose frame stands at this byte of the segment's file; undefined when no frame begins there. */
  eventAt(segment: Segment, position: number): Buffer | undefined {
    const record = this.#recordAt(segment, position)
    const frames = this.#events[record]!
    const offset = position - this.#positions[record]! - RECORD_HEADER_BYTES
    if (offset < 0 || !verifyFrame(frames, offset)) return undefined
    const start = offset + FRAME_HEADER_BYTES
    return frames.subarray(start, start + readU32(frames, offset))
  }

  #locate(place: TailPlace): void {
    let record = this.#lowerBound(place.token)
    if (record === this.#tokens.length || this.#tokens[record]! > place.token) record--
    let offset = 0
    const frames = this.#events[record]!
    for (let token = this.#tokens[record]!; token < place.token; token++) {
      offset += FRAME_HEADER_BYTES + readU32(frames, offset)
    }
    place.record = record + this.#removed
    place.offset = offset
  }

  /** First record whose token is at least this one. */
  #lowerBound(token: number): number {
    let low = this.#head
    let high = this.#tokens.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#tokens[middle]! < token) low = middle + 1
      else high = middle
    }
    return low
  }

  #recordAt(segment: Segment, position: number): number {
    let low = this.#lowerBound(segment.firstToken)
    let high = this.#lowerBound(segment.nextToken)
    while (low + 1 < high) {
      const middle = (low + high) >>> 1
      if (this.#positions[middle]! <= position) low = middle
      else high = middle
    }
    return low
  }

  #compact(): void {
    this.#events = this.#events.slice(this.#head)
    this.#tokens = this.#tokens.slice(this.#head)
    this.#positions = this.#positions.slice(this.#head)
    this.#removed += this.#head
    this.#head = 0
  }
}
