import { QueryFlowControl, QueryReference } from '../../wire/generated/query.js'
import { encodeMessage, wrapMessage } from '../../wire/index.js'
import type { QueuedInstruction } from './query-handler-stream.js'

/** query.proto, `QueryProviderInbound`. */
const fields = { query: 2, queryCancel: 5, queryFlowControl: 6 }

/**
 * Instructions about a query that the handler has got go before everything that waits. They are offered only after that query
 * was sent, so they cannot overtake it.
 */
export const instructionPriority = Number.POSITIVE_INFINITY

export function queryMessage(request: Buffer): Buffer {
  return wrapMessage(fields.query, request)
}

export class CancelInstruction implements QueuedInstruction {
  constructor(private readonly requestId: string) {}

  isObsolete(): boolean {
    return false
  }

  toMessage(): Buffer {
    return wrapMessage(fields.queryCancel, encodeMessage(QueryReference, { requestId: this.requestId }))
  }

  sent(): void {}
}

/** Lets a handler send more responses. What is granted while it waits is added to it. */
export class FlowControlInstruction implements QueuedInstruction {
  isWaiting = false
  permits = 0

  constructor(private readonly requestId: string) {}

  isObsolete(): boolean {
    return this.permits === 0
  }

  toMessage(): Buffer {
    const flowControl = { queryReference: { requestId: this.requestId }, permits: this.permits }
    this.permits = 0
    this.isWaiting = false
    return wrapMessage(fields.queryFlowControl, encodeMessage(QueryFlowControl, flowControl))
  }

  sent(): void {}
}
