import type { Random } from './random.js'

type Mutation = (bytes: Buffer, random: Random) => Buffer

const mutations: readonly Mutation[] = [
  function truncated(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length))
  },
  function flipped(bytes, random) {
    const copy = Buffer.from(bytes)
    for (let count = 1 + random.below(4); count > 0; count--)
      copy[random.below(copy.length)]! ^= 1 << random.below(8)
    return copy
  },
  function overwritten(bytes, random) {
    const copy = Buffer.from(bytes)
    copy.fill(
      random.pick([0x00, 0xff, 0x7f, 0x80, 0x0a]),
      random.below(copy.length),
      random.below(copy.length)
    )
    return copy
  },
  function repeated(bytes, random) {
    const part = bytes.subarray(random.below(bytes.length))
    return Buffer.concat([bytes, ...Array<Buffer>(1 + random.below(part.length > 1000 ? 3 : 50)).fill(part)])
  },
  function spliced(bytes, random) {
    const at = random.below(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(16)), bytes.subarray(at)])
  },
  function withUnfinishedVarint(bytes, random) {
    return Buffer.concat([bytes, Buffer.alloc(1 + random.below(12), 0xff)])
  },
  function nested(_bytes, random) {
    return nest(1 + random.below(15), 1 + random.below(3_000))
  }
]

/** A message that is nearly right. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  return bytes.length === 0 ? random.bytes(random.below(40)) : random.pick(mutations)(bytes, random)
}

/** A message in a message in a message. */
function nest(field: number, depth: number): Buffer {
  const tag = (field << 3) | 2
  const parts: Buffer[] = []
  let length = 0
  for (let level = 0; level < depth; level++) {
    const head = Buffer.from([tag, ...varint(length)])
    parts.push(head)
    length += head.length
  }
  return Buffer.concat(parts.reverse())
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest & 127) | 128)
  }
}
