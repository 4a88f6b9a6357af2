import { EventSegments, type EventSegmentsOptions } from '../../../src/storage/segments/event-segments.js'
import { RECORD_HEADER_BYTES } from '../../../src/storage/segments/record-header.js'
import type { SegmentCheckpoint } from '../../../src/storage/segments/types.js'
import { FaultyFileSystem, type Operation } from '../../../src/storage/testing/faulty-file-system.js'
import { DIRECTORY, type Model, optionsOn } from './transactions.js'

export const MIB = 1024 * 1024
export const FRAME = 8

export function newDisk(): FaultyFileSystem {
  return new FaultyFileSystem({ seed: 1 })
}

export function start(
  disk: FaultyFileSystem,
  changes: Partial<EventSegmentsOptions> = {}
): Promise<EventSegments> {
  return EventSegments.open(optionsOn(disk, changes), undefined, () => {})
}

export function again(
  disk: FaultyFileSystem,
  checkpoint: SegmentCheckpoint,
  changes: Partial<EventSegmentsOptions> = {}
): Promise<EventSegments> {
  return EventSegments.open(optionsOn(disk, changes), checkpoint, () => {})
}

export async function checkpoint(segments: EventSegments): Promise<SegmentCheckpoint> {
  const at = segments.checkpointPosition()
  await segments.sync(at)
  return at
}

export function fileOf(segment: number): string {
  return `${DIRECTORY}/${String(segment).padStart(20, '0')}.events`
}

/** Counts the operations of one kind from now on. */
export function counting(disk: FaultyFileSystem, kind: Operation): { count: number } {
  const counter = { count: 0 }
  disk.injectFault(operation => {
    if (operation === kind) counter.count++
    return undefined
  })
  return counter
}

/** Positions of the frames of a record's events. */
export function framePositions(model: Model, record: number): number[] {
  const { events, count } = model.records[record]!
  const positions: number[] = []
  let position = model.locations[record]!.position + RECORD_HEADER_BYTES
  let offset = 0
  for (let i = 0; i < count; i++) {
    positions.push(position)
    const length = FRAME + events.readUInt32BE(offset)
    offset += length
    position += length
  }
  return positions
}

/** Every event of one segment: positions and what stands there. */
export function contentOf(model: Model, segment: number): { positions: number[]; events: Buffer[] } {
  const positions: number[] = []
  const events: Buffer[] = []
  model.records.forEach((record, i) => {
    if (model.locations[i]!.segment !== segment) return
    positions.push(...framePositions(model, i))
    events.push(...model.events.slice(record.firstToken, record.firstToken + record.count))
  })
  return { positions, events }
}
