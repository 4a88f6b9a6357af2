export { type AppendLimits, checkSize } from './append/append-limits.js'
export type {
  CheckpointCut,
  CheckpointParticipant,
  CheckpointStats,
  GroupCheckpoint
} from './checkpoint/checkpointer.js'
export type { AggregateEventsRequest, ContextStore } from './context-store.js'
export {
  type ContextDefinition,
  EventStore,
  type EventStoreOptions,
  type EventStorePorts,
  EventStoreToken
} from './event-store.js'
export {
  type CommittedEntry,
  type LogPosition,
  type OpenedGroup,
  Sequencer,
  type StateMachine
} from './ports.js'
export type { EventTracker, TrackerSink } from './read/event-tracker.js'
export { writeError } from './storage-error.js'
