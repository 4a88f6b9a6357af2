import { FieldReader } from './field-reader.js'
import { processingKeys, scanProcessingInstruction } from './instruction-scan.js'
import { type MetaDataText, scanMetaData } from './meta-data-scan.js'

/** query.proto, `QueryRequest`. */
const tags = {
  messageIdentifier: 10,
  query: 18,
  metaData: 42,
  processingInstruction: 58,
  clientId: 66,
  componentName: 74
}

export interface QueryRequestHead {
  readonly messageIdentifier: string
  readonly query: string
  /** Undefined when the request sets none. */
  readonly timeoutMs: number | undefined
  readonly clientSupportsStreaming: boolean
  readonly priority: number
  /** Undefined when the request sets none; -1 is "as many as there are". */
  readonly numberOfResults: number | undefined
  readonly clientId: string
  readonly componentName: string
}

export function scanQueryRequest(request: Buffer): QueryRequestHead {
  const reader = new FieldReader(request)
  let messageIdentifier = ''
  let query = ''
  let clientId = ''
  let componentName = ''
  const instructions = new QueryInstructions()
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case tags.messageIdentifier:
        messageIdentifier = reader.string()
        break
      case tags.query:
        query = reader.string()
        break
      case tags.processingInstruction:
        instructions.add(reader.message())
        break
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
    query,
    timeoutMs: instructions.timeoutMs,
    clientSupportsStreaming: instructions.clientSupportsStreaming ?? false,
    priority: instructions.priority ?? 0,
    numberOfResults: instructions.numberOfResults,
    clientId,
    componentName
  }
}

export function scanQueryMetaData(request: Buffer): MetaDataText {
  return scanMetaData(request, tags.metaData)
}

/** Of several instructions with one key, the first counts; a value of another kind than expected counts as zero. */
class QueryInstructions {
  timeoutMs: number | undefined
  clientSupportsStreaming: boolean | undefined
  priority: number | undefined
  numberOfResults: number | undefined

  add(reader: FieldReader): void {
    const { key, number, boolean } = scanProcessingInstruction(reader)
    switch (key) {
      case processingKeys.priority:
        this.priority ??= number ?? 0
        break
      case processingKeys.timeout:
        this.timeoutMs ??= number ?? 0
        break
      case processingKeys.numberOfResults:
        this.numberOfResults ??= number ?? 0
        break
      case processingKeys.clientSupportsStreaming:
        this.clientSupportsStreaming ??= boolean ?? false
        break
    }
  }
}
