import { Contexts, ContextsToken } from '../../src/cluster/index.js'
import { EventStoreToken, Sequencer } from '../../src/eventstore/index.js'
import { definePlugin, HealthCheck, Logger } from '../../src/kernel/index.js'
import { MessagingToken } from '../../src/messaging/index.js'
import { ContextGate } from '../../src/wire/grpc/index.js'
import { raftHealth } from './raft-health.js'
import { refuseUnprotected } from './unprotected.js'

/** Which contexts this node has; recovers them at start, before any port opens. */
export default definePlugin({
  name: 'cluster',
  version: '1.0.0',
  kernel: '^0.1.0',
  provides: [ContextsToken, ContextGate],
  requires: [EventStoreToken, Sequencer, MessagingToken, Logger],
  extends: [HealthCheck],
  startDeadlineMs: 10 * 60_000,
  register: ({ services }) => {
    services.bind(
      ContextsToken,
      bound =>
        new Contexts({
          nodeName: bound.get(MessagingToken).node.name,
          eventStore: bound.get(EventStoreToken),
          sequencer: bound.get(Sequencer),
          messaging: bound.get(MessagingToken),
          log: bound.get(Logger).child({ logger: 'io.axoniq.axonserver.cluster' })
        })
    )
    services.bind(ContextGate, bound => bound.get(ContextsToken))
    services.add(HealthCheck, bound => raftHealth(bound.get(ContextsToken)))
  },
  start: async ({ services, settings }) => {
    refuseUnprotected(settings)
    const contexts = services.get(ContextsToken)
    await contexts.open()
    if (settings.boolean('axoniq.axonserver.standalone') && !contexts.initialised)
      await contexts.initialise(['default'])
  },
  stop: ({ services }) => services.get(EventStoreToken).close()
})
