import { FieldReader, WireType } from './field-reader.js'

/**
 * The bytes of an embedded message as the sender wrote them, unknown fields included; undefined when the field is not there. A
 * field that comes several times is one message in pieces, which the encoding merges (protobuf encoding, "Last One Wins").
 */
export function embeddedMessage(bytes: Buffer, field: number): Buffer | undefined {
  const wanted = (field << 3) | WireType.lengthDelimited
  const reader = new FieldReader(bytes)
  let found: Buffer | undefined
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag !== wanted) {
      reader.skip(tag)
      continue
    }
    const start = reader.bytes()
    const piece = bytes.subarray(start, reader.position)
    found = found === undefined ? piece : Buffer.concat([found, piece])
  }
  return found
}
