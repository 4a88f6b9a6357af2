/**
 * The protobuf encoding rules, written down as plainly as possible and without regard to speed: true if the bytes are a
 * sequence of well-formed fields. The scanners are held against it.
 */
export function isWellFormed(bytes: Buffer): boolean {
  try {
    const rest = fields(bytes, undefined, 0)
    return rest.length === 0
  } catch (error) {
    if (error instanceof NotProtobuf) return false
    throw error
  }
}

class NotProtobuf extends Error {}

function fields(bytes: Buffer, group: bigint | undefined, depth: number): Buffer {
  let rest = bytes
  if (depth > 100) throw new NotProtobuf()
  while (rest.length > 0) {
    const [tag, afterTag] = varint(rest)
    const field = tag >> 3n
    if (field === 0n || tag > 0xffffffffn) throw new NotProtobuf()
    rest = afterTag
    switch (Number(tag & 7n)) {
      case 0:
        rest = varint(rest)[1]
        break
      case 1:
        rest = drop(rest, 8n)
        break
      case 2: {
        const [length, afterLength] = varint(rest)
        rest = drop(afterLength, length)
        break
      }
      case 3:
        rest = fields(rest, field, depth + 1)
        break
      case 4:
        if (field !== group) throw new NotProtobuf()
        return rest
      case 5:
        rest = drop(rest, 4n)
        break
      default:
        throw new NotProtobuf()
    }
  }
  if (group !== undefined) throw new NotProtobuf()
  return rest
}

function varint(bytes: Buffer): [bigint, Buffer] {
  let value = 0n
  for (let index = 0; index < 10; index++) {
    const byte = bytes[index]
    if (byte === undefined) throw new NotProtobuf()
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return [BigInt.asUintN(64, value), bytes.subarray(index + 1)]
  }
  throw new NotProtobuf()
}

function drop(bytes: Buffer, count: bigint): Buffer {
  if (count > BigInt(bytes.length)) throw new NotProtobuf()
  return bytes.subarray(Number(count))
}
