export {
  type ClientDescription,
  type ClientListener,
  ClientRegistry,
  type ConnectedClient
} from './clients/client-registry.js'
export type {
  HandlerDirectory,
  HandlerListener,
  HandlerRegistration
} from './clients/handler-registration.js'
export { CommandHandlerStream, type CommandSubscriptionRequest } from './command/command-handler-stream.js'
export { CommandRouter, type CommandRouterOptions } from './command/command-router.js'
export type { CommandStats } from './command/command-stats.js'
export type { PendingCommand } from './command/pending-command.js'
export type { OutboundStream } from './flow/outbound-stream.js'
export type { RateMeter } from './flow/rate-meter.js'
export type { MessageTimer, TimerTable } from './flow/timer-table.js'
export {
  Messaging,
  type MessagingNode,
  type MessagingOptions,
  type MessagingPorts,
  MessagingToken
} from './messaging.js'
export type { ClientSession } from './platform/client-session.js'
export type { HeartbeatOptions } from './platform/heartbeat-monitor.js'
export type { InstructionOutcome, InstructionsOptions } from './platform/instructions.js'
export type { Platform, PlatformListener } from './platform/platform.js'
export { thisNode } from './platform/platform-info.js'
export {
  type BalancingStrategy,
  balancingStrategies,
  type EventProcessors
} from './processor/event-processors.js'
export {
  type ClaimedSegment,
  type ProcessorOverview,
  processorOverview
} from './processor/processor-overview.js'
export type {
  ProcessorIdentity,
  ProcessorInstance,
  ProcessorStatus,
  SegmentStatus
} from './processor/processor-status.js'
export type { ActiveQuery } from './query/active-query.js'
export { Queries, type QueryPorts } from './query/queries.js'
export type { QueryContext } from './query/query-context.js'
export type { QueryHandlerStream } from './query/query-handler-stream.js'
export { defaultQueryOptions, type QueryOptions } from './query/query-options.js'
export type { QueryRegistration } from './query/query-registration.js'
export type { QueryStats } from './query/query-stats.js'
export type { SubscriptionCall } from './subscription/subscription-call.js'
export type { SubscriptionCounts } from './subscription/subscription-stats.js'
