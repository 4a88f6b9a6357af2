import { ServerError } from '../../wire/index.js'

/**
 * Pieces of a state, at most 1 MiB each. Of a segment: `u8 1, u32 place in the manifest, u48 offset`, then bytes of the file. Of the
 * keys: `u8 2, u8 flags, u32 length, end of the range`, then a part of the range's items; a range that is kept has none.
 */
export type Piece = SegmentPiece | RangePiece

export interface SegmentPiece {
  readonly kind: 'segment'
  readonly place: number
  readonly offset: number
  readonly bytes: Buffer
}

export interface RangePiece {
  readonly kind: 'range'
  /** The range goes up to this key; empty for the last range, which has no end. */
  readonly end: Buffer
  /** The receiver has these items. */
  readonly kept: boolean
  /** Further parts of this range follow. */
  readonly more: boolean
  readonly items: Buffer
}

export const PIECE_BYTES_MAX = 1024 * 1024

const SEGMENT_KIND = 1
const RANGE_KIND = 2
const SEGMENT_HEADER_BYTES = 11
const RANGE_HEADER_BYTES = 6
const KEPT = 1
const MORE = 2
const ITEM_HEADER_BYTES = 8

export function encodePiece(piece: Piece): Buffer {
  if (piece.kind === 'segment') {
    const header = Buffer.allocUnsafe(SEGMENT_HEADER_BYTES)
    header.writeUInt8(SEGMENT_KIND, 0)
    header.writeUInt32BE(piece.place, 1)
    header.writeUIntBE(piece.offset, 5, 6)
    return Buffer.concat([header, piece.bytes])
  }
  const header = Buffer.allocUnsafe(RANGE_HEADER_BYTES)
  header.writeUInt8(RANGE_KIND, 0)
  header.writeUInt8((piece.kept ? KEPT : 0) | (piece.more ? MORE : 0), 1)
  header.writeUInt32BE(piece.end.length, 2)
  return Buffer.concat([header, piece.end, piece.items])
}

export function decodePiece(bytes: Buffer): Piece {
  const kind = bytes.readUInt8(0)
  if (kind === SEGMENT_KIND) {
    return {
      kind: 'segment',
      place: bytes.readUInt32BE(1),
      offset: bytes.readUIntBE(5, 6),
      bytes: bytes.subarray(SEGMENT_HEADER_BYTES)
    }
  }
  if (kind !== RANGE_KIND)
    throw new ServerError('AXONIQ-2200', `A piece of a state has the unknown kind ${kind}`)
  const flags = bytes.readUInt8(1)
  const endAt = RANGE_HEADER_BYTES + bytes.readUInt32BE(2)
  return {
    kind: 'range',
    kept: (flags & KEPT) !== 0,
    more: (flags & MORE) !== 0,
    end: bytes.subarray(RANGE_HEADER_BYTES, endAt),
    items: bytes.subarray(endAt)
  }
}

/** One item of a range: `u32 length, u32 length, key, value`. */
export function encodeItem(key: Buffer, value: Buffer): Buffer {
  const item = Buffer.allocUnsafe(ITEM_HEADER_BYTES + key.length + value.length)
  item.writeUInt32BE(key.length, 0)
  item.writeUInt32BE(value.length, 4)
  key.copy(item, ITEM_HEADER_BYTES)
  value.copy(item, ITEM_HEADER_BYTES + key.length)
  return item
}

export function* decodeItems(items: Buffer): Iterable<readonly [key: Buffer, value: Buffer]> {
  for (let offset = 0; offset < items.length; ) {
    const keyEnd = offset + ITEM_HEADER_BYTES + items.readUInt32BE(offset)
    const end = keyEnd + items.readUInt32BE(offset + 4)
    yield [items.subarray(offset + ITEM_HEADER_BYTES, keyEnd), items.subarray(keyEnd, end)]
    offset = end
  }
}
