export {
  type ConfChange,
  ConfChangeType,
  decodeConfChange,
  encodeConfChange,
  Transition
} from './conf-change.js'
export type { LogView } from './log-view.js'
export { Message, MessageType } from './message.js'
export { RAFT_DEFAULTS, type RaftDefaults } from './options.js'
export { RawNode } from './raw-node.js'
export { TraceLevel, type TraceSink } from './trace.js'
export * from './types.js'
