const CONTENT_TAG = 0x0a
const PREFIX_BYTES = 5

/** What stands before a frame of `length` bytes: gRPC's flag and length, and the tag and length of `PeerFrame.content`. */
export function frameContentHead(length: number): Buffer {
  const lengthBytes = varintBytes(length)
  const head = Buffer.allocUnsafe(PREFIX_BYTES + 1 + lengthBytes)
  head[0] = 0
  head.writeUInt32BE(1 + lengthBytes + length, 1)
  head[PREFIX_BYTES] = CONTENT_TAG
  let at = PREFIX_BYTES + 1
  let rest = length
  for (; rest > 0x7f; rest >>>= 7) head[at++] = (rest & 0x7f) | 0x80
  head[at] = rest
  return head
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 0x7f; rest >>>= 7) bytes++
  return bytes
}
