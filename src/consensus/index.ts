export { GroupFailedError } from './group-log.js'
export { SingleNodeSequencer, type SingleNodeSequencerOptions } from './single-node-sequencer.js'
