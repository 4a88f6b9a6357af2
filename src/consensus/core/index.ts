export {
  type ConfChange,
  ConfChangeType,
  decodeConfChange,
  encodeConfChange,
  Transition
} from './conf-change.js'
export { InvariantError } from './invariant.js'
export type { LogView } from './log-view.js'
export { isLocal, Message, MessageType } from './message.js'
export { RAFT_DEFAULTS, type RaftDefaults, type RaftOptions } from './options.js'
export { RawNode, type Ready } from './raw-node.js'
export { TraceLevel, type TraceSink } from './trace.js'
export * from './types.js'
