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
