import assert from 'node:assert'

/**
 * Keys of the state that lives in the key-value store from checkpoint to checkpoint. A key is a bucket (kind, key space and, where
 * one aggregate is meant, its id behind a length) followed by a suffix that orders the items of the bucket. A context has two key
 * spaces: its state is in one of them, and the other is empty or takes the state that will replace it.
 */
export const KeyKind = {
  /** bucket of one aggregate, suffix segment: where its events stand in that sealed segment */
  aggregateRun: 0x41,
  /** suffix aggregate: highest sequence number in sealed segments */
  highestSequence: 0x48,
  /** suffix segment: this sealed segment is synced and indexed */
  segmentMarker: 0x4d,
  /** bucket of one aggregate, suffix sequence number: a snapshot */
  snapshot: 0x53,
  /** suffix aggregate: it has at least one snapshot */
  snapshotPresence: 0x50,
  /** suffix schedule token: an event to publish */
  schedule: 0x54,
  /** suffix due time and schedule token */
  scheduleDue: 0x44,
  checkpoint: 0x43
} as const

/** Every kind whose keys carry a key space, ascending. */
export const contextKeyKinds: readonly number[] = Object.values(KeyKind)
  .filter(kind => kind !== KeyKind.checkpoint)
  .sort((a, b) => a - b)

export const AGGREGATE_ID_BYTES_MAX = 0xffff
/** Kind and key space: with these every key of a context begins. */
export const BUCKET_BYTES = 5

const OTHER_SPACE = 0x8000_0000

/** The key space in which a context begins; ids of contexts are below 2^31. */
export function firstKeySpace(contextId: number): number {
  assert(contextId < OTHER_SPACE, 'ids of contexts are below 2^31')
  return contextId
}

export function otherKeySpace(keySpace: number): number {
  return keySpace < OTHER_SPACE ? keySpace + OTHER_SPACE : keySpace - OTHER_SPACE
}

export function contextBucket(kind: number, keySpace: number): Buffer {
  const key = Buffer.allocUnsafe(BUCKET_BYTES)
  key.writeUInt8(kind, 0)
  key.writeUInt32BE(keySpace, 1)
  return key
}

/** Keys of one aggregate. The length keeps an id apart from the ids that it begins. */
export function aggregateBucket(kind: number, keySpace: number, aggregateId: string): Buffer {
  const length = Buffer.byteLength(aggregateId, 'utf8')
  const key = Buffer.allocUnsafe(7 + length)
  key.writeUInt8(kind, 0)
  key.writeUInt32BE(keySpace, 1)
  key.writeUInt16BE(length, 5)
  key.write(aggregateId, 7, 'utf8')
  return key
}

/** Eight bytes that order like the number. */
export function encodeOrdered(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), 0)
  bytes.writeUInt32BE(value % 0x1_0000_0000, 4)
  return bytes
}

export function decodeOrdered(bytes: Buffer, offset = 0): number {
  return bytes.readUInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4)
}

/** The smallest key above every key that begins with `prefix`. */
export function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] !== 0xff) {
      end[i]! += 1
      return end.subarray(0, i + 1)
    }
  }
  throw new Error('a key prefix has a byte below 0xff')
}
