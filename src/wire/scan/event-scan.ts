import { FieldReader } from './field-reader.js'

/** event.proto, `Event`: tags of the fields that the event store looks at. */
const tags = {
  aggregateIdentifier: 18,
  sequenceNumber: 24,
  aggregateType: 34,
  timestamp: 40,
  payload: 50,
  snapshot: 64
}
/** common.proto, `SerializedObject`. */
const payloadTags = { type: 10, revision: 18 }

export interface EventHead {
  readonly aggregateIdentifier: string
  readonly sequenceNumber: number
  /** True for an event of an aggregate: its aggregate type is not empty. */
  readonly isDomainEvent: boolean
  readonly timestampMs: number
  readonly snapshot: boolean
}

/** Reads of an `Event` what is needed to store it. The payload and metadata are not looked into. */
export function scanEvent(event: Buffer): EventHead {
  const reader = new FieldReader(event)
  let identifierStart = 0
  let identifierEnd = 0
  let sequenceNumber = 0
  let isDomainEvent = false
  let timestampMs = 0
  let snapshot = false
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case tags.aggregateIdentifier:
        identifierStart = reader.bytes()
        identifierEnd = reader.position
        break
      case tags.sequenceNumber:
        sequenceNumber = reader.int64()
        break
      case tags.aggregateType:
        isDomainEvent = reader.bytes() < reader.position
        break
      case tags.timestamp:
        timestampMs = reader.int64()
        break
      case tags.snapshot:
        snapshot = reader.bool()
        break
      default:
        reader.skip(tag)
    }
  }
  const aggregateIdentifier =
    identifierStart === identifierEnd ? '' : event.toString('utf8', identifierStart, identifierEnd)
  return { aggregateIdentifier, sequenceNumber, isDomainEvent, timestampMs, snapshot }
}

export interface EventPayloadType {
  readonly type: string
  readonly revision: string
}

const noType: EventPayloadType = { type: '', revision: '' }

export function scanEventPayloadType(event: Buffer): EventPayloadType {
  const reader = new FieldReader(event)
  let found = noType
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === tags.payload) found = scanPayloadType(reader.message())
    else reader.skip(tag)
  }
  return found
}

function scanPayloadType(reader: FieldReader): EventPayloadType {
  let type = ''
  let revision = ''
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === payloadTags.type) type = reader.string()
    else if (tag === payloadTags.revision) revision = reader.string()
    else reader.skip(tag)
  }
  return { type, revision }
}
