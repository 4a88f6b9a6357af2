import { GrpcStatus } from '../grpc-status.js'
import type { ErrorDescription } from './error-description.js'

/** Access, limits, instructions and plugins. */
export const generalErrors = {
  'AXONIQ-0001': {
    name: 'OTHER',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'Something failed that has no code of its own.',
    remedy: 'Read the message; if it does not explain itself, look in the server log at the same instant.'
  },
  'AXONIQ-1000': {
    name: 'AUTHENTICATION_TOKEN_MISSING',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: true,
    sentence: 'Access control is on, and the call carries no token.',
    remedy: 'Give the client a token, or switch access control off.'
  },
  'AXONIQ-1001': {
    name: 'AUTHENTICATION_INVALID_TOKEN',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: true,
    sentence: 'The token is unknown, or it does not allow this operation in this context.',
    remedy: 'Check the token and the roles of its application for this context.'
  },
  'AXONIQ-1002': {
    name: 'UNSUPPORTED_INSTRUCTION',
    grpcStatus: GrpcStatus.UNKNOWN,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The receiver does not know this kind of instruction.',
    remedy: 'Upgrade the older side, or do without the instruction.'
  },
  'AXONIQ-1003': {
    name: 'INSTRUCTION_EXECUTION_ERROR',
    grpcStatus: GrpcStatus.INTERNAL,
    httpStatus: 500,
    callerFault: false,
    sentence: 'A client reported that it could not carry out an instruction.',
    remedy: 'Read the log of that client.'
  },
  'AXONIQ-1004': {
    name: 'INSTRUCTION_RESULT_TIMEOUT',
    grpcStatus: GrpcStatus.INTERNAL,
    httpStatus: 500,
    callerFault: false,
    sentence: 'A client did not report the result of an instruction in time.',
    remedy: 'Check that the client is alive, then repeat the instruction.'
  },
  'AXONIQ-1900': {
    name: 'TOO_MANY_REQUESTS',
    grpcStatus: GrpcStatus.RESOURCE_EXHAUSTED,
    httpStatus: 429,
    callerFault: false,
    sentence: 'More requests are waiting than the server holds.',
    remedy: 'Slow the senders down, add handlers, or raise the capacity of the queue.'
  },
  'AXONIQ-2700': {
    name: 'PLUGIN_NOT_FOUND',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'There is no plugin of this name and version.',
    remedy: 'List the plugins and correct name and version.'
  },
  'AXONIQ-2701': {
    name: 'INVALID_PLUGIN_CONFIGURATION',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: false,
    sentence: 'The plugin refused its configuration.',
    remedy: 'Correct the value that the message names.'
  },
  'AXONIQ-6100': {
    name: 'EXCEPTION_IN_INTERCEPTOR',
    grpcStatus: GrpcStatus.UNKNOWN,
    httpStatus: 500,
    callerFault: false,
    sentence: 'A plugin failed while it looked at the message.',
    remedy: 'Repair or disable the plugin.'
  },
  'AXONIQ-6101': {
    name: 'POST_COMMIT_HOOK_EXCEPTION',
    grpcStatus: GrpcStatus.UNKNOWN,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The events are stored, but a plugin failed afterwards.',
    remedy: 'Do not repeat the append; repair or disable the plugin.'
  },
  'AXONIQ-9301': {
    name: 'PLUGINS_DISABLED',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'Plugins are switched off on this server.',
    remedy: 'Switch them on in the configuration.'
  },
  'AXONIQ-11000': {
    name: 'INSTRUCTION_TIMEOUT',
    grpcStatus: GrpcStatus.DEADLINE_EXCEEDED,
    httpStatus: 504,
    callerFault: false,
    sentence: 'A client did not answer an instruction in time.',
    remedy: 'Check that the client is alive, then repeat the instruction.'
  },
  'AXONIQ-11001': {
    name: 'INSTRUCTION_ACK_ONLY',
    grpcStatus: GrpcStatus.UNKNOWN,
    httpStatus: 202,
    callerFault: false,
    sentence: 'The client confirmed an instruction but cannot report its result.',
    remedy: 'Look at the client to see whether it took effect; upgrade its library.'
  }
} as const satisfies Record<string, ErrorDescription>
