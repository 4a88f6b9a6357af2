import type { HardState } from '../log-storage.js'
import type { GroupIndex } from './group-index.js'
import type { JournalFile, JournalFiles } from './journal-files.js'
import type { JournalWriter } from './journal-writer.js'
import { JournalRecord } from './record-format.js'

/** Puts files away that hold nothing needed, oldest first. */
export class FileRetirement {
  /** A checkpoint may have freed files, or a reader was in the way. */
  isDue = true

  constructor(
    private readonly files: JournalFiles,
    private readonly groups: ReadonlyMap<number, GroupIndex>,
    private readonly writer: JournalWriter
  ) {}

  async run(): Promise<void> {
    this.isDue = false
    for (const file of this.files.below(this.writer.lastSerial)) {
      if (this.#holdsEntries(file)) return
      if (file.readers > 0) {
        this.isDue = true
        return
      }
      const records = this.#restingIn(file)
      if (records.length > 0) await this.writer.write(records)
      await this.files.retire(file)
    }
  }

  #holdsEntries({ serial }: JournalFile): boolean {
    for (const { oldestSerial } of this.groups.values()) {
      if (oldestSerial !== undefined && oldestSerial <= serial) return true
    }
    return false
  }

  /** A group that only rests has its hard state, or its damage, written again before the file goes. */
  #restingIn({ serial }: JournalFile): JournalRecord[] {
    const records: JournalRecord[] = []
    for (const [number, group] of this.groups) {
      const { link, newestSerial, damage, hardState, firstIndex, isEndUnwritten } = group
      if (link === 0 || (newestSerial > serial && !isEndUnwritten)) continue
      if (damage !== undefined) records.push(JournalRecord.damage(number, damage))
      else if (hardState !== undefined) {
        records.push(JournalRecord.entries(number, reaching(hardState, firstIndex - 1), []))
      }
    }
    return records
  }
}

/** Says how far the checkpoint reaches that let the entries go: a start with an older one must not pass for a group without entries. */
function reaching(hardState: HardState, checkpointIndex: number): HardState {
  return { ...hardState, commit: Math.max(hardState.commit, checkpointIndex) }
}
