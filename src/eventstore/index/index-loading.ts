import { type EventSegments, type KeyValueStore, RECORD_HEADER_BYTES } from '../../storage/index.js'
import { scanFrames, type TransactionScan } from '../append/transaction-scan.js'
import { contextBucket, decodeOrdered, KeyKind, prefixEnd } from '../state/keys.js'
import type { AggregateIndex } from './aggregate-index.js'
import { decodeMarker, NO_TIMESTAMP, SegmentIndex, type SegmentMarker } from './segment-index.js'

/** Full segments without a marker: the key-value store lost their index, and the files still say everything. */
export async function rebuildMissing(
  index: AggregateIndex,
  segments: EventSegments,
  indexed: number
): Promise<void> {
  for (const { segment } of segments.sealed().slice(indexed)) {
    const rebuilt = new SegmentIndex(segment, NO_TIMESTAMP)
    await segments.scan(segment, (record, at) =>
      addToIndex(rebuilt, scanFrames(record.events, record.count), at.position)
    )
    index.addPending(rebuilt)
  }
}

interface EventIndex {
  add(aggregateId: string | undefined, sequenceNumber: number, timestampMs: number, position: number): void
}

export function addToIndex(index: EventIndex, scan: TransactionScan, recordPosition: number): void {
  const framesAt = recordPosition + RECORD_HEADER_BYTES
  for (let i = 0; i < scan.count; i++) {
    index.add(
      scan.aggregateIds[i],
      scan.sequenceNumbers[i]!,
      scan.timestampsMs[i]!,
      framesAt + scan.frameOffsets[i]!
    )
  }
}

/** What checkpoints remember of full segments, in order. */
export async function readMarkers(store: KeyValueStore, keySpace: number): Promise<SegmentMarker[]> {
  const bucket = contextBucket(KeyKind.segmentMarker, keySpace)
  const markers: SegmentMarker[] = []
  for await (const [key, value] of store.iterate({ gte: bucket, lt: prefixEnd(bucket) })) {
    markers.push(decodeMarker(decodeOrdered(key, bucket.length), value))
  }
  return markers
}
