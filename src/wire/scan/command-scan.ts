import { FieldReader } from './field-reader.js'
import { processingKeys, scanProcessingInstruction } from './instruction-scan.js'
import { type MetaDataText, scanMetaData } from './meta-data-scan.js'

/** command.proto, `Command`. */
const tags = {
  messageIdentifier: 10,
  name: 18,
  metaData: 42,
  processingInstruction: 50,
  clientId: 58,
  componentName: 66
}
/** command.proto, `CommandResponse`. */
const responseTags = { errorCode: 18, errorMessage: 26, requestIdentifier: 58 }

export interface CommandHead {
  readonly messageIdentifier: string
  readonly name: string
  /** Text of the first ROUTING_KEY instruction, '' if that is not text; the message id when there is none. */
  readonly routingKey: string
  readonly priority: number
  readonly clientId: string
  readonly componentName: string
}

export function scanCommand(command: Buffer): CommandHead {
  const reader = new FieldReader(command)
  let messageIdentifier = ''
  let name = ''
  let routingKey: string | undefined
  let priority: number | undefined
  let clientId = ''
  let componentName = ''
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case tags.messageIdentifier:
        messageIdentifier = reader.string()
        break
      case tags.name:
        name = reader.string()
        break
      case tags.processingInstruction: {
        const instruction = scanProcessingInstruction(reader.message())
        if (instruction.key === processingKeys.routingKey) routingKey ??= instruction.text ?? ''
        else if (instruction.key === processingKeys.priority) priority ??= instruction.number ?? 0
        break
      }
      case tags.clientId:
        clientId = reader.string()
        break
      case tags.componentName:
        componentName = reader.string()
        break
      default:
        reader.skip(tag)
    }
  }
  return {
    messageIdentifier,
    name,
    routingKey: routingKey ?? messageIdentifier,
    priority: priority ?? 0,
    clientId,
    componentName
  }
}

export function scanCommandMetaData(command: Buffer): MetaDataText {
  return scanMetaData(command, tags.metaData)
}

export interface CommandResponseHead {
  readonly requestIdentifier: string
  /** An error code or an error message is set. */
  readonly isError: boolean
}

export function scanCommandResponse(response: Buffer): CommandResponseHead {
  const reader = new FieldReader(response)
  let requestIdentifier = ''
  let hasCode = false
  let hasMessage = false
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case responseTags.requestIdentifier:
        requestIdentifier = reader.string()
        break
      case responseTags.errorCode:
        hasCode = reader.bytes() < reader.position
        break
      case responseTags.errorMessage:
        reader.bytes()
        hasMessage = true
        break
      default:
        reader.skip(tag)
    }
  }
  return { requestIdentifier, isError: hasCode || hasMessage }
}
