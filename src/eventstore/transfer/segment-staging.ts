import assert from 'node:assert'
import { join } from 'node:path'
import type { Logger } from '../../kernel/index.js'
import {
  type OpenFile,
  type SegmentSummary,
  StorageDamagedError,
  sameSegment,
  segmentFileName,
  verifySegment
} from '../../storage/index.js'
import { ServerError } from '../../wire/index.js'
import type { SegmentPiece } from './pieces.js'
import type { InstalledSegments, SegmentPlace } from './segment-install.js'

export interface SegmentStagingOptions extends SegmentPlace {
  /** Name of the directory below the context's, in which nobody looks for events. */
  readonly incoming: string
  readonly log: Logger
  readonly onFatal: (error: unknown) => void
}

/** A file in the directory of incoming ones. */
interface Staged {
  length: number
  /** Set once the whole file was read and found to be this one. */
  verified: SegmentSummary | undefined
  /** Bytes that were copied from this node's own file, and not sent by the peer. */
  copied: number
}

const COPY_BYTES = 1024 * 1024

/** The segments of a state that is being received. Those that this node has already stay where they are. */
export class SegmentStaging {
  readonly #staged = new Map<number, Staged>()
  /** Segments of this node whose content turned out not to be what the peer has. */
  readonly #distrusted = new Set<number>()
  #wanted: readonly SegmentSummary[] = []
  /** Places of the manifest that this node's own full segments fill. */
  #own = new Set<number>()
  #open: { readonly segment: number; readonly file: OpenFile } | undefined

  constructor(private readonly options: SegmentStagingOptions) {}

