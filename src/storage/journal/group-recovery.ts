import type { LogCheckpoint } from '../log-storage.js'
import { GroupIndex } from './group-index.js'
import type { Manifest, ManifestItem } from './manifest.js'
import {
  type RecordHeader,
  RecordKind,
  recordBody,
  recordChecksum,
  summarizeEntries
} from './record-format.js'
import type { RecordPlace } from './run-list.js'

/**
 * Puts the groups together from their records in the order of writing, and finds out which of them lost one. A lost record in the
 * middle shows in the chain of checksums and, where entries above the checkpoint went with it, as a gap; a group's newest record
 * holds its hard state and is missed by a manifest.
 */
export class GroupRecovery {
  readonly groups = new Map<number, GroupIndex>()
  readonly removed = new Set<number>()
  /** Groups whose newest record is known to be lost. */
  readonly #lost = new Set<number>()
  /** Groups that may have lost records: whole writes are gone and nothing since says what they held. */
  readonly #suspects = new Set<number>()

  constructor(private readonly checkpoints: ReadonlyMap<number, LogCheckpoint>) {
    for (const [group, checkpoint] of checkpoints) this.groups.set(group, new GroupIndex(checkpoint))
  }

  record(header: RecordHeader, record: Buffer, place: RecordPlace): void {
    if (header.kind === RecordKind.tombstone) this.#remove(header.group)
    if (this.removed.has(header.group)) return
    const group = this.#group(header.group)
    if (group.link !== 0 && group.link !== header.previous) group.breakOff()
    this.#lost.delete(header.group)
    this.#suspects.delete(header.group)
    group.link = recordChecksum(record)
    group.newestSerial = place.serial
    if (header.kind === RecordKind.damage) group.damage = recordBody(record).toString()
    if (header.kind !== RecordKind.entries) return
    const { hardState, firstIndex, count, terms } = summarizeEntries(record)
    group.hardState = hardState
    // Whoever knows the checkpoint to be committed has its log, and no longer the one that it overruled.
    if (hardState.commit >= group.firstIndex - 1) group.dropOverruled()
    group.append(firstIndex, count, terms, place)
  }

  /** What a write says about the records before it. */
  compare(manifest: Manifest): void {
    for (const item of manifest.items) this.#compareItem(item)
    if (!manifest.isComplete) return
    const named = new Set(manifest.items.map(({ group }) => group))
    for (const [number, { link }] of this.groups) if (link !== 0 && !named.has(number)) this.#remove(number)
    this.#suspects.clear()
  }

  /** Whole writes are missing here. */
  suspectAll(): void {
    for (const number of this.groups.keys()) this.#suspects.add(number)
  }

  /** Gives every group that cannot go on its words, and returns those that did not have any yet. */
  finish(where: string | undefined): number[] {
    const damaged: number[] = []
    for (const [number, group] of this.groups) {
      if (group.damage === undefined) {
        group.dropOverruled()
        const loss = this.#lossOf(number, group)
        if (loss === undefined) continue
        group.damage = words(number, loss, where)
        damaged.push(number)
      }
      // What is left of it is not used, and does not hold files.
      group.breakOff()
    }
    return damaged
  }

  #compareItem({ group: number, checksum }: ManifestItem): void {
    if (this.removed.has(number)) return
    if (this.#group(number).link === checksum) this.#suspects.delete(number)
    else this.#lost.add(number)
  }

  #lossOf(number: number, group: GroupIndex): string | undefined {
    const { firstIndex, firstStored, lastIndex, hardState } = group
    if (this.#lost.has(number)) return `what was written after entry ${lastIndex} is lost`
    if (this.#suspects.has(number)) return `what was written after entry ${lastIndex} may be lost`
    if (lastIndex >= firstIndex && firstStored === undefined) return missing(firstIndex, lastIndex)
    if (firstStored !== undefined && firstStored > firstIndex) return missing(firstIndex, firstStored - 1)
    const commit = hardState?.commit ?? 0
    if (commit > lastIndex) return missing(lastIndex + 1, commit)
    return undefined
  }

  #remove(number: number): void {
    this.groups.delete(number)
    this.removed.add(number)
    this.#lost.delete(number)
    this.#suspects.delete(number)
  }

  #group(number: number): GroupIndex {
    let group = this.groups.get(number)
    if (group === undefined) {
      group = new GroupIndex(this.checkpoints.get(number) ?? { index: 0, term: 0 })
      this.groups.set(number, group)
    }
    return group
  }
}

/** Lost with their records, or gone because a checkpoint contained them and the one that there is now is older. */
function missing(first: number, last: number): string {
  return `entries ${first} to ${last} are missing, and the state store does not contain them`
}

function words(group: number, loss: string, where: string | undefined): string {
  const place = where === undefined ? '' : ` (${where})`
  return `The journal of replication group ${group} is damaged: ${loss}${place}. Restore this node from a backup, or remove its data and let it join again`
}
