import type { FileSystem, OpenFile } from '../file-system.js'
import { StorageFullError } from '../log-storage.js'
import type { Segment } from './segment.js'

/** A piece that is written at once: so many bytes, or one record. */
const WRITE_BYTES_MAX = 4 * 1024 * 1024
/** Up to here a blocking copy into the page cache is cheaper than a trip through the thread pool. */
const WRITE_NOW_BYTES_MAX = 64 * 1024
/** Buffers smaller than this on average are copied together: that costs less than handing each to the kernel. */
const GATHER_BYTES_MIN = 4096

interface PendingWrite {
  readonly segment: Segment
  readonly position: number
  readonly buffers: Buffer[]
  bytes: number
}

/**
 * Writes what was appended, in order. What could not be written stays queued and is written again at the same place; a failed
 * sync is final, because nobody knows what the disk holds then.
 */
export class SegmentWriter {
  #queue: PendingWrite[] = []
  /** The piece that takes what is appended; never one that is being written. */
  #collecting: PendingWrite | undefined
  #writing: Promise<void> | undefined
  #next: Promise<void> | undefined
  #syncing: Promise<void> = Promise.resolve()
  #syncs = 0
  #failure: unknown
  #directoryChanged = false
  readonly #unsynced = new Set<Segment>()
  #unwrittenBytes = 0

  constructor(
    private readonly fs: FileSystem,
    private readonly directory: string,
    private readonly onWritten: (segment: Segment) => void
  ) {}

  get unwrittenBytes(): number {
    return this.#unwrittenBytes
  }

  /** A record as its header and its events, or a footer. */
  add(segment: Segment, position: number, bytes: Buffer, more?: Buffer): void {
    const piece = this.#pieceFor(segment, position)
    piece.buffers.push(bytes)
    if (more !== undefined) piece.buffers.push(more)
    const length = bytes.length + (more?.length ?? 0)
    piece.bytes += length
    this.#unwrittenBytes += length
  }

  /** Writes all that was added before the call. Calls during a write share the one that follows it. */
  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#writing === undefined) return this.#queue.length === 0 ? DONE : this.#start()
    if (this.#next === undefined) {
      const again = () => {
        this.#next = undefined
        return this.flush()
      }
      this.#next = this.#writing.then(again, again)
    }
    return this.#next
  }

  /** Flushes, then makes durable all that is written. One at a time. */
  sync(): Promise<void> {
    const run = () => this.#sync()
    const syncing = this.#syncing.then(run, run)
    this.#syncing = syncing
    return syncing
  }

  /** When nothing is under way any more, however it ended. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.#syncing, this.#writing, this.#next])
  }

  #pieceFor(segment: Segment, position: number): PendingWrite {
    const last = this.#collecting
    if (last !== undefined && last.segment === segment && last.bytes < WRITE_BYTES_MAX) return last
    const piece: PendingWrite = { segment, position, buffers: [], bytes: 0 }
    this.#queue.push(piece)
    this.#collecting = piece
    return piece
  }

  #start(): Promise<void> {
    this.#writing = this.#writeQueue().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  async #writeQueue(): Promise<void> {
    this.#collecting = undefined
    for (let count = this.#queue.length; count > 0; count--) {
      const piece = this.#queue[0]!
      try {
        await this.#write(piece)
      } catch (error) {
        throw error instanceof StorageFullError ? diskFull(piece, error) : error
      }
      this.#queue.shift()
      this.#unwrittenBytes -= piece.bytes
      piece.segment.written = piece.position + piece.bytes
      this.#unsynced.add(piece.segment)
      this.onWritten(piece.segment)
    }
  }

  async #write(piece: PendingWrite): Promise<void> {
    const file = piece.segment.writer ?? (await this.#create(piece.segment))
    const small = piece.bytes < piece.buffers.length * GATHER_BYTES_MIN
    const buffers = small ? [Buffer.concat(piece.buffers, piece.bytes)] : piece.buffers
    // While a sync is under way a blocking write might have to wait for it.
    if (piece.bytes <= WRITE_NOW_BYTES_MAX && this.#syncs === 0) file.writeNow(buffers, piece.position)
    else await file.write(buffers, piece.position)
  }

  async #create(segment: Segment): Promise<OpenFile> {
    const file = await this.fs.open(segment.path, 'create')
    segment.writer = file
    this.#directoryChanged = true
    return file
  }

  async #sync(): Promise<void> {
    await this.flush()
    this.#syncs++
    try {
      await this.#syncFiles()
    } catch (error) {
      this.#failure = error
      throw error
    } finally {
      this.#syncs--
    }
  }

  async #syncFiles(): Promise<void> {
    for (const segment of [...this.#unsynced]) {
      this.#unsynced.delete(segment)
      await segment.writer!.sync()
      if (!segment.sealed || segment.written < segment.fileLength || this.#unsynced.has(segment)) continue
      await segment.writer!.close()
      segment.writer = undefined
      // From here on the footer tells where its blocks are.
      segment.index = undefined
    }
    if (!this.#directoryChanged) return
    this.#directoryChanged = false
    await this.fs.syncDirectory(this.directory)
  }
}

const DONE = Promise.resolve()

function diskFull(piece: PendingWrite, cause: unknown): StorageFullError {
  return new StorageFullError(
    `No room to write ${piece.bytes} bytes to ${piece.segment.path}; nothing is lost, the write is repeated: ` +
      'free space on this disk or enlarge it',
    { cause }
  )
}
