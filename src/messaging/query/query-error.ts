import { QueryResponse } from '../../wire/generated/query.js'
import { type ErrorCode, encodeMessage } from '../../wire/index.js'

/** A `QueryResponse` that the server gives itself. */
export function queryError(messageId: string, requestId: string, code: ErrorCode, message: string): Buffer {
  return encodeMessage(QueryResponse, queryErrorMessage(messageId, requestId, code, message))
}

export function queryErrorMessage(
  messageId: string,
  requestId: string,
  code: ErrorCode,
  message: string
): QueryResponse {
  return {
    messageIdentifier: messageId,
    errorCode: code,
    errorMessage: { message, location: 'AxonServer', details: [], errorCode: '' },
    payload: undefined,
    metaData: {},
    processingInstructions: [],
    requestIdentifier: requestId
  }
}
