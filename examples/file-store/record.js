import { crc32 } from 'node:zlib'

/**
 * A batch in the file: marker, length, checksum of length and body, body. The body is a list of changes, each a length for the
 * key, a length for the value (or `removed`), key and value. All numbers have four bytes, the highest first.
 */
const marker = Buffer.from('MYL\u0001', 'latin1')
const headerBytes = 12
const removed = 0xffffffff

export function encodeRecord(changes) {
  const parts = [Buffer.alloc(headerBytes)]
  for (const [key, value] of changes) {
    const lengths = Buffer.alloc(8)
    lengths.writeUInt32BE(key.length, 0)
    lengths.writeUInt32BE(value === undefined ? removed : value.length, 4)
    parts.push(lengths, key)
    if (value !== undefined) parts.push(value)
  }
  const record = Buffer.concat(parts)
  marker.copy(record)
  record.writeUInt32BE(record.length - headerBytes, 4)
  record.writeUInt32BE(checksum(record), 8)
  return record
}

/** Gives the changes of every whole record to `onChanges`, and tells how far the file is good. */
export function readRecords(file, onChanges) {
  let position = 0
  for (let end = endOfRecord(file, position); end !== undefined; end = endOfRecord(file, position)) {
    onChanges(decodeBody(file.subarray(position + headerBytes, end)))
    position = end
  }
  return position
}

/** True when a good record begins somewhere behind this position: then what lies before it is damaged, and not just unfinished. */
export function hasRecordAfter(file, position) {
  for (let found = file.indexOf(marker, position + 1); found >= 0; found = file.indexOf(marker, found + 1)) {
    if (endOfRecord(file, found) !== undefined) return true
  }
  return false
}

function endOfRecord(file, position) {
  if (position + headerBytes > file.length) return undefined
  if (!file.subarray(position, position + marker.length).equals(marker)) return undefined
  const end = position + headerBytes + file.readUInt32BE(position + 4)
  if (end > file.length) return undefined
  return file.readUInt32BE(position + 8) === checksum(file.subarray(position, end)) ? end : undefined
}

function checksum(record) {
  return crc32(record.subarray(headerBytes), crc32(record.subarray(4, 8)))
}

function decodeBody(body) {
  const changes = []
  for (let position = 0; position < body.length; ) {
    const keyEnd = position + 8 + body.readUInt32BE(position)
    const valueLength = body.readUInt32BE(position + 4)
    const key = Buffer.from(body.subarray(position + 8, keyEnd))
    position = valueLength === removed ? keyEnd : keyEnd + valueLength
    changes.push([key, valueLength === removed ? undefined : Buffer.from(body.subarray(keyEnd, position))])
  }
  return changes
}
