import { doubleText } from './double-text.js'
import { FieldReader } from './field-reader.js'

/** A map entry: `key` 1, `value` 2. */
const entryTags = { key: 10, value: 18 }
/** common.proto, `MetaDataValue`. */
const valueTags = { text: 10, number: 16, boolean: 24, double: 33, bytes: 42 }

/** Metadata as text, for comparing with tags; a value that has no text (bytes) is undefined. */
export type MetaDataText = ReadonlyMap<string, string | undefined>

const none: MetaDataText = new Map()

/** Reads field `tag` of a message, a `map<string, MetaDataValue>`. The last entry of a key counts. */
export function scanMetaData(message: Buffer, metaDataTag: number): MetaDataText {
  const reader = new FieldReader(message)
  let found: Map<string, string | undefined> | undefined
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag !== metaDataTag) {
      reader.skip(tag)
      continue
    }
    found ??= new Map()
    addEntry(reader.message(), found)
  }
  return found ?? none
}

/** An entry without a value is passed over, as the generated decoder does. */
function addEntry(reader: FieldReader, entries: Map<string, string | undefined>): void {
  let key = ''
  let hasValue = false
  let value: string | undefined
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === entryTags.key) key = reader.string()
    else if (tag === entryTags.value) {
      value = valueText(reader.message())
      hasValue = true
    } else reader.skip(tag)
  }
  if (hasValue) entries.set(key, value)
}

function valueText(reader: FieldReader): string | undefined {
  let text: string | undefined
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case valueTags.text:
        text = reader.string()
        break
      case valueTags.number:
        text = reader.sint64Text()
        break
      case valueTags.boolean:
        text = String(reader.bool())
        break
      case valueTags.double:
        text = doubleText(reader.double())
        break
      case valueTags.bytes:
        reader.skip(tag)
        text = undefined
        break
      default:
        reader.skip(tag)
    }
  }
  return text
}
