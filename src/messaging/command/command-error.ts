import { CommandResponse } from '../../wire/generated/command.js'
import { type ErrorCode, encodeMessage } from '../../wire/index.js'

/** The answer to a command that the server gives itself. */
export function commandError(messageId: string, requestId: string, code: ErrorCode, message: string): Buffer {
  return encodeMessage(CommandResponse, {
    messageIdentifier: messageId,
    errorCode: code,
    errorMessage: { message, location: 'AxonServer', details: [], errorCode: '' },
    payload: undefined,
    metaData: {},
    processingInstructions: [],
    requestIdentifier: requestId
  })
}
