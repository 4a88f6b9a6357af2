export { Clock, systemClock, type Timer } from './clock.js'
export { Logger, type LogMethod, silentLogger } from './logger.js'
export { ManualClock } from './manual-clock.js'
export { type Health, HealthCheck, type HealthStatus, type Measurement, MetricsSource } from './observability.js'
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
export { Settings } from './settings.js'
export { type Token, token } from './token.js'
