export {
  type CallMetadata,
  type GrpcMethod,
  GrpcService,
  type ServerCall,
  type StreamCall,
  type StreamListener,
  type StreamMethod,
  type UnaryCall,
  type UnaryMethod
} from './boundary.js'
export { type CallStatus, errorCodeTrailer, statusOf } from './call-status.js'
export { ContextGate } from './context-gate.js'
export { GrpcEndpoint } from './grpc-endpoint.js'
export { listMethod, type MethodOptions, unaryMethod } from './methods.js'
