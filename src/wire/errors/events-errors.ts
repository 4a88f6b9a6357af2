import { GrpcStatus } from '../grpc-status.js'
import type { ErrorDescription } from './error-description.js'

/** Appending, reading, searching and scheduling events. */
export const eventsErrors = {
  'AXONIQ-2000': {
    name: 'INVALID_SEQUENCE',
    grpcStatus: GrpcStatus.OUT_OF_RANGE,
    httpStatus: 409,
    callerFault: true,
    sentence: 'The sequence number of an event is not the next one of its aggregate.',
    remedy: 'Load the aggregate again and repeat the command; somebody else was faster.'
  },
  'AXONIQ-2001': {
    name: 'PAYLOAD_TOO_LARGE',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The message or transaction is larger than allowed.',
    remedy: 'Send less in one go, or raise the limit on both sides.'
  },
  'AXONIQ-2002': {
    name: 'TOO_MANY_EVENTS',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The transaction has too many events, or the query too many rows.',
    remedy: 'Split the transaction, or narrow the query.'
  },
  'AXONIQ-2511': {
    name: 'INVALID_QUERY',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The ad-hoc query cannot be understood.',
    remedy: 'Correct the query at the place that the message names.'
  },
  'AXONIQ-2610': {
    name: 'SCHEDULED_EVENT_NOT_FOUND',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'No scheduled event has this token; it may have been published.',
    remedy: 'Nothing is to be done, or correct the token.'
  },
  'AXONIQ-3000': {
    name: 'EVENT_RATE_EXCEEDED',
    grpcStatus: GrpcStatus.RESOURCE_EXHAUSTED,
    httpStatus: 429,
    callerFault: true,
    sentence: 'More events arrive than the limit of this context allows.',
    remedy: 'Slow down, or raise the limit.'
  },
  'AXONIQ-3004': {
    name: 'EVENT_REJECTED_BY_INTERCEPTOR',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: false,
    sentence: 'A plugin refused an event.',
    remedy: 'Read the reason that the plugin gave.'
  },
  'AXONIQ-3005': {
    name: 'SNAPSHOT_REJECTED_BY_INTERCEPTOR',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: false,
    sentence: 'A plugin refused a snapshot.',
    remedy: 'Read the reason that the plugin gave.'
  },
  'AXONIQ-6000': {
    name: 'NO_EVENTSTORE',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 503,
    callerFault: false,
    sentence: 'This node has no event store for the context.',
    remedy: 'Connect to a node that stores the context.'
  },
  'AXONIQ-6002': {
    name: 'LIST_AGGREGATE_EVENTS_TIMEOUT',
    grpcStatus: GrpcStatus.ABORTED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The reader did not take the events of the aggregate in time.',
    remedy: 'Find out what keeps the client from reading.'
  },
  'AXONIQ-8000': {
    name: 'CRYPTO_UNEXPECTED_ERROR',
    grpcStatus: GrpcStatus.INTERNAL,
    httpStatus: 500,
    callerFault: false,
    sentence: 'Encrypting or decrypting a payload failed.',
    remedy: 'Raised inside clients only.'
  },
  'AXONIQ-8001': {
    name: 'CRYPTO_KEY_ERROR',
    grpcStatus: GrpcStatus.INTERNAL,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The key for a payload cannot be used.',
    remedy: 'Raised inside clients only.'
  },
  'AXONIQ-8002': {
    name: 'CRYPTO_DECRYPTION_ERROR',
    grpcStatus: GrpcStatus.INTERNAL,
    httpStatus: 500,
    callerFault: false,
    sentence: 'A payload cannot be decrypted.',
    remedy: 'Raised inside clients only.'
  }
} as const satisfies Record<string, ErrorDescription>
