import type { FieldReader } from './field-reader.js'

/** common.proto, `ProcessingKey`. */
export const processingKeys = {
  routingKey: 0,
  priority: 1,
  timeout: 2,
  numberOfResults: 3,
  serverSupportsStreaming: 7,
  clientSupportsStreaming: 8
} as const

/** common.proto, `ProcessingInstruction`. */
const tags = { key: 8, value: 18 }
/** common.proto, `MetaDataValue`; its five fields are one choice, the last one that is set counts. */
const valueTags = { text: 10, number: 16, boolean: 24, double: 33, bytes: 42 }

/** One processing instruction, with its value where it has the kind in question. */
export interface ProcessingInstructionHead {
  readonly key: number
  readonly text: string | undefined
  readonly number: number | undefined
  readonly boolean: boolean | undefined
}

export function scanProcessingInstruction(reader: FieldReader): ProcessingInstructionHead {
  let key = 0
  let value: FieldReader | undefined
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === tags.key) key = reader.int32()
    else if (tag === tags.value) value = reader.message()
    else reader.skip(tag)
  }
  return value === undefined
    ? { key, text: undefined, number: undefined, boolean: undefined }
    : withValue(key, value)
}

function withValue(key: number, reader: FieldReader): ProcessingInstructionHead {
  let text: string | undefined
  let number: number | undefined
  let boolean: boolean | undefined
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case valueTags.text:
        text = reader.string()
        number = boolean = undefined
        break
      case valueTags.number:
        number = reader.sint64()
        text = boolean = undefined
        break
      case valueTags.boolean:
        boolean = reader.bool()
        text = number = undefined
        break
      case valueTags.double:
      case valueTags.bytes:
        reader.skip(tag)
        text = number = boolean = undefined
        break
      default:
        reader.skip(tag)
    }
  }
  return { key, text, number, boolean }
}