  /** What is here of the wanted segments, in bytes. `own` are this node's segments, all of them in their files. */
  async begin(wanted: readonly SegmentSummary[], own: readonly SegmentSummary[]): Promise<number[]> {
    await this.options.fs.createDirectory(this.#directory)
    await this.#removeUnwanted(wanted)
    this.#wanted = wanted
    this.#own = new Set()
    const have: number[] = []
    for (const [place, segment] of wanted.entries()) {
      const mine = own.find(each => each.segment === segment.segment)
      have.push(await this.#prepare(place, segment, mine))
    }
    return have
  }

  async write({ place, offset, bytes }: SegmentPiece): Promise<void> {
    const segment = this.#wanted[place]
    assert(segment !== undefined && !this.#own.has(place), 'a piece belongs to a segment that is missing')
    const staged = this.#stagedOf(segment.segment)
    const known = staged.length - offset
    if (known < 0 || offset + bytes.length > segment.fileLength)
      throw new ServerError(
        'AXONIQ-2200',
        `A piece of event segment ${segment.segment} does not follow on the one before`
      )
    if (known >= bytes.length) return
    const file = await this.#fileOf(segment.segment)
    await file.write([bytes.subarray(known)], staged.length)
    staged.length = offset + bytes.length
    if (staged.length === segment.fileLength) await this.#finish(segment, staged)
  }

  get complete(): boolean {
    return this.#wanted.every((segment, place) => this.#isHere(segment, place))
  }

  /** Everything is on disk: what remains is to bring it to its place. */
  async seal(): Promise<InstalledSegments> {
    await this.close()
    await this.options.fs.syncDirectory(this.#directory)
    await this.options.fs.syncDirectory(this.options.directory)
    return { directory: this.options.incoming, segments: this.#wanted.map(({ segment }) => segment) }
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.file.close()
  }

  get #directory(): string {
    return join(this.options.directory, this.options.incoming)
  }

  async #prepare(place: number, wanted: SegmentSummary, mine: SegmentSummary | undefined): Promise<number> {
    const isMineWhole = mine !== undefined && mine.fileLength > mine.dataLength
    if (isMineWhole && sameSegment(mine, wanted) && !this.#staged.has(wanted.segment)) {
      this.#own.add(place)
      return wanted.fileLength
    }
    if (!this.#staged.has(wanted.segment) && mine !== undefined && !this.#distrusted.has(wanted.segment))
      await this.#copyOwn(wanted, mine)
    const staged = this.#staged.get(wanted.segment)
    if (staged === undefined) return 0
    if (staged.verified !== undefined && sameSegment(staged.verified, wanted)) return wanted.fileLength
    await this.#cutTo(wanted, staged)
    if (staged.length === wanted.fileLength) await this.#finish(wanted, staged).catch(unlessDamaged)
    return this.#staged.get(wanted.segment)?.length ?? 0
  }

  /** Both begin with the same records, so the shorter is the beginning of the longer; the check of the whole file tells if not. */
  async #copyOwn(wanted: SegmentSummary, mine: SegmentSummary): Promise<void> {
    const length = Math.min(mine.dataLength, wanted.dataLength)
    if (length === 0) return
    const source = await this.options.fs.open(this.#ownPath(wanted.segment), 'read')
    try {
      const file = await this.#fileOf(wanted.segment)
      const staged = this.#stagedOf(wanted.segment)
      while (staged.length < length) {
        const bytes = Buffer.allocUnsafe(Math.min(COPY_BYTES, length - staged.length))
        const count = await source.read(bytes, staged.length)
        if (count === 0) break
        await file.write([bytes.subarray(0, count)], staged.length)
        staged.length += count
        staged.copied = staged.length
      }
    } finally {
      await source.close()
    }
  }

  /** What came of a segment that was open then is the beginning of what it is now, or the other way round. */
  async #cutTo(wanted: SegmentSummary, staged: Staged): Promise<void> {
    staged.verified = undefined
    if (staged.length <= wanted.dataLength) return
    if (staged.length <= wanted.fileLength && wanted.fileLength > wanted.dataLength) return
    const file = await this.#fileOf(wanted.segment)
    await file.truncate(wanted.dataLength)
    staged.length = wanted.dataLength
  }

  async #finish(segment: SegmentSummary, staged: Staged): Promise<void> {
    await this.#sync(segment.segment)
    try {
      await verifySegment(this.options.fs, this.#path(segment.segment), segment)
      staged.verified = segment
    } catch (error) {
      if (staged.copied > 0) this.#distrusted.add(segment.segment)
      await this.#remove(segment.segment)
      this.options.log.warn(
        { segment: segment.segment, error },
        'an event segment arrived damaged; it is sent again'
      )
      throw error
    }
  }

  /** Nobody knows what a disk holds after it refused to sync. */
  async #sync(segment: number): Promise<void> {
    const file = await this.#fileOf(segment)
    try {
      await file.sync()
    } catch (error) {
      this.options.onFatal(error)
      throw error
    }
    await this.close()
  }

  #isHere(segment: SegmentSummary, place: number): boolean {
    if (this.#own.has(place) || segment.fileLength === 0) return true
    const verified = this.#staged.get(segment.segment)?.verified
    return verified !== undefined && sameSegment(verified, segment)
  }

  #stagedOf(segment: number): Staged {
    let staged = this.#staged.get(segment)
    if (staged === undefined) {
      staged = { length: 0, verified: undefined, copied: 0 }
      this.#staged.set(segment, staged)
    }
    return staged
  }

  async #fileOf(segment: number): Promise<OpenFile> {
    if (this.#open?.segment === segment) return this.#open.file
    await this.close()
    const path = this.#path(segment)
    const isThere = await this.options.fs.exists(path)
    const file = await this.options.fs.open(path, isThere ? 'write' : 'create')
    this.#open = { segment, file }
    return file
  }

  async #removeUnwanted(wanted: readonly SegmentSummary[]): Promise<void> {
    const tokens = new Set(wanted.map(({ segment }) => segment))
    for (const segment of [...this.#staged.keys()]) if (!tokens.has(segment)) await this.#remove(segment)
  }

  async #remove(segment: number): Promise<void> {
    await this.close()
    this.#staged.delete(segment)
    await this.options.fs.remove(this.#path(segment))
  }

  #path(segment: number): string {
    return join(this.#directory, segmentFileName(segment, this.options.suffix))
  }

  #ownPath(segment: number): string {
    return join(this.options.directory, segmentFileName(segment, this.options.suffix))
  }
}

function unlessDamaged(error: unknown): void {
  if (!(error instanceof StorageDamagedError)) throw error
}
