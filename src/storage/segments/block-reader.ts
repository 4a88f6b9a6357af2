import type { BlockIndex } from './block-index.js'
import { partKey, type ReadCache } from './read-cache.js'
import type { Segment } from './segment.js'
import { type BlockPlace, SegmentBlock } from './segment-block.js'
import { damaged } from './segment-damage.js'
import { decodeFooterIndex, decodeTrailer, footerBytesMax } from './segment-footer.js'

/**
 * Blocks and block indexes of segments, from the cache or from disk. Blocks are read in the thread pool: history may be far from
 * the page cache, and a blocking read of a slow disk would hold up every group's heartbeat.
 */
export class BlockReader {
  constructor(readonly cache: ReadCache) {}

  index(segment: Segment): BlockIndex | Promise<BlockIndex> {
    if (segment.index !== undefined) return segment.index
    const key = partKey(segment.cacheId, 0)
    return this.cache.get<BlockIndex>(key) ?? this.cache.load(key, () => this.#loadIndex(segment))
  }

  block(segment: Segment, index: BlockIndex, block: number): SegmentBlock | Promise<SegmentBlock> {
    const key = partKey(segment.cacheId, block + 1)
    const known = this.cache.get<SegmentBlock>(key)
    if (known !== undefined) return known
    const place = blockPlace(segment, index, block)
    return this.cache.load(key, () => this.#loadBlock(segment, place, blockEnd(segment, index, block)))
  }

  /** Starts to read a block that a sequential reader will want soon, if that takes nothing from others. */
  readAhead(segment: Segment, index: BlockIndex, block: number): void {
    const key = partKey(segment.cacheId, block + 1)
    if (!this.cache.hasRoomAhead || this.cache.has(key)) return
    const place = blockPlace(segment, index, block)
    this.cache.loadAhead(key, () => this.#loadBlock(segment, place, blockEnd(segment, index, block)))
  }

  /** Fills `target`; a file that ends before is damaged. */
  async readFully(segment: Segment, target: Buffer, position: number): Promise<void> {
    const count = await this.#read(segment, target, position)
    if (count < target.length) throw shorter(segment, position + count)
  }

  /** The same, blocking; false when the file is not open yet. */
  readFullyNow(segment: Segment, target: Buffer, position: number): boolean {
    const count = this.cache.files.readNow(segment, target, position)
    if (count === undefined) return false
    if (count < target.length) throw shorter(segment, position + count)
    return true
  }

  async #loadBlock(segment: Segment, place: BlockPlace, end: number): Promise<SegmentBlock> {
    const bytes = Buffer.allocUnsafeSlow(end - place.position)
    await this.readFully(segment, bytes, place.position)
    return SegmentBlock.verify(place, bytes)
  }

  async #loadIndex(segment: Segment): Promise<BlockIndex> {
    const bytes = Buffer.allocUnsafeSlow(footerBytesMax(segment.fileLength))
    await this.readFully(segment, bytes, segment.fileLength - bytes.length)
    const trailer = decodeTrailer(bytes, segment.fileLength)
    const index = trailer === undefined ? undefined : decodeFooterIndex(bytes, trailer)
    if (
      trailer?.firstToken === segment.firstToken &&
      trailer.nextToken === segment.nextToken &&
      index !== undefined
    ) {
      return index
    }
    throw damaged(
      { path: segment.path, position: segment.dataLength },
      'its footer does not match its checksum'
    )
  }

  async #read(segment: Segment, target: Buffer, position: number): Promise<number> {
    try {
      return await this.cache.files.read(segment, target, position)
    } catch (error) {
      if (segment.closed || (await segment.fs.exists(segment.path))) throw error
      throw damaged({ path: segment.path, position: 0 }, 'the file is not there', error)
    }
  }
}

function blockPlace(segment: Segment, index: BlockIndex, block: number): BlockPlace {
  const isLast = block + 1 === index.length
  return {
    path: segment.path,
    position: index.position(block),
    firstToken: index.firstToken(block),
    rest: index.rest(block),
    nextToken: isLast ? segment.nextToken : index.firstToken(block + 1)
  }
}

function blockEnd(segment: Segment, index: BlockIndex, block: number): number {
  return block + 1 === index.length ? segment.dataLength : index.position(block + 1)
}

function shorter(segment: Segment, at: number): Error {
  return damaged({ path: segment.path, position: at }, 'the file ends here, and should be longer')
}
