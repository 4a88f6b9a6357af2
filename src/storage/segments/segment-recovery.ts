import { join } from 'node:path'
import type { Logger } from '../../kernel/index.js'
import type { FileSystem, OpenFile } from '../file-system.js'
import { BlockIndex } from './block-index.js'
import type { ReadCache } from './read-cache.js'
import { scanRecords } from './record-scan.js'
import { parseSegmentFileName, Segment, segmentFileName } from './segment.js'
import { damaged } from './segment-damage.js'
import { decodeTrailer, type SegmentTrailer, TRAILER_BYTES } from './segment-footer.js'
import type { SegmentCheckpoint, TransactionVisitor } from './types.js'

export interface SegmentFilesOptions {
  readonly fs: FileSystem
  readonly directory: string
  readonly suffix: string
  readonly cache: ReadCache
  readonly log: Logger
}

const START: SegmentCheckpoint = { segment: 0, length: 0, nextToken: 0 }
const INSPECTIONS_AT_ONCE = 8

export function newSegment(options: SegmentFilesOptions, firstToken: number): Segment {
  const { fs, directory, suffix, cache } = options
  const segment = new Segment(fs, directory, suffix, firstToken, cache.newId())
  segment.index = new BlockIndex(firstToken)
  segment.recent = true
  return segment
}

/** Finds the files as the checkpoint left them, and only when all is well cuts what lies above it. */
export class SegmentRecovery {
  readonly #checkpoint: SegmentCheckpoint

  constructor(
    private readonly options: SegmentFilesOptions,
    checkpoint: SegmentCheckpoint | undefined,
    private readonly visit: TransactionVisitor
  ) {
    this.#checkpoint = checkpoint ?? START
  }

  /** Full segments in order, then the active one. */
  async run(): Promise<Segment[]> {
    await this.options.fs.createDirectory(this.options.directory)
    const found = await this.#list()
    const sealed = found.filter(token => token < this.#checkpoint.segment)
    const segments = await this.#openSealed(sealed)
    const active = await this.#openActive()
    try {
      await this.#removeAbove(found)
    } catch (error) {
      await active.writer?.close()
      throw error
    }
    return [...segments, active]
  }

  async #list(): Promise<number[]> {
    const { fs, directory, suffix } = this.options
    const tokens = (await fs.list(directory)).map(name => parseSegmentFileName(name, suffix))
    return tokens.filter(token => token !== undefined).sort((a, b) => a - b)
  }

  async #openSealed(tokens: readonly number[]): Promise<Segment[]> {
    const segments: Segment[] = []
    for (let i = 0; i < tokens.length; i += INSPECTIONS_AT_ONCE) {
      const group = tokens.slice(i, i + INSPECTIONS_AT_ONCE)
      const inspections = group.map((token, at) =>
        this.#inspect(token, tokens[i + at + 1] ?? this.#checkpoint.segment)
      )
      segments.push(...(await Promise.all(inspections)))
    }
    return segments
  }

  /** A damaged footer makes reads of that segment fail, not the start: the rest of the context can be served. */
  async #inspect(firstToken: number, nextSegment: number): Promise<Segment> {
    const segment = newSegment(this.options, firstToken)
    segment.index = undefined
    segment.recent = false
    segment.sealed = true
    segment.nextToken = nextSegment
    const trailer = await this.#readTrailer(segment)
    segment.written = segment.fileLength
    segment.dataLength = trailer?.dataLength ?? segment.fileLength
    segment.footerCrc = trailer?.recordsCrc
    if (trailer === undefined) {
      this.options.log.error(
        { file: segment.path },
        'a full event segment has no valid footer: it can not be read'
      )
    } else if (trailer.firstToken !== firstToken || trailer.nextToken !== nextSegment) {
      const what = `it holds the events ${trailer.firstToken} to ${trailer.nextToken - 1}, the next segment begins with ${nextSegment}`
      throw damaged(
        { path: segment.path, position: trailer.dataLength },
        `${what}; a file is missing or misnamed`
      )
    }
    return segment
  }

  async #readTrailer(segment: Segment): Promise<SegmentTrailer | undefined> {
    const file = await this.options.fs.open(segment.path, 'read')
    try {
      segment.fileLength = await file.size()
      const bytes = Buffer.allocUnsafe(Math.min(TRAILER_BYTES, segment.fileLength))
      const count = await file.read(bytes, segment.fileLength - bytes.length)
      return count < bytes.length ? undefined : decodeTrailer(bytes, segment.fileLength)
    } finally {
      await file.close()
    }
  }

  async #openActive(): Promise<Segment> {
    const { segment: firstToken, length, nextToken, recordsCrc } = this.#checkpoint
    const segment = newSegment(this.options, firstToken)
    if (length > 0) await this.#scanActive(segment)
    const isOther = recordsCrc !== undefined && recordsCrc !== segment.chain.value
    if (segment.nextToken === nextToken && !isOther) return segment
    await segment.writer?.close()
    const what =
      segment.nextToken === nextToken
        ? 'its checkpointed part holds other records than the checkpoint says'
        : `its checkpointed part ends before token ${segment.nextToken}, the checkpoint says ${nextToken}`
    throw damaged({ path: segment.path, position: length }, what)
  }

  async #scanActive(segment: Segment): Promise<void> {
    const { length } = this.#checkpoint
    const file = await this.#openForWriting(segment)
    try {
      const size = await file.size()
      if (size < length) {
        throw damaged(
          { path: segment.path, position: size },
          `the file ends here, the checkpoint says ${length} bytes`
        )
      }
      await this.#visitAll(segment, file)
      if (size > length) await file.truncate(length)
    } catch (error) {
      await file.close()
      throw error
    }
    segment.writer = file
  }

  async #visitAll(segment: Segment, file: OpenFile): Promise<void> {
    const { length } = this.#checkpoint
    const read = async (target: Buffer, position: number) => {
      const count = await file.read(target, position)
      if (count < target.length)
        throw damaged({ path: segment.path, position: position + count }, 'the file ends here')
    }
    segment.written = length
    await scanRecords(
      { path: segment.path, firstToken: segment.firstToken, length, read },
      (record, position, bytes, at) => {
        segment.add(record, bytes, at)
        this.visit(record, { segment: segment.firstToken, position })
      }
    )
  }

  async #openForWriting({ path }: Segment): Promise<OpenFile> {
    if (await this.options.fs.exists(path)) return this.options.fs.open(path, 'write')
    throw damaged({ path, position: 0 }, 'the file is not there')
  }

  /** Files above the checkpoint, and an active one of which nothing was checkpointed: it all comes again from the journal. */
  async #removeAbove(found: readonly number[]): Promise<void> {
    const { fs, directory, suffix, log } = this.options
    const { segment, length } = this.#checkpoint
    for (const token of found) {
      if (token < segment || (token === segment && length > 0)) continue
      const file = join(directory, segmentFileName(token, suffix))
      log.debug({ file }, 'event segment above the checkpoint removed')
      await fs.remove(file)
    }
  }
}
