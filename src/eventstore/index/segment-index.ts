import { decodeOrdered, encodeOrdered } from '../state/keys.js'

/** Where the events of one aggregate stand in one segment. Sequence numbers are contiguous: `firstSequence + i` is at `positions[i]`. */
export interface AggregateRun {
  readonly segment: number
  readonly firstSequence: number
  readonly positions: readonly number[]
}

interface MutableRun {
  readonly firstSequence: number
  readonly positions: number[]
}

/** A point of the time index: every event before `token` has a timestamp of at most `timestampMaxMs`. */
export interface TimePoint {
  readonly token: number
  readonly timestampMaxMs: number
}

const EVENTS_PER_TIME_POINT = 4096

/** The index of one segment in memory: the active one, and full ones that no checkpoint has written yet. */
export class SegmentIndex {
  readonly #runs = new Map<string, MutableRun>()
  readonly #timePoints: TimePoint[] = []
  #timestampMaxMs: number
  #nextToken: number

  constructor(
    readonly segment: number,
    timestampMaxBeforeMs: number
  ) {
    this.#timestampMaxMs = timestampMaxBeforeMs
    this.#nextToken = segment
  }

  /** Highest timestamp of all events up to the end of this segment. */
  get timestampMaxMs(): number {
    return this.#timestampMaxMs
  }

  get aggregateCount(): number {
    return this.#runs.size
  }

  get timePoints(): readonly TimePoint[] {
    return this.#timePoints
  }

  add(aggregateId: string | undefined, sequenceNumber: number, timestampMs: number, position: number): void {
    if ((this.#nextToken - this.segment) % EVENTS_PER_TIME_POINT === 0) {
      this.#timePoints.push({ token: this.#nextToken, timestampMaxMs: this.#timestampMaxMs })
    }
    if (timestampMs > this.#timestampMaxMs) this.#timestampMaxMs = Math.min(timestampMs, TIMESTAMP_MAX)
    this.#nextToken++
    if (aggregateId === undefined) return
    const run = this.#runs.get(aggregateId)
    if (run === undefined)
      this.#runs.set(aggregateId, { firstSequence: sequenceNumber, positions: [position] })
    else run.positions.push(position)
  }

  has(aggregateId: string): boolean {
    return this.#runs.has(aggregateId)
  }

  highestSequence(aggregateId: string): number | undefined {
    const run = this.#runs.get(aggregateId)
    return run === undefined ? undefined : run.firstSequence + run.positions.length - 1
  }

  run(aggregateId: string): AggregateRun | undefined {
    const run = this.#runs.get(aggregateId)
    return run === undefined ? undefined : { segment: this.segment, ...run }
  }

  runs(): IterableIterator<[aggregateId: string, run: MutableRun]> {
    return this.#runs.entries()
  }
}

/** Value of a run in the key-value store: varints of first sequence, count, then the gaps between positions. */
export function encodeRun(run: {
  readonly firstSequence: number
  readonly positions: readonly number[]
}): Buffer {
  const bytes: number[] = []
  pushVarint(bytes, run.firstSequence)
  pushVarint(bytes, run.positions.length)
  let previous = 0
  for (const position of run.positions) {
    pushVarint(bytes, position - previous)
    previous = position
  }
  return Buffer.from(bytes)
}

export function decodeRun(segment: number, value: Buffer): AggregateRun {
  const reader = new VarintReader(value)
  const firstSequence = reader.next()
  const count = reader.next()
  const positions = new Array<number>(count)
  let position = 0
  for (let i = 0; i < count; i++) {
    position += reader.next()
    positions[i] = position
  }
  return { segment, firstSequence, positions }
}

/** What a checkpoint remembers of a sealed segment besides its runs. */
export interface SegmentMarker {
  readonly segment: number
  readonly timestampMaxMs: number
  readonly timePoints: readonly TimePoint[]
}

export function encodeMarker(index: SegmentIndex): Buffer {
  const numbers = [
    index.timestampMaxMs,
    ...index.timePoints.flatMap(point => [point.token, point.timestampMaxMs])
  ]
  return Buffer.concat(numbers.map(value => encodeOrdered(toOrdered(value))))
}

export function decodeMarker(segment: number, value: Buffer): SegmentMarker {
  const timePoints: TimePoint[] = []
  for (let offset = 8; offset + 16 <= value.length; offset += 16) {
    timePoints.push({
      token: fromOrdered(decodeOrdered(value, offset)),
      timestampMaxMs: fromOrdered(decodeOrdered(value, offset + 8))
    })
  }
  return { segment, timestampMaxMs: fromOrdered(decodeOrdered(value)), timePoints }
}

/** Timestamps are the client's and may be negative; "none yet" is the lowest. */
export const NO_TIMESTAMP = -(2 ** 52)

const TIMESTAMP_MAX = 2 ** 52 - 1

function toOrdered(value: number): number {
  return value + 2 ** 52
}

function fromOrdered(value: number): number {
  return value - 2 ** 52
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}

class VarintReader {
  #offset = 0
  constructor(private readonly bytes: Buffer) {}

  next(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.bytes.readUInt8(this.#offset++)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }
}
