import type { SegmentIndex, SegmentMarker, TimePoint } from './segment-index.js'

/**
 * Finds a token by time although clients' timestamps are not monotonic: it works on the running maximum, so the first event whose
 * timestamp is at least an instant is the first at which the maximum reaches it.
 */
export class TimeIndex {
  readonly #sealed: SegmentMarker[]

  /** `sealed` in order of the segments. */
  constructor(sealed: readonly SegmentMarker[]) {
    this.#sealed = [...sealed]
  }

  get timestampMaxMs(): number | undefined {
    return this.#sealed.at(-1)?.timestampMaxMs
  }

  addSealed(marker: SegmentMarker): void {
    this.#sealed.push(marker)
  }

  /** A token at or before the one wanted, at most one index step away; undefined when every event is older than `instantMs`. */
  searchFrom(instantMs: number, inMemory: readonly SegmentIndex[]): number | undefined {
    const segment =
      this.#sealed.find(marker => marker.timestampMaxMs >= instantMs) ??
      inMemory.find(index => index.timestampMaxMs >= instantMs)
    return segment === undefined ? undefined : (lastBefore(segment.timePoints, instantMs) ?? segment.segment)
  }
}

function lastBefore(points: readonly TimePoint[], instantMs: number): number | undefined {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (points[middle]!.timestampMaxMs < instantMs) low = middle + 1
    else high = middle
  }
  return points[low - 1]?.token
}
