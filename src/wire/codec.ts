import { BinaryReader, type BinaryWriter } from '@bufbuild/protobuf/wire'
import { reasonOf } from '../kernel/index.js'
import { MalformedMessageError } from './malformed-message-error.js'

/** What ts-proto generates for a message type: `codec` of `decodeMessage(codec, bytes)` is `Command`, `Event` and so on. */
export interface Codec<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter
  decode(input: BinaryReader | Uint8Array, length?: number): T
}

/** Decodes all of a message. Throws MalformedMessageError and nothing else. */
export function decodeMessage<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = new BinaryReader(bytes)
  try {
    return codec.decode(reader)
  } catch (error) {
    throw new MalformedMessageError(reasonOf(error), 0, Math.min(reader.pos, bytes.length), { cause: error })
  }
}

export function encodeMessage<T>(codec: Codec<T>, message: T): Buffer {
  const bytes = codec.encode(message).finish()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
