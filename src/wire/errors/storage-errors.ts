import { GrpcStatus } from '../grpc-status.js'
import type { ErrorDescription } from './error-description.js'

/** Disk, backup and replication. */
export const storageErrors = {
  'AXONIQ-2100': {
    name: 'NO_LEADER_AVAILABLE',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 404,
    callerFault: true,
    sentence: 'The replication group has no leader at the moment.',
    remedy: 'Repeat in a few seconds; if it stays so, bring a majority of its nodes up.'
  },
  'AXONIQ-2200': {
    name: 'INVALID_TRANSACTION_TOKEN',
    grpcStatus: GrpcStatus.OUT_OF_RANGE,
    httpStatus: 409,
    callerFault: true,
    sentence: 'A replicated transaction does not follow on the last stored one.',
    remedy: 'The replica asks for what it misses by itself; look at its log if this repeats.'
  },
  'AXONIQ-7000': {
    name: 'NODE_NOT_READY_FOR_BACKUP',
    grpcStatus: GrpcStatus.UNAVAILABLE,
    httpStatus: 503,
    callerFault: false,
    sentence: 'The node cannot make a backup at the moment.',
    remedy: 'Repeat later, or use another node.'
  },
  'AXONIQ-9000': {
    name: 'DATAFILE_READ_ERROR',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'A file with events could not be read.',
    remedy: 'Check the disk and the server log; restore the file from another node if it is damaged.'
  },
  'AXONIQ-9001': {
    name: 'INDEX_READ_ERROR',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'An index could not be read.',
    remedy: 'Check the disk and the server log; an index can be built anew.'
  },
  'AXONIQ-9100': {
    name: 'DATAFILE_WRITE_ERROR',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'Events could not be written.',
    remedy: 'Check the free space and health of the disk.'
  },
  'AXONIQ-9101': {
    name: 'INDEX_WRITE_ERROR',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'An index could not be written.',
    remedy: 'Check the free space and health of the disk.'
  },
  'AXONIQ-9102': {
    name: 'DIRECTORY_CREATION_FAILED',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'A folder for data could not be made.',
    remedy: 'Check the path and its permissions.'
  },
  'AXONIQ-9200': {
    name: 'VALIDATION_FAILED',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'Stored data did not pass its check at start.',
    remedy: 'Restore the named file from another node or a backup.'
  },
  'AXONIQ-9500': {
    name: 'INTERRUPTED',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The server stopped before the operation was finished.',
    remedy: 'Repeat on another node, or when this one is back.'
  },
  'AXONIQ-9900': {
    name: 'TRANSACTION_ROLLED_BACK',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The transaction was taken back; nothing was stored.',
    remedy: 'Repeat it.'
  },
  'AXONIQ-10001': {
    name: 'SERVER_TOO_SLOW',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'A node does not follow changes of the configuration in time.',
    remedy: 'Look at the load, disk and network of that node.'
  },
  'AXONIQ-10002': {
    name: 'UNCOMMITTED_CONFIGURATION',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'An earlier change of the members is not committed yet.',
    remedy: 'Repeat when it is.'
  },
  'AXONIQ-10003': {
    name: 'REPLICATION_TIMEOUT',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'Not enough nodes confirmed in time; the write may still take effect.',
    remedy: 'Find out whether it took effect before you repeat it.'
  },
  'AXONIQ-10007': {
    name: 'UNCOMMITTED_TERM',
    grpcStatus: GrpcStatus.CANCELLED,
    httpStatus: 500,
    callerFault: false,
    sentence: 'The new leader has not committed anything yet, so members cannot change.',
    remedy: 'Repeat in a moment.'
  }
} as const satisfies Record<string, ErrorDescription>
