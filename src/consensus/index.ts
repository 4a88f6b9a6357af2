export { ConsensusToken } from './consensus-token.js'
export { MessageType } from './core/message.js'
export { Consensus, type OpenedGroup } from './driver/consensus.js'
export {
  GroupFailedError,
  MembershipError,
  NotLeaderError,
  NotStoredError,
  OutcomeUnknownError,
  RetryReadError
} from './driver/errors.js'
export type { MemberChange } from './driver/membership-plan.js'
export { ConsensusMetrics } from './driver/metrics.js'
export type { ConsensusEvents, ConsensusOptions, Limits, Runtime } from './driver/options.js'
export type { GroupStatus, PeerStatus } from './driver/status.js'
export type { Timing } from './driver/timing.js'
export type * from './ports.js'
export * from './wire/index.js'
