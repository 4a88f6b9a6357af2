import { FieldReader, WireType } from './field-reader.js'
import { processingKeys, scanProcessingInstruction } from './instruction-scan.js'
import { varintSize, writeVarint } from './varint.js'

/** event.proto, `EventWithToken`. */
const tokenTag = 8
const eventTag = 18
/** event.proto, `Event`. */
const timestampTag = 40
const snapshotTag = 64
/** query.proto, `QueryRequest.processing_instructions`. */
const instructionTag = 58

const snapshotTrue = Buffer.of(snapshotTag, 1)

export interface InstructionId {
  /** Number of the field `instruction_id` of the outer message. */
  readonly field: number
  readonly value: string
}

/** An outer message with `payload`, the bytes of a message, as its field `field`. */
export function wrapMessage(field: number, payload: Buffer, instructionId?: InstructionId): Buffer {
  const tag = (field << 3) | WireType.lengthDelimited
  const wrappedSize = varintSize(tag) + varintSize(payload.length) + payload.length
  const idSize = instructionId === undefined ? 0 : Buffer.byteLength(instructionId.value)
  const idTag = instructionId === undefined ? 0 : (instructionId.field << 3) | WireType.lengthDelimited
  const idFieldSize = idSize === 0 ? 0 : varintSize(idTag) + varintSize(idSize) + idSize
  const bytes = Buffer.allocUnsafe(wrappedSize + idFieldSize)
  let at = writeVarint(bytes, payload.length, writeVarint(bytes, tag, 0))
  at += payload.copy(bytes, at)
  if (instructionId !== undefined && idSize > 0) {
    at = writeVarint(bytes, idSize, writeVarint(bytes, idTag, at))
    bytes.write(instructionId.value, at)
  }
  return bytes
}

/** An `EventWithToken`. */
export function eventWithToken(token: number, event: Buffer): Buffer {
  const tokenSize = token === 0 ? 0 : 1 + varintSize(token)
  const bytes = Buffer.allocUnsafe(tokenSize + 1 + varintSize(event.length) + event.length)
  let at = 0
  if (token !== 0) {
    bytes[at++] = tokenTag
    at = writeVarint(bytes, token, at)
  }
  bytes[at++] = eventTag
  at = writeVarint(bytes, event.length, at)
  event.copy(bytes, at)
  return bytes
}

/** The `Event` with `snapshot` true, whatever stood there. */
export function markSnapshot(event: Buffer): Buffer {
  return replaceFields(event, tag => tag === snapshotTag, snapshotTrue)
}

/** The `Event` with this timestamp, whatever stood there. */
export function withTimestamp(event: Buffer, timestampMs: number): Buffer {
  const field = Buffer.allocUnsafe(1 + varintSize(timestampMs))
  field[0] = timestampTag
  writeVarint(field, timestampMs, 1)
  return replaceFields(event, tag => tag === timestampTag, field)
}

export interface QueryInstructionChanges {
  readonly timeoutMs?: number
  readonly serverSupportsStreaming?: boolean
}

/** The `QueryRequest` with these instructions instead of those it has with the same keys. All else stays byte for byte. */
export function withProcessingInstructions(request: Buffer, changes: QueryInstructionChanges): Buffer {
  const { timeoutMs, serverSupportsStreaming } = changes
  const added: Buffer[] = []
  const replaced = new Set<number>()
  if (timeoutMs !== undefined) {
    replaced.add(processingKeys.timeout)
    added.push(numberInstruction(processingKeys.timeout, timeoutMs))
  }
  if (serverSupportsStreaming !== undefined) {
    replaced.add(processingKeys.serverSupportsStreaming)
    added.push(booleanInstruction(processingKeys.serverSupportsStreaming, serverSupportsStreaming))
  }
  const isReplaced = (tag: number, value: FieldReader): boolean =>
    tag === instructionTag && replaced.has(scanProcessingInstruction(value.message()).key)
  return replaceFields(request, isReplaced, Buffer.concat(added))
}

/** Copies the fields for which `isReplaced` is false, in their order, and appends `added`. */
function replaceFields(
  message: Buffer,
  isReplaced: (tag: number, value: FieldReader) => boolean,
  added: Buffer
): Buffer {
  const target = Buffer.allocUnsafe(message.length + added.length)
  const reader = new FieldReader(message)
  const value = new FieldReader(message)
  let at = 0
  let keptFrom = 0
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    const fieldStart = reader.fieldStart
    value.position = reader.position
    reader.skip(tag)
    if (!isReplaced(tag, value)) continue
    at += message.copy(target, at, keptFrom, fieldStart)
    keptFrom = reader.position
  }
  at += message.copy(target, at, keptFrom)
  at += added.copy(target, at)
  return target.subarray(0, at)
}

function numberInstruction(key: number, value: number): Buffer {
  const zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  return instruction(key, Buffer.of(16, ...varintBytes(zigzag)))
}

function booleanInstruction(key: number, value: boolean): Buffer {
  return instruction(key, Buffer.of(24, value ? 1 : 0))
}

function instruction(key: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(instructionTag, 4 + value.length, 8, key, 18, value.length), value])
}

function varintBytes(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return bytes
}
