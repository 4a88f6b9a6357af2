import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Random } from './random.js'

/** Few enough that what one message registers another one finds. */
const texts = [
  'a',
  'b',
  'default',
  'orders',
  'x y',
  '',
  '\u0000',
  'a/b',
  '_admin',
  'é🙂',
  '__proto__',
  'constructor'
]
const numbers = [0, 1, 2, 3, 5, 64, 127, 128, 1000, 65_536, 2 ** 31 - 1]
const longs = ['-1', '-9223372036854775808', '9223372036854775807', '9007199254740993', '4294967296']
const depthMax = 4

/** The bytes of a random message of this type. */
export function randomMessage(random: Random, type: DescMessage): Buffer {
  const writer = new BinaryWriter()
  writeFields(writer, random, type, 0)
  return Buffer.from(writer.finish())
}

function writeFields(writer: BinaryWriter, random: Random, type: DescMessage, depth: number): void {
  // Every member of a oneof has its chance, and sometimes several are there.
  const chosen = new Map(type.oneofs.map(oneof => [oneof.name, random.pick(oneof.fields)]))
  for (const field of type.fields) {
    const isChosen = field.oneof !== undefined && chosen.get(field.oneof.name) === field
    if (!isChosen && random.chance(field.oneof === undefined ? 0.25 : 0.95)) continue
    const count = field.fieldKind === 'list' || field.fieldKind === 'map' ? random.below(4) : 1
    for (let i = 0; i < count; i++) writeField(writer, random, field, depth)
  }
}

function writeField(writer: BinaryWriter, random: Random, field: DescField, depth: number): void {
  if (field.fieldKind === 'map') {
    writer.tag(field.number, WireType.LengthDelimited).fork()
    writeScalar(writer, random, 1, field.mapKey)
    if (field.mapKind === 'message') writeMessage(writer, random, 2, field.message, depth)
    else if (field.mapKind === 'scalar') writeScalar(writer, random, 2, field.scalar)
    writer.join()
  } else if (field.message !== undefined) writeMessage(writer, random, field.number, field.message, depth)
  else writeScalar(writer, random, field.number, field.scalar ?? ScalarType.INT32)
}

function writeMessage(
  writer: BinaryWriter,
  random: Random,
  number: number,
  type: DescMessage,
  depth: number
): void {
  writer.tag(number, WireType.LengthDelimited).fork()
  if (depth < depthMax) writeFields(writer, random, type, depth + 1)
  writer.join()
}

function writeScalar(writer: BinaryWriter, random: Random, number: number, type: ScalarType): void {
  switch (type) {
    case ScalarType.STRING:
      writer.tag(number, WireType.LengthDelimited).string(randomText(random))
      break
    case ScalarType.BYTES:
      writer.tag(number, WireType.LengthDelimited).bytes(random.bytes(random.length(2000)))
      break
    case ScalarType.DOUBLE:
      writer
        .tag(number, WireType.Bit64)
        .double(random.pick([0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]))
      break
    case ScalarType.FLOAT:
      writer.tag(number, WireType.Bit32).float(random.pick([0, 1.5, Number.NaN]))
      break
    case ScalarType.BOOL:
      writer.tag(number, WireType.Varint).bool(random.chance(0.5))
      break
    default:
      writer.tag(number, WireType.Varint)
      if (random.chance(0.2)) writer.int64(random.pick(longs))
      else writer.int32(random.chance(0.1) ? -random.pick(numbers) : random.pick(numbers))
  }
}

function randomText(random: Random): string {
  if (random.chance(0.8)) return random.pick(texts)
  if (random.chance(0.9)) return random.bytes(random.below(20)).toString('latin1')
  return 'n'.repeat(random.length(10_000))
}
