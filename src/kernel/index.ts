// Contracts only: every area and its tests import this. Who runs a kernel imports kernel.ts, with all that it needs.
export { Clock, systemClock, type Timer } from './clock.js'
export { ConfigurationError } from './config/configuration-error.js'
export { type NodeIdentity, nodeIdentity } from './config/node-identity.js'
export type { GivenService, Kernel, KernelOptions } from './kernel.js'
export { KernelError, type KernelErrorValues, reasonOf } from './kernel-error.js'
export { type KernelErrorCode, type KernelErrorDescription, kernelErrors } from './kernel-error-table.js'
export { KernelInfo, type KernelPhase, type PluginInfo } from './kernel-info.js'
export { Logger, type LogMethod, silentLogger } from './logger.js'
export type { LoggerControl, LogStream } from './logging/index.js'
export { ManualClock } from './manual-clock.js'
export {
  type Health,
  HealthCheck,
  type HealthStatus,
  type Measurement,
  MetricsSource
} from './observability.js'
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
} from './plugin.js'
export { type Product, readProduct } from './product.js'
export { Settings } from './settings.js'
export { serviceName, type Token, token, tokenName } from './token.js'
