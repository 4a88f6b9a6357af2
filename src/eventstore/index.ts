export { type AppendLimits, checkSize } from './append/append-limits.js'
export type {
  CheckpointCut,
  CheckpointParticipant,
  CheckpointStats,
  GroupCheckpoint
} from './checkpoint/checkpointer.js'
export type { ContextStore } from './context-store.js'
export { EventStore, EventStoreToken } from './event-store.js'
export type { ContextDefinition, EventStoreOptions, EventStorePorts } from './event-store-options.js'
export {
  type CommittedEntry,
  type LogPosition,
  type OpenedGroup,
  Sequencer,
  type StateMachine,
  type StateSink,
  type StateSource,
  type StateTransfer
} from './ports.js'
export type { EventTracker, TrackerSink } from './read/event-tracker.js'
export { writeError } from './storage-error.js'
export { PayloadTransfer } from './transfer/payload-transfer.js'
