import assert from 'node:assert'
import { type LogEntry, StorageDamagedError } from '../log-storage.js'
import { BLOCK_BYTES } from './block-format.js'
import { BlockReader } from './block-reader.js'
import type { GroupIndex } from './group-index.js'
import type { JournalFiles } from './journal-files.js'
import { decodeEntries } from './record-format.js'
import type { EntryRun } from './run-list.js'
import type { TailRing } from './tail-ring.js'

export interface EntryRange {
  readonly from: number
  readonly to: number
  readonly bytesMax: number
}

/** Reads entries of a group: the newest from memory, others from their file; each record is verified. */
export class EntryReader {
  constructor(
    private readonly files: JournalFiles,
    private readonly tail: TailRing
  ) {}

  async read(
    group: number,
    index: GroupIndex,
    { from, to, bytesMax }: EntryRange
  ): Promise<readonly LogEntry[]> {
    const found: LogEntry[] = []
    let bytes = 0
    for (let next = from; next <= to; ) {
      const run = index.runOf(next)
      if (run === undefined) break
      // Later entries may have replaced the end of what the record holds.
      const last = Math.min(to, run.firstIndex + run.count - 1)
      const record = this.tail.find(run) ?? (await this.#readFile(group, run))
      for (const entry of decodeEntries(record, next, last, bytesMax - bytes)) {
        bytes += entry.data.length
        if (found.length > 0 && bytes > bytesMax) return found
        found.push(entry)
        next = entry.index + 1
      }
      if (next <= last) break
    }
    return found
  }

  async #readFile(group: number, run: EntryRun): Promise<Buffer> {
    const holder = this.files.get(run.serial)
    assert(holder !== undefined, `journal file ${run.serial} holds entries of group ${group} and is gone`)
    const start = run.position - (run.position % BLOCK_BYTES)
    const bytes = Buffer.allocUnsafe(run.position + run.length - start)
    holder.readers++
    try {
      await holder.file.read(bytes, start)
    } finally {
      holder.readers--
    }
    const found = new BlockReader(run.serial, bytes, start).read(run.position)
    if (found.kind === 'record') return found.bytes
    throw new StorageDamagedError(
      `The journal of replication group ${group} is damaged: ${holder.file.path} has no valid record at byte ${run.position}. Restore this node from a backup, or remove its data and let it join again`
    )
  }
}
