import { hostname } from 'node:os'
import { ConsensusToken } from '../../src/consensus/index.js'
import { Sequencer } from '../../src/eventstore/index.js'
import {
  Clock,
  definePlugin,
  HealthCheck,
  Logger,
  MetricsSource,
  nodeIdentity,
  token
} from '../../src/kernel/index.js'
import { LogStorage } from '../../src/storage/index.js'
import { consensusHealth } from './health.js'
import { raftMetrics } from './metrics.js'
import { RaftNode } from './raft-node.js'

const RaftNodeToken = token<RaftNode>('raft/RaftNode@1')

/** Orders entries: by itself on a node without peers, together with the others in a cluster. */
export default definePlugin({
  name: 'raft',
  version: '1.0.0',
  kernel: '^0.1.0',
  provides: [RaftNodeToken, ConsensusToken, Sequencer],
  requires: [LogStorage, Logger, Clock],
  extends: [HealthCheck, MetricsSource],
  register: ({ services, settings }) => {
    services.bind(
      RaftNodeToken,
      bound =>
        new RaftNode({
          node: nodeIdentity(settings, hostname()).name,
          settings,
          logStorage: bound.get(LogStorage),
          clock: bound.get(Clock),
          log: bound.get(Logger).child({ logger: 'io.axoniq.axonserver.consensus' })
        })
    )
    services.bind(ConsensusToken, bound => bound.get(RaftNodeToken).consensus)
    services.bind(Sequencer, bound => bound.get(ConsensusToken))
    services.add(HealthCheck, bound => consensusHealth(bound.get(RaftNodeToken)))
    services.add(MetricsSource, bound => raftMetrics(bound.get(RaftNodeToken)))
  },
  start: ({ services }) => services.get(RaftNodeToken).listen(),
  stop: ({ services }) => services.get(RaftNodeToken).transport.close()
})
