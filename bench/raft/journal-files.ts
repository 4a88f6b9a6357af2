import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { silentLogger } from '../../src/kernel/index.js'
import { Journal, NodeFileSystem, type OpenFile, StorageFullError } from '../../src/storage/index.js'
import { closedLoop, type LoopResult } from './closed-loop.js'

const MiB = 1024 * 1024
const FILE_BYTES = 64 * MiB
/** Without prepared files a journal starts with a sixteenth of a file, and prepared ones take over after it. */
const FIRST_FILE_BYTES = FILE_BYTES / 16
const CHUNK_BYTES = 256 * 1024

export interface JournalLoad {
  readonly inFlight: number
  readonly payloadBytes: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

export interface JournalFilesResult {
  readonly prepared: LoopResult
  readonly appending: LoopResult
}

/** The journal over files that were prepared, and over files that grow with each write, on the disk of the temporary directory. */
export async function journalFiles(load: JournalLoad): Promise<JournalFilesResult> {
  return {
    prepared: await measure(load, new NodeFileSystem(), {}),
    // A sixteenth of the file size is the bound of a file that grows: the same size as the prepared ones.
    appending: await measure(load, new WithoutSpares(), { fileBytes: FILE_BYTES * 16, fillBytes: 0 })
  }
}

async function measure(
  load: JournalLoad,
  fs: NodeFileSystem,
  sizes: { readonly fileBytes?: number; readonly fillBytes?: number }
): Promise<LoopResult> {
  const directory = mkdtempSync(join(tmpdir(), 'myelin-bench-journal-'))
  const journal = new Journal({
    fs,
    directory,
    log: silentLogger,
    fileBytes: FILE_BYTES,
    batchBytesMax: 4 * MiB,
    queueBytesMax: 256 * MiB,
    reserveBytes: 0,
    onFatal: error => {
      throw error
    },
    ...sizes
  })
  try {
    await journal.open(new Map())
    const log = new Log(journal)
    for (let bytes = 0; bytes < FIRST_FILE_BYTES * 1.5; bytes += CHUNK_BYTES)
      await log.append(Buffer.alloc(CHUNK_BYTES))
    const data = Buffer.alloc(load.payloadBytes, 7)
    return await closedLoop(done => log.append(data).then(() => done(), done), { ...load, pids: [] })
  } finally {
    await journal.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

class Log {
  #last = 0

  constructor(private readonly journal: Journal) {}

  append(data: Buffer): Promise<void> {
    const index = ++this.#last
    const hardState = { term: 1, vote: 0, commit: index - 1 }
    if (index % 10_000 === 0) this.journal.dropPrefix(1, { index: index - 5000, term: 1 })
    return this.journal.append([{ group: 1, entries: [{ index, term: 1, kind: 0, data }], hardState }])
  }
}

/** A disk with no room for files that are prepared ahead. */
class WithoutSpares extends NodeFileSystem {
  override open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile> {
    if (mode === 'create' && basename(path).startsWith('spare-'))
      return Promise.reject(new StorageFullError('no file is prepared here'))
    return super.open(path, mode)
  }
}
