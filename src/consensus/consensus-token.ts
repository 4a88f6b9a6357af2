import { token } from '../kernel/index.js'
import type { Consensus } from './driver/consensus.js'

/** The replication groups of this node; the event store sees them as its `Sequencer`. */
export const ConsensusToken = token<Consensus>('consensus/Consensus@1')
