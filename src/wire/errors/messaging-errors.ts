import { GrpcStatus } from '../grpc-status.js'
import type { ErrorDescription } from './error-description.js'

/** Commands, queries and event processors. */
export const messagingErrors = {
  'AXONIQ-2800': {
    name: 'EVENT_PROCESSOR_NOT_FOUND',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 404,
    callerFault: true,
    sentence: 'No connected client runs this event processor.',
    remedy: 'Start the application, or correct the name of the processor.'
  },
  'AXONIQ-2801': {
    name: 'EVENT_PROCESSOR_MOVE_UNKNOWN_TARGET',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 404,
    callerFault: true,
    sentence: 'The client that should take the segment is not connected.',
    remedy: 'Choose a client that is connected.'
  },
  'AXONIQ-2802': {
    name: 'EVENT_PROCESSOR_MOVE_NO_AVAILABLE_THREADS',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 404,
    callerFault: true,
    sentence: 'The client that should take the segment has no free thread.',
    remedy: 'Release another segment there, or choose another client.'
  },
  'AXONIQ-4000': {
    name: 'NO_HANDLER_FOR_COMMAND',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 500,
    callerFault: false,
    sentence: 'No connected client handles this command.',
    remedy: 'Start an application that handles it, in this context.'
  },
  'AXONIQ-4001': {
    name: 'CONNECTION_TO_HANDLER_LOST',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The handler went away before it answered; the message may have been handled.',
    remedy: 'Find out whether it took effect before you repeat it.'
  },
  'AXONIQ-4002': {
    name: 'COMMAND_TIMEOUT',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 504,
    callerFault: false,
    sentence: "The handler did not answer within the server's time limit.",
    remedy: 'Find out what keeps the handler busy.'
  },
  'AXONIQ-4003': {
    name: 'COMMAND_DISPATCH_ERROR',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The command could not be passed on.',
    remedy: 'Repeat it; look in the server log if it fails again.'
  },
  'AXONIQ-4004': {
    name: 'COMMAND_REJECTED_BY_INTERCEPTOR',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: false,
    sentence: 'A plugin refused the command.',
    remedy: 'Read the reason that the plugin gave.'
  },
  'AXONIQ-4005': {
    name: 'COMMAND_DUPLICATED',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: false,
    sentence: 'A command with this message id is still waiting for its answer.',
    remedy: 'Give every command an id of its own.'
  },
  'AXONIQ-5000': {
    name: 'NO_HANDLER_FOR_QUERY',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 400,
    callerFault: true,
    sentence: 'No connected client handles this query.',
    remedy: 'Start an application that handles it, in this context.'
  },
  'AXONIQ-5002': {
    name: 'QUERY_DISPATCH_ERROR',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The query could not be passed on.',
    remedy: 'Repeat it; look in the server log if it fails again.'
  },
  'AXONIQ-5004': {
    name: 'QUERY_REJECTED_BY_INTERCEPTOR',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: false,
    sentence: 'A plugin refused the query.',
    remedy: 'Read the reason that the plugin gave.'
  },
  'AXONIQ-5005': {
    name: 'SUBSCRIPTION_QUERY_REJECTED_BY_INTERCEPTOR',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: false,
    sentence: 'A plugin refused the subscription query.',
    remedy: 'Read the reason that the plugin gave.'
  },
  'AXONIQ-5006': {
    name: 'QUERY_TIMEOUT',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 504,
    callerFault: false,
    sentence: 'The query was not answered within its time limit.',
    remedy: 'Give it more time, or find out what keeps the handler busy.'
  },
  'AXONIQ-5007': {
    name: 'QUERY_DUPLICATED',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: false,
    sentence: 'A query with this message id is still active.',
    remedy: 'Give every query an id of its own.'
  },
  'AXONIQ-6001': {
    name: 'CLIENT_DISCONNECTED',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The client that was asked has left.',
    remedy: 'Repeat when it is back, or choose another client.'
  }
} as const satisfies Record<string, ErrorDescription>
