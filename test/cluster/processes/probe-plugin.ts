import { ADMIN_GROUP } from '../../../src/cluster/context-catalogue.js'
import { ContextsToken } from '../../../src/cluster/index.js'
import { ConsensusToken } from '../../../src/consensus/index.js'
import { EventStoreToken } from '../../../src/eventstore/index.js'
import { definePlugin, type Services } from '../../../src/kernel/index.js'
import { LogStorage } from '../../../src/storage/index.js'
import { ProbePort } from './probe-port.js'

const CONTEXT = 'default'
const ports = new WeakMap<Services, ProbePort>()

/**
 * Lets tests and benchmarks into a whole server: appends and proposals over an open stream, and what clients never see, such as
 * the state of a replication group. Listed in `myelin.plugins` by its path.
 */
export default definePlugin({
  name: 'probe',
  version: '1.0.0',
  kernel: '^0.1.0',
  config: [{ name: 'probe.host', type: 'string', default: '127.0.0.1', doc: 'Where the probe listens.' }],
  requires: [ConsensusToken, EventStoreToken, ContextsToken, LogStorage],
  start: async ({ services, settings, log }) => {
    const eventStore = services.get(EventStoreToken)
    const raft = services.get(ConsensusToken)
    const port = new ProbePort({
      append: events => eventStore.get(CONTEXT).append(events),
      propose: (group, data) => raft.propose(group, data),
      command: (op, args) => command(services, op, args)
    })
    ports.set(services, port)
    log.info(`Probe started on port: ${await port.listen(settings.string('probe.host')!)}`)
  },
  stop: ({ services }) => ports.get(services)?.close()
})

async function command(
  services: Services,
  op: string,
  args: Readonly<Record<string, unknown>>
): Promise<unknown> {
  const eventStore = services.get(EventStoreToken)
  const raft = services.get(ConsensusToken)
  const group = Number(args.group ?? raft.groups().find(number => number !== ADMIN_GROUP))
  if (op === 'contexts') return eventStore.stores().map(store => store.name)
  if (op === 'group') return group
  if (op === 'status') return raft.status(group)
  if (op === 'metrics') return { ...raft.metrics }
  if (op === 'journal') return services.get(LogStorage).stats
  if (op === 'transfer') return raft.transferLeadership(group, args.node as string | undefined)
  if (op === 'digest') return eventStore.digest(CONTEXT, Number(args.upTo))
  if (op === 'lastToken') return eventStore.get(CONTEXT).currentLastToken()
  throw new Error(`no such command: ${op}`)
}
