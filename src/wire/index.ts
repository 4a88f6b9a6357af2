export { type Codec, decodeMessage, encodeMessage } from './codec.js'
export { type ErrorCode, errorCodes, isErrorCode } from './error-codes.js'
export type { ErrorDescription } from './errors/error-description.js'
export { GrpcStatus } from './grpc-status.js'
export { MalformedMessageError } from './malformed-message-error.js'
export {
  type CommandHead,
  type CommandResponseHead,
  scanCommand,
  scanCommandMetaData,
  scanCommandResponse
} from './scan/command-scan.js'
export { embeddedMessage } from './scan/embedded-message.js'
export { type Envelope, scanEnvelope } from './scan/envelope-scan.js'
export { type EventHead, type EventPayloadType, scanEvent, scanEventPayloadType } from './scan/event-scan.js'
export type { MetaDataText } from './scan/meta-data-scan.js'
export {
  type QueryResponseHead,
  type SubscriptionQueryResponseHead,
  type SubscriptionQueryResponseKind,
  scanQueryResponse,
  scanSubscriptionQueryResponse
} from './scan/query-response-scan.js'
export { type QueryRequestHead, scanQueryMetaData, scanQueryRequest } from './scan/query-scan.js'
export {
  eventWithToken,
  type InstructionId,
  markSnapshot,
  type QueryInstructionChanges,
  withProcessingInstructions,
  withTimestamp,
  wrapMessage
} from './scan/splice.js'
export { ServerError } from './server-error.js'
