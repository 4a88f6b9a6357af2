import { QueryFlowControl } from '../../wire/generated/query.js'
import { encodeMessage, wrapMessage } from '../../wire/index.js'
import type { QueuedInstruction } from './query-handler-stream.js'

/** query.proto, `QueryProviderInbound`. */
const fields = { query: 2, queryCancel: 5, queryFlowControl: 6 }
/** query.proto, `QueryReference.request_id` and `QueryFlowControl.query_reference`. */
const requestIdField = 1
const queryReferenceField = 1

/**
 * Instructions about a query that the handler has got go before everything that waits. They are offered only after that query
 * was sent, so they cannot overtake it.
 */
export const instructionPriority = Number.POSITIVE_INFINITY

/** Responses that every handler may send at first, and how many more each time that many have been passed on. */
export const firstGrant = 32
export const laterGrant = 24

export function queryMessage(request: Buffer): Buffer {
  return wrapMessage(fields.query, request)
}

export class CancelInstruction implements QueuedInstruction {
  constructor(private readonly requestId: string) {}

  isObsolete(): boolean {
    return false
  }

  toMessage(): Buffer {
    return wrapMessage(fields.queryCancel, reference(this.requestId))
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
    const permits = permitsOnly(this.permits)
    this.permits = 0
    this.isWaiting = false
    const flowControl = Buffer.concat([wrapMessage(queryReferenceField, reference(this.requestId)), permits])
    return wrapMessage(fields.queryFlowControl, flowControl)
  }

  sent(): void {}
}

function reference(requestId: string): Buffer {
  return wrapMessage(requestIdField, Buffer.from(requestId))
}

/** Nearly every query needs the bytes of the same two numbers. */
const encodedPermits = new Map([firstGrant, laterGrant].map(permits => [permits, encodePermits(permits)]))

function permitsOnly(permits: number): Buffer {
  return encodedPermits.get(permits) ?? encodePermits(permits)
}

function encodePermits(permits: number): Buffer {
  return encodeMessage(QueryFlowControl, { queryReference: undefined, permits })
}
