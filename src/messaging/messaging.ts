import { type Clock, type Logger, token } from '../kernel/index.js'
import { ClientRegistry, type ConnectedClient } from './clients/client-registry.js'
import { CommandRouter, type CommandRouterOptions } from './command/command-router.js'
import type { HeartbeatOptions } from './platform/heartbeat-monitor.js'
import { Instructions, type InstructionsOptions } from './platform/instructions.js'
import { Platform } from './platform/platform.js'
import { Topology } from './platform/topology.js'
import { EventProcessors } from './processor/event-processors.js'
import { ProcessorInfos } from './processor/processor-infos.js'
import { Queries } from './query/queries.js'
import type { QueryOptions } from './query/query-options.js'

/** What this node calls itself, and where it can be reached. Ports may be known only after the start. */
export interface MessagingNode {
  readonly name: string
  readonly hostName: string
  readonly grpcPort: number
  readonly httpPort: number
  readonly internalHostName: string
  readonly grpcInternalPort: number
}

export interface MessagingOptions {
  readonly commands: CommandRouterOptions
  readonly queries: QueryOptions
  readonly instructions: InstructionsOptions
  readonly heartbeat: HeartbeatOptions
  /** Age at which the status of an event processor is forgotten. */
  readonly processorInfoTimeoutMs: number
}

export interface MessagingPorts {
  readonly clock: Clock
  readonly log: Logger
  readonly randomId: () => string
  readonly node: MessagingNode
}

/** All messaging of a node. It keeps nothing: what is here is gone with the process, and clients register anew. */
export class Messaging {
  readonly node: MessagingNode
  readonly clients: ClientRegistry
  readonly topology = new Topology()
  readonly commands: CommandRouter
  readonly queries: Queries
  readonly instructions: Instructions
  readonly platform: Platform
  readonly processors: EventProcessors

  constructor(options: MessagingOptions, ports: MessagingPorts) {
    const { clock, log, randomId, node } = ports
    this.node = node
    this.clients = new ClientRegistry(randomId, clock)
    this.commands = new CommandRouter(options.commands, {
      clock,
      log,
      randomId,
      clients: this.clients,
      handlers: this.topology
    })
    this.queries = new Queries(options.queries, {
      clock,
      randomId,
      clients: this.clients,
      handlers: this.topology
    })
    this.topology.addDirectory(this.commands)
    this.topology.addDirectory(this.queries)
    this.clients.addListener({ clientDisconnected: client => this.#forgetTimers(client) })
    this.instructions = new Instructions(options.instructions, clock, randomId)
    const processorInfos = new ProcessorInfos(clock, options.processorInfoTimeoutMs)
    this.platform = new Platform(options.heartbeat, {
      clock,
      clients: this.clients,
      processors: processorInfos,
      instructions: this.instructions,
      topology: this.topology,
      closeHandlers: (context, clientId, reason, error) => {
        this.commands.closeClient(context, clientId, reason, error)
        this.queries.closeClient(context, clientId, reason, error)
      }
    })
    this.processors = new EventProcessors(processorInfos, this.platform)
  }

  /** For a context that is being removed: handlers are dropped, what is pending fails, streams end. */
  closeContext(context: string): void {
    this.commands.closeContext(context)
    this.queries.closeContext(context)
    this.platform.closeContext(context)
  }

  /** Ends all streams. */
  stop(): void {
    this.commands.stop()
    this.queries.stop()
    this.platform.stop()
  }

  /** The figures of a client go with its last stream. */
  #forgetTimers({ context, clientId }: ConnectedClient): void {
    if (this.clients.streams(context, clientId).size > 0) return
    this.commands.stats.timers.removeClient(context, clientId)
    this.queries.stats.timers.removeClient(context, clientId)
  }
}

export const MessagingToken = token<Messaging>('messaging/Messaging@1')
