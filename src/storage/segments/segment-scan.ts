import type { BlockReader } from './block-reader.js'
import { scanRecords } from './record-scan.js'
import type { Segment } from './segment.js'
import { damaged } from './segment-damage.js'
import { decodeTrailer, TRAILER_BYTES } from './segment-footer.js'
import type { TransactionVisitor } from './types.js'

/** Reads a full segment record by record, past the cache, and holds the whole against its footer. */
export async function scanSealed(
  segment: Segment,
  blocks: BlockReader,
  visit: TransactionVisitor
): Promise<void> {
  const { path, firstToken, dataLength: length } = segment
  const read = (target: Buffer, position: number) =>
    blocks.cache.slots.run(() => blocks.readFully(segment, target, position))
  const found = await scanRecords({ path, firstToken, length, read }, (record, position) =>
    visit(record, { segment: firstToken, position })
  )
  const tail = Buffer.allocUnsafe(Math.min(TRAILER_BYTES, segment.fileLength))
  await read(tail, segment.fileLength - tail.length)
  const trailer = decodeTrailer(tail, segment.fileLength)
  if (
    trailer?.records === found.records &&
    trailer.recordsCrc === found.recordsCrc &&
    trailer.nextToken === found.nextToken
  ) {
    return
  }
  throw damaged({ path, position: length }, 'its footer does not match its records')
}
