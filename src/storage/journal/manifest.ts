import type { WritePlace } from './record-format.js'

/** Of the journal as a whole; another one is refused in words. */
export const JOURNAL_FORMAT = 2

/** The newest record of a group. */
export interface ManifestItem {
  readonly group: number
  readonly checksum: number
}

/**
 * Stands at the head of each write and says what must have been there before, so that a reader knows which groups lost a record to
 * damage, also those that wrote nothing since.
 */
export interface Manifest {
  readonly format: number
  readonly previous: WritePlace
  /** The items are the newest records of all groups; otherwise only of those that the write before had. */
  readonly isComplete: boolean
  readonly items: readonly ManifestItem[]
}

const HEADER_BYTES = 10
const ITEM_BYTES = 8

/** `u8 format, u8 complete, u32 serial, u32 offset`, then per item `u32 group, u32 checksum`. */
export function encodeManifest(
  previous: WritePlace,
  isComplete: boolean,
  items: readonly ManifestItem[]
): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + items.length * ITEM_BYTES)
  bytes[0] = JOURNAL_FORMAT
  bytes[1] = isComplete ? 1 : 0
  bytes.writeUInt32BE(previous.serial, 2)
  bytes.writeUInt32BE(previous.offset, 6)
  for (let i = 0; i < items.length; i++) {
    bytes.writeUInt32BE(items[i]!.group, HEADER_BYTES + i * ITEM_BYTES)
    bytes.writeUInt32BE(items[i]!.checksum, HEADER_BYTES + i * ITEM_BYTES + 4)
  }
  return bytes
}

/** Of another format only its number is known; what is too short for any is format 0. */
export function decodeManifest(body: Buffer): Manifest {
  const format =
    body.length < HEADER_BYTES || body.length % ITEM_BYTES !== HEADER_BYTES % ITEM_BYTES ? 0 : body[0]!
  if (format !== JOURNAL_FORMAT)
    return { format, previous: { serial: 0, offset: 0 }, isComplete: false, items: [] }
  const items: ManifestItem[] = []
  for (let at = HEADER_BYTES; at < body.length; at += ITEM_BYTES) {
    items.push({ group: body.readUInt32BE(at), checksum: body.readUInt32BE(at + 4) })
  }
  const previous = { serial: body.readUInt32BE(2), offset: body.readUInt32BE(6) }
  return { format, previous, isComplete: body[1] === 1, items }
}
