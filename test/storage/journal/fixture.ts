import { silentLogger } from '../../../src/kernel/index.js'
import {
  type FileSystem,
  type GroupAppend,
  Journal,
  type JournalOptions,
  type LogCheckpoint,
  type LogEntry
} from '../../../src/storage/index.js'

export const NO_CHECKPOINTS = new Map<number, LogCheckpoint>()

export function journalOn(fs: FileSystem, options: Partial<JournalOptions> = {}): Journal {
  return new Journal({
    fs,
    directory: '/log',
    log: silentLogger,
    fileBytes: 64 * 1024,
    batchBytesMax: 256 * 1024,
    queueBytesMax: 16 * 1024 * 1024,
    reserveBytes: 0,
    fillBytes: 0,
    onFatal: () => {},
    ...options
  })
}

export function entry(index: number, term = 1, bytes = 20): LogEntry {
  return { index, term, kind: 0, data: Buffer.alloc(bytes, (index * 31 + term) & 0xff) }
}

export function entries(first: number, last: number, term = 1, bytes = 20): LogEntry[] {
  return Array.from({ length: last - first + 1 }, (_, i) => entry(first + i, term, bytes))
}

export function part(group: number, entries: readonly LogEntry[], commit = 0): GroupAppend {
  return { group, entries, hardState: { term: entries.at(-1)?.term ?? 1, vote: 3, commit } }
}

export function allOf(journal: Journal, group: number): Promise<readonly LogEntry[]> {
  return journal.entries(group, journal.firstIndex(group), journal.lastIndex(group), Number.MAX_SAFE_INTEGER)
}

export function fileName(serial: number): string {
  return `/log/${String(serial).padStart(10, '0')}.journal`
}
