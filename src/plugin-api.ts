/** `myelin/plugin`: all that a plugin of a third party imports. */
export { Clock, type Timer } from './kernel/clock.js'
export { KernelInfo, type KernelPhase, type PluginInfo } from './kernel/kernel-info.js'
export { Logger, type LogMethod } from './kernel/logger.js'
export {
  type Health,
  HealthCheck,
  type HealthStatus,
  type Measurement,
  MetricsSource
} from './kernel/observability.js'
export {
  definePlugin,
  type OwnedProperties,
  type Plugin,
  type PluginContext,
  type PropertyDeclaration,
  type PropertyType,
  type RegisterContext,
  type ServiceRegistry,
  type Services
} from './kernel/plugin.js'
export { Settings } from './kernel/settings.js'
export { type Token, token } from './kernel/token.js'
export { FileSystem, type OpenFile } from './storage/file-system.js'
export {
  type KeyRange,
  type KeyValueBatch,
  KeyValueStore,
  type KeyValueStoreInfo
} from './storage/key-value-store.js'
export type { ErrorCode } from './wire/error-codes.js'
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
} from './wire/grpc/boundary.js'
export { ServerError } from './wire/server-error.js'
