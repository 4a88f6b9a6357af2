import { silentLogger } from '../../../src/kernel/index.js'
import type { FileSystem } from '../../../src/storage/file-system.js'
import { encodeEventFrames } from '../../../src/storage/segments/event-frames.js'
import type { EventSegments, EventSegmentsOptions } from '../../../src/storage/segments/event-segments.js'
import { ReadCache } from '../../../src/storage/segments/read-cache.js'
import type { RecordLocation, TransactionRecord } from '../../../src/storage/segments/types.js'

export const DIRECTORY = '/data/orders'

export function optionsOn(fs: FileSystem, changes: Partial<EventSegmentsOptions> = {}): EventSegmentsOptions {
  return {
    fs,
    directory: DIRECTORY,
    suffix: '.events',
    segmentBytesMax: 4096,
    tailBytesMax: 1024,
    cache: new ReadCache(),
    log: silentLogger,
    ...changes
  }
}

/** Bytes that nobody could take for those of another token. */
export function eventOf(token: number, size: number): Buffer {
  const event = Buffer.alloc(size)
  for (let i = 0; i < size; i++) event[i] = (token * 31 + i * 7 + (i >> 8)) & 0xff
  return event
}

/** What was appended, for comparison, and where it stands. */
export class Model {
  readonly events: Buffer[] = []
  readonly records: TransactionRecord[] = []
  readonly locations: RecordLocation[] = []

  transaction(sizes: readonly number[]): TransactionRecord {
    const firstToken = this.events.length
    const events = sizes.map((size, i) => eventOf(firstToken + i, size))
    const logIndex = this.records.length + 1
    const record = {
      logIndex,
      logTerm: 1 + Math.floor(logIndex / 5),
      firstToken,
      count: events.length,
      storedAtMs: 1_700_000_000_000 + logIndex,
      events: encodeEventFrames(events)
    }
    this.events.push(...events)
    this.records.push(record)
    return record
  }

  append(segments: EventSegments, sizes: readonly number[]): RecordLocation {
    const at = segments.append(this.transaction(sizes))
    this.locations.push(at)
    return at
  }

  /** Forgets what a crash took, so that it can come again. */
  cut(nextToken: number): void {
    while (this.records.length > 0 && this.records.at(-1)!.firstToken >= nextToken) {
      this.records.pop()
      this.locations.pop()
    }
    this.events.length = nextToken
  }
}

export interface ReadBounds {
  readonly countMax?: number
  readonly bytesMax?: number
}

/** Reads to the end; each event is a copy. */
export async function readFrom(
  segments: EventSegments,
  token: number,
  bounds: ReadBounds = {}
): Promise<Buffer[]> {
  const cursor = segments.cursor(token)
  const events: Buffer[] = []
  for (;;) {
    const run = await cursor.next(bounds.countMax ?? 100, bounds.bytesMax ?? 1 << 20)
    if (run.events.length === 0) break
    if (run.firstToken !== Math.max(token, segments.firstToken) + events.length)
      throw new Error('a gap between runs')
    for (const event of run.events) events.push(Buffer.from(event))
  }
  cursor.close()
  return events
}

/** Index of the first event that differs, or −1; lengths count. */
export function firstDifference(actual: readonly Buffer[], expected: readonly Buffer[]): number {
  const length = Math.max(actual.length, expected.length)
  for (let i = 0; i < length; i++) {
    const a = actual[i]
    const e = expected[i]
    if (a === undefined || e === undefined || !a.equals(e)) return i
  }
  return -1
}

export function isSameRecord(a: TransactionRecord, b: TransactionRecord): boolean {
  return (
    a.logIndex === b.logIndex &&
    a.logTerm === b.logTerm &&
    a.firstToken === b.firstToken &&
    a.count === b.count &&
    a.storedAtMs === b.storedAtMs &&
    a.events.equals(b.events)
  )
}
