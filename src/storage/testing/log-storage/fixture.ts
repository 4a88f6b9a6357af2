import type { GroupAppend, LogCheckpoint, LogEntry, LogStorage } from '../../log-storage.js'
import type { SuiteTest } from '../key-value-store-suite.js'

export const NO_CHECKPOINTS = new Map<number, LogCheckpoint>()
export const ALL_BYTES = Number.MAX_SAFE_INTEGER

export function entry(index: number, term = 1, bytes = 20): LogEntry {
  return { index, term, kind: index % 3, data: Buffer.alloc(bytes, (index * 7 + term) & 0xff) }
}

export function run(first: number, last: number, term = 1, bytes = 20): LogEntry[] {
  return Array.from({ length: last - first + 1 }, (_, i) => entry(first + i, term, bytes))
}

export function part(
  group: number,
  entries: readonly LogEntry[],
  hardState = { term: 1, vote: 2, commit: 0 }
): GroupAppend {
  return { group, entries, hardState }
}

export async function placesOf(log: LogStorage, group: number): Promise<string[]> {
  const entries = await log.entries(group, log.firstIndex(group), log.lastIndex(group), ALL_BYTES)
  return entries.map(({ index, term }) => `${index}@${term}`)
}

/** A claim on a log as it is and, where it keeps its data, after a restart with these checkpoints. */
export type AlsoAfterRestart = (
  claim: string,
  write: (log: LogStorage) => Promise<unknown>,
  check: (t: SuiteTest, log: LogStorage) => Promise<void>,
  checkpoints?: ReadonlyMap<number, LogCheckpoint>
) => void
