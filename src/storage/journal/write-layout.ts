import { BlockWriter, encodedBytesMax } from './block-format.js'
import type { GroupIndex } from './group-index.js'
import { encodeManifest, type ManifestItem } from './manifest.js'
import {
  encodeRecord,
  JournalRecord,
  RecordKind,
  recordChecksum,
  termRuns,
  type WritePlace
} from './record-format.js'

/** A group's part of a write, as it stands in the file. */
interface PlacedRecord {
  readonly record: JournalRecord
  readonly checksum: number
  readonly lastIndex: number
  readonly position: number
  readonly length: number
}

/** Up to so many groups the manifest always names all, so that damage is judged exactly. */
const ALWAYS_COMPLETE_GROUPS = 16
const COMPLETE_EVERY_BYTES = 64 * 1024

/** One write of many groups' records, laid out in memory and not yet in force. */
export class WriteLayout {
  readonly #writer: BlockWriter
  readonly #placed: PlacedRecord[] = []
  readonly #links = new Map<number, number>()
  readonly #lastIndexes = new Map<number, number>()

  constructor(
    readonly place: WritePlace,
    target: Buffer,
    private readonly groups: ReadonlyMap<number, GroupIndex>
  ) {
    this.#writer = new BlockWriter(place.serial, place.offset, target)
  }

  get bytes(): Buffer {
    return this.#writer.bytes
  }

  get end(): number {
    return this.#writer.position
  }

  get groupNumbers(): Iterable<number> {
    return this.#links.keys()
  }

  add(record: JournalRecord): void {
    if (record.kind === RecordKind.manifest) {
      this.#writer.record(encodeRecord(record, 0, this.place, 0))
      return
    }
    const { group, entries } = record
    const index = this.groups.get(group)
    const lastIndex = entries.at(-1)?.index ?? this.#lastIndexes.get(group) ?? index?.lastIndex ?? 0
    const bytes = encodeRecord(record, this.#links.get(group) ?? index?.link ?? 0, this.place, lastIndex)
    const checksum = recordChecksum(bytes)
    this.#links.set(group, checksum)
    this.#lastIndexes.set(group, lastIndex)
    const { position, end } = this.#writer.record(bytes)
    this.#placed.push({ record, checksum, lastIndex, position, length: end - position })
  }

  /** After the sync: the groups are what the records say. */
  putInForce(groupOf: (group: number) => GroupIndex | undefined): void {
    const { serial } = this.place
    for (const { record, checksum, lastIndex, position, length } of this.#placed) {
      const group = groupOf(record.group)
      if (group === undefined) continue
      group.link = checksum
      group.newestSerial = serial
      if (record.kind !== RecordKind.entries) continue
      group.hardState = record.hardState
      const count = record.entries.length
      group.append(lastIndex + 1 - count, count, termRuns(record.entries), { serial, position, length })
    }
  }
}

/** Room that a write takes at most. */
export function bytesOf(records: readonly JournalRecord[], manifest: JournalRecord): number {
  let bytes = encodedBytesMax(manifest.bytes)
  for (let i = 0; i < records.length; i++) bytes += encodedBytesMax(records[i]!.bytes)
  return bytes
}

/** Decides how much each write says about the ones before. */
export class ManifestWriter {
  #lastGroups: readonly number[] = []
  #bytesSince = Number.POSITIVE_INFINITY

  constructor(private readonly groups: ReadonlyMap<number, GroupIndex>) {}

  next(previous: WritePlace): JournalRecord {
    const isComplete = this.groups.size <= ALWAYS_COMPLETE_GROUPS || this.#bytesSince > COMPLETE_EVERY_BYTES
    const items: ManifestItem[] = []
    for (const group of isComplete ? this.groups.keys() : this.#lastGroups) {
      const checksum = this.groups.get(group)?.link ?? 0
      if (checksum !== 0) items.push({ group, checksum })
    }
    return JournalRecord.manifest(encodeManifest(previous, isComplete, items))
  }

  /** The next manifest names all groups: a file begins, or a group has come or gone. */
  completeNext(): void {
    this.#bytesSince = Number.POSITIVE_INFINITY
  }

  written(groups: Iterable<number>, bytes: number): void {
    this.#lastGroups = [...groups]
    this.#bytesSince = this.#bytesSince > COMPLETE_EVERY_BYTES ? bytes : this.#bytesSince + bytes
  }
}
