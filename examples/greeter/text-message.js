/**
 * Messages come as bytes, since the server decodes nothing that it only passes on. A message with one text as field 1 is short
 * enough to do by hand; others use a library for protobuf.
 */
const tag = 0x0a // field 1, length-delimited
const lengthMax = 0x3fff // two bytes of length

export function encodeText(text) {
  const bytes = Buffer.from(text)
  if (bytes.length > lengthMax)
    throw new RangeError(`the text has ${bytes.length} bytes, more than ${lengthMax}`)
  const length = bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7]
  return Buffer.concat([Buffer.from([tag, ...length]), bytes])
}

/** Undefined: this is no such message. Protobuf leaves an empty text out. */
export function decodeText(message) {
  if (message.length === 0) return ''
  if (message[0] !== tag || message.length < 2) return undefined
  const isLong = message[1] >= 0x80
  const length = isLong ? (message[1] & 0x7f) | (message[2] << 7) : message[1]
  const start = isLong ? 3 : 2
  return start + length === message.length ? message.toString('utf8', start) : undefined
}
