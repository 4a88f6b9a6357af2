import { GrpcStatus } from '../grpc-status.js'
import type { ErrorDescription } from './error-description.js'

/** Nodes, contexts, replication groups, applications and users. */
export const administrationErrors = {
  'AXONIQ-1100': {
    name: 'NODE_IS_REPLICA',
    grpcStatus: GrpcStatus.UNAVAILABLE,
    httpStatus: 503,
    callerFault: true,
    sentence: 'This node does not lead the replication group, and the operation needs the leader.',
    remedy: 'Repeat the call; it goes to the leader once there is one.'
  },
  'AXONIQ-1300': {
    name: 'NO_SUCH_APPLICATION',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 404,
    callerFault: true,
    sentence: 'There is no application of this name.',
    remedy: 'List the applications and correct the name.'
  },
  'AXONIQ-1301': {
    name: 'NO_SUCH_NODE',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 404,
    callerFault: true,
    sentence: 'There is no node of this name in the cluster.',
    remedy: 'List the nodes and correct the name.'
  },
  'AXONIQ-1302': {
    name: 'CONTEXT_NOT_FOUND',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 404,
    callerFault: true,
    sentence: 'There is no context of this name.',
    remedy: 'Create the context, or correct the name that the client is configured with.'
  },
  'AXONIQ-1304': {
    name: 'CONTEXT_EXISTS',
    grpcStatus: GrpcStatus.ALREADY_EXISTS,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The name is taken by another context.',
    remedy: 'Choose another name.'
  },
  'AXONIQ-1305': {
    name: 'REPLICATION_GROUP_EXISTS',
    grpcStatus: GrpcStatus.ALREADY_EXISTS,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The name is taken by another replication group.',
    remedy: 'Choose another name.'
  },
  'AXONIQ-1400': {
    name: 'NO_AXONSERVER_FOR_CONTEXT',
    grpcStatus: GrpcStatus.UNAVAILABLE,
    httpStatus: 503,
    callerFault: true,
    sentence: 'The context exists, but no node that is up can serve it.',
    remedy: 'Start a node that has the context in a serving role.'
  },
  'AXONIQ-1500': {
    name: 'AXONSERVER_NODE_NOT_CONNECTED',
    grpcStatus: GrpcStatus.UNAVAILABLE,
    httpStatus: 503,
    callerFault: true,
    sentence: 'A node that is needed for this is not connected.',
    remedy: 'Start the node, or repair the network between the nodes.'
  },
  'AXONIQ-1700': {
    name: 'LICENSE_ERROR',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: false,
    sentence: 'The operation is not covered by a licence.',
    remedy: 'Not raised by this server; the code is kept for clients that know it.'
  },
  'AXONIQ-2101': {
    name: 'NOT_RUNNING_IN_CLUSTER',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 400,
    callerFault: true,
    sentence: 'This node is not part of a cluster, and the operation concerns clusters.',
    remedy: 'Initialise a cluster or register the node first.'
  },
  'AXONIQ-2107': {
    name: 'REPLICATION_GROUP_UPDATE_IN_PROGRESS',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 400,
    callerFault: false,
    sentence: 'Another change of this replication group is under way.',
    remedy: 'Repeat when that change is finished.'
  },
  'AXONIQ-2108': {
    name: 'REPLICATION_GROUP_NOT_FOUND',
    grpcStatus: GrpcStatus.NOT_FOUND,
    httpStatus: 404,
    callerFault: true,
    sentence: 'There is no replication group of this name.',
    remedy: 'List the groups and correct the name.'
  },
  'AXONIQ-2301': {
    name: 'CLUSTER_NOT_ALLOWED',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: true,
    sentence: 'Clustering is not allowed here.',
    remedy: 'Not raised by this server; the code is kept for clients that know it.'
  },
  'AXONIQ-2302': {
    name: 'REPLICATION_GROUP_CREATION_NOT_ALLOWED',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: true,
    sentence: 'Replication groups may not be created here.',
    remedy: 'Not raised by this server; the code is kept for clients that know it.'
  },
  'AXONIQ-2303': {
    name: 'NOT_SUPPORTED_IN_DEVELOPMENT',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: true,
    sentence: 'The operation is not available in development mode.',
    remedy: 'Start the server without development mode.'
  },
  'AXONIQ-2304': {
    name: 'CANNOT_DELETE_INTERNAL_CONTEXT',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: true,
    sentence: 'Contexts whose name begins with an underscore belong to the server.',
    remedy: 'Leave the context alone.'
  },
  'AXONIQ-2305': {
    name: 'MAX_CLUSTER_SIZE_REACHED',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: true,
    sentence: 'The cluster may not have more nodes.',
    remedy: 'Remove a node first.'
  },
  'AXONIQ-2306': {
    name: 'ALREADY_MEMBER_OF_CLUSTER',
    grpcStatus: GrpcStatus.ALREADY_EXISTS,
    httpStatus: 406,
    callerFault: true,
    sentence: 'The node belongs to a cluster already.',
    remedy: "Nothing is to be done, or clear the node's data to join it elsewhere."
  },
  'AXONIQ-2307': {
    name: 'NOT_A_MEMBER',
    grpcStatus: GrpcStatus.PERMISSION_DENIED,
    httpStatus: 403,
    callerFault: true,
    sentence: 'The node is not a member of this cluster or group.',
    remedy: 'Register the node, or correct its name.'
  },
  'AXONIQ-2308': {
    name: 'INVALID_CONTEXT_NAME',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The name cannot be that of a context.',
    remedy: 'Begin with a letter; then letters, digits, hyphens and underscores.'
  },
  'AXONIQ-2309': {
    name: 'SELECT_NODES_FOR_CONTEXT',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'No nodes were named that should hold the context.',
    remedy: 'Name at least one node.'
  },
  'AXONIQ-2310': {
    name: 'CANNOT_REMOVE_LAST_NODE',
    grpcStatus: GrpcStatus.FAILED_PRECONDITION,
    httpStatus: 406,
    callerFault: true,
    sentence: 'The last node of a group cannot leave it.',
    remedy: 'Add another node first, or delete the group.'
  },
  'AXONIQ-2311': {
    name: 'INVALID_PROPERTY_VALUE',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The value does not suit the property.',
    remedy: 'Correct the value as the message says.'
  },
  'AXONIQ-2500': {
    name: 'SAME_NODE_NAME',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The joining node has the name or the internal address of another one.',
    remedy: 'Give each node a name and an internal address of its own.'
  },
  'AXONIQ-2501': {
    name: 'UNKNOWN_HOST',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The name of the host cannot be resolved.',
    remedy: 'Correct the name, or the name service.'
  },
  'AXONIQ-2502': {
    name: 'CANNOT_JOIN',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'The node cannot join the cluster.',
    remedy: 'Read the message, and the logs of both nodes.'
  },
  'AXONIQ-2510': {
    name: 'UNKNOWN_ROLE',
    grpcStatus: GrpcStatus.INVALID_ARGUMENT,
    httpStatus: 400,
    callerFault: true,
    sentence: 'There is no role of this name.',
    remedy: 'List the roles and correct the name.'
  }
} as const satisfies Record<string, ErrorDescription>
