import { Contexts, ContextsToken } from '../../src/cluster/index.js'
import { ConsensusToken } from '../../src/consensus/index.js'
import { EventStoreToken, Sequencer } from '../../src/eventstore/index.js'
import {
  Clock,
  definePlugin,
  HealthCheck,
  Logger,
  type Services,
  type Settings
} from '../../src/kernel/index.js'
import { MessagingToken } from '../../src/messaging/index.js'
import { ContextGate } from '../../src/wire/grpc/index.js'
import { makeFirstContexts } from './first-contexts.js'
import { raftHealth } from './raft-health.js'
import { raftReplication } from './raft-replication.js'
import { refuseUnprotected } from './unprotected.js'

/** Which contexts this node has; recovers them at start, before any port opens. */
export default definePlugin({
  name: 'cluster',
  version: '1.0.0',
  kernel: '^0.1.0',
  provides: [ContextsToken, ContextGate],
  requires: [EventStoreToken, Sequencer, MessagingToken, Logger, Clock],
  optional: [ConsensusToken],
  extends: [HealthCheck],
  startDeadlineMs: 10 * 60_000,
  register: ({ services, settings }) => {
    services.bind(
      ContextsToken,
      bound =>
        new Contexts({
          nodeName: bound.get(MessagingToken).node.name,
          eventStore: bound.get(EventStoreToken),
          sequencer: bound.get(Sequencer),
          messaging: bound.get(MessagingToken),
          replication: replicationOf(bound, settings),
          log: bound.get(Logger).child({ logger: 'io.axoniq.axonserver.cluster' })
        })
    )
    services.bind(ContextGate, bound => bound.get(ContextsToken))
    services.add(HealthCheck, bound => raftHealth(bound.get(ContextsToken)))
  },
  start: async ({ services, settings, log }) => {
    refuseUnprotected(settings)
    const contexts = services.get(ContextsToken)
    await contexts.open()
    if (!settings.boolean('axoniq.axonserver.standalone') || contexts.initialised) return
    const replication = replicationOf(services, settings)
    if (replication === undefined) await contexts.initialise(['default'])
    else {
      const { name } = services.get(MessagingToken).node
      makeFirstContexts(contexts, { replication, node: name, clock: services.get(Clock), log })
    }
  },
  stop: ({ services }) => services.get(EventStoreToken).close()
})

/** Undefined on a node without peers. */
function replicationOf(services: Services, settings: Settings) {
  const consensus = services.find(ConsensusToken)
  if (consensus === undefined || settings.list('myelin.raft.development-peers').length === 0) return undefined
  return raftReplication(consensus, services.get(Clock))
}
