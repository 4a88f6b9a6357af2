import assert from 'node:assert'
import type { Segment } from './segment.js'

/** The segments of a context in order: full ones, then the active one. There is always an active one. */
export class SegmentList {
  readonly #segments: Segment[]

  constructor(segments: readonly Segment[]) {
    assert(segments.length > 0, 'there is an active segment')
    this.#segments = [...segments]
  }

  get all(): readonly Segment[] {
    return this.#segments
  }

  get active(): Segment {
    return this.#segments[this.#segments.length - 1]!
  }

  get firstToken(): number {
    return this.#segments[0]!.firstToken
  }

  push(segment: Segment): void {
    assert(segment.firstToken === this.active.nextToken, 'segments follow each other')
    this.#segments.push(segment)
  }

  /** The segment in which this token is or would be. */
  ofToken(token: number): Segment {
    let low = 0
    let high = this.#segments.length
    while (low + 1 < high) {
      const middle = (low + high) >>> 1
      if (this.#segments[middle]!.firstToken <= token) low = middle
      else high = middle
    }
    return this.#segments[low]!
  }

  /** The segment that begins with this token. */
  find(firstToken: number): Segment | undefined {
    const segment = this.ofToken(firstToken)
    return segment.firstToken === firstToken ? segment : undefined
  }
}
