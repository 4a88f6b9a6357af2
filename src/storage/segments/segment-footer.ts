import { crc32 } from 'node:zlib'
import { BLOCK_BYTES, BLOCK_ENTRY_BYTES, BlockIndex } from './block-index.js'
import { readU32 } from './event-frames.js'
import { readU64 } from './record-header.js'
import type { Segment } from './segment.js'

/**
 * The end of a full segment: the block index, then the trailer `u32 magic, u32 blocks, u32 records, u32 bytes of records,
 * u64 firstToken, u64 nextToken, u32 checksum over the record headers' checksums, u32 checksum of the index, u32 of the trailer`.
 */
export const TRAILER_BYTES = 44

const MAGIC = 0x4d796531
const FOOTER_CRC_SEED = 0x466f6f74
const CRC_AT = 40

export interface SegmentTrailer {
  readonly blocks: number
  readonly records: number
  readonly dataLength: number
  readonly firstToken: number
  readonly nextToken: number
  readonly recordsCrc: number
  readonly indexCrc: number
}

export function encodeFooter(segment: Segment): Buffer {
  const index = segment.index!.encode()
  const trailer = Buffer.allocUnsafe(TRAILER_BYTES)
  trailer.writeUInt32BE(MAGIC, 0)
  trailer.writeUInt32BE(segment.index!.length, 4)
  trailer.writeUInt32BE(segment.records, 8)
  trailer.writeUInt32BE(segment.dataLength, 12)
  trailer.writeBigUInt64BE(BigInt(segment.firstToken), 16)
  trailer.writeBigUInt64BE(BigInt(segment.nextToken), 24)
  trailer.writeUInt32BE(segment.chain.value, 32)
  trailer.writeUInt32BE(crc32(index, FOOTER_CRC_SEED), 36)
  trailer.writeUInt32BE(crc32(trailer.subarray(0, CRC_AT), FOOTER_CRC_SEED), CRC_AT)
  return Buffer.concat([index, trailer])
}

/** The trailer at the end of these bytes, which are the end of a file of `fileLength`; undefined when there is none. */
export function decodeTrailer(bytes: Buffer, fileLength: number): SegmentTrailer | undefined {
  const at = bytes.length - TRAILER_BYTES
  if (at < 0 || readU32(bytes, at) !== MAGIC) return undefined
  const expectedCrc = readU32(bytes, at + CRC_AT)
  if (crc32(bytes.subarray(at, at + CRC_AT), FOOTER_CRC_SEED) !== expectedCrc) return undefined
  const trailer: SegmentTrailer = {
    blocks: readU32(bytes, at + 4),
    records: readU32(bytes, at + 8),
    dataLength: readU32(bytes, at + 12),
    firstToken: readU64(bytes, at + 16),
    nextToken: readU64(bytes, at + 24),
    recordsCrc: readU32(bytes, at + 32),
    indexCrc: readU32(bytes, at + 36)
  }
  const length = trailer.dataLength + trailer.blocks * BLOCK_ENTRY_BYTES + TRAILER_BYTES
  return length === fileLength ? trailer : undefined
}

/** An upper bound of the footer's size: every block but the last is at least BLOCK_BYTES long. */
export function footerBytesMax(fileLength: number): number {
  const blocksMax = Math.floor(fileLength / BLOCK_BYTES) + 1
  return Math.min(fileLength, blocksMax * BLOCK_ENTRY_BYTES + TRAILER_BYTES)
}

/** The block index in these bytes, which end with this trailer; undefined when it does not match its checksum. */
export function decodeFooterIndex(bytes: Buffer, trailer: SegmentTrailer): BlockIndex | undefined {
  const end = bytes.length - TRAILER_BYTES
  const start = end - trailer.blocks * BLOCK_ENTRY_BYTES
  if (start < 0) return undefined
  const index = bytes.subarray(start, end)
  if (crc32(index, FOOTER_CRC_SEED) !== trailer.indexCrc) return undefined
  return BlockIndex.decode(trailer.firstToken, index)
}
