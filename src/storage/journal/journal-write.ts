import type { GroupAppend } from '../log-storage.js'
import { BlockWriter, encodedBytesMax } from './block-format.js'
import type { RecordPlace } from './group-index.js'
import {
  encodeEntries,
  encodeHeader,
  encodeManifest,
  MANIFEST_GROUP,
  type ManifestItem,
  RecordKind,
  recordChecksum
} from './record-format.js'

/** One record to write: a group's part of a batch, or a tombstone. */
export interface Part {
  readonly kind: number
  readonly group: number
  readonly append: GroupAppend | undefined
  readonly bytes: number
}

export interface PlacedPart {
  readonly part: Part
  readonly checksum: number
  readonly place: RecordPlace
}

export interface EncodedWrite {
  readonly bytes: Buffer
  readonly placed: readonly PlacedPart[]
}

const PART_OVERHEAD_BYTES = 64
const ENTRY_OVERHEAD_BYTES = 16

export function entriesPart(append: GroupAppend): Part {
  let bytes = PART_OVERHEAD_BYTES
  for (const entry of append.entries) bytes += entry.data.length + ENTRY_OVERHEAD_BYTES
  return { kind: RecordKind.entries, group: append.group, append, bytes }
}

export function tombstonePart(group: number): Part {
  return { kind: RecordKind.tombstone, group, append: undefined, bytes: PART_OVERHEAD_BYTES }
}

/** Room that a write may need. */
export function writeBytesMax(parts: readonly Part[], lastWrite: readonly ManifestItem[]): number {
  const manifest = encodedBytesMax(lastWrite.length * 8 + PART_OVERHEAD_BYTES)
  return parts.reduce((sum, part) => sum + encodedBytesMax(part.bytes), manifest) + PART_OVERHEAD_BYTES
}

/** Lays a write out in `target` (`writeBytesMax` long at least): the manifest of the write before, then one record a part, each linked to its group's record before. */
export function encodeWrite(
  at: { readonly serial: number; readonly offset: number },
  parts: readonly Part[],
  lastWrite: readonly ManifestItem[],
  linkOf: (group: number) => number,
  target: Buffer
): EncodedWrite {
  const writer = new BlockWriter(at.serial, at.offset, target)
  const header = { writeSerial: at.serial, writeOffset: at.offset }
  writer.record([
    encodeHeader({ ...header, kind: RecordKind.manifest, group: MANIFEST_GROUP, previous: 0 }),
    encodeManifest(lastWrite)
  ])
  const links = new Map<number, number>()
  const placed = parts.map(part => {
    const previous = links.get(part.group) ?? linkOf(part.group)
    const record = [encodeHeader({ ...header, kind: part.kind, group: part.group, previous })]
    if (part.append !== undefined) record.push(...encodeEntries(part.append))
    const checksum = recordChecksum(record)
    links.set(part.group, checksum)
    const { position, end } = writer.record(record)
    return { part, checksum, place: { serial: at.serial, position, length: end - position } }
  })
  return { bytes: writer.bytes, placed }
}
