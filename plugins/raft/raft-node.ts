import { randomInt } from 'node:crypto'
import type { Consensus, ConsensusOptions } from '../../src/consensus/index.js'
import type { Clock, Logger, Settings } from '../../src/kernel/index.js'
import type { LogStorage } from '../../src/storage/index.js'
import { consensusSettings } from './consensus-options.js'
import { DEVELOPMENT_PEERS, type DevelopmentPeers, developmentPeers } from './development-peers.js'
import { FoundedConsensus } from './founded-consensus.js'
import { PeerTransport } from './transport/peer-transport.js'

export interface RaftNodeOptions {
  readonly node: string
  readonly settings: Settings
  readonly logStorage: LogStorage
  readonly clock: Clock
  readonly log: Logger
}

const PREFIX = 'axoniq.axonserver'
const FATAL_EXIT_CODE = 99
const INCARNATION_MAX = 2 ** 47

/** The replication groups of this node and its connections to the others. */
export class RaftNode {
  readonly consensus: Consensus
  readonly transport: PeerTransport
  readonly #peers: DevelopmentPeers | undefined

  constructor(private readonly options: RaftNodeOptions) {
    const { node, settings } = options
    const port = settings.number(`${PREFIX}.internal-port`)
    this.#peers = developmentPeers(settings.list(DEVELOPMENT_PEERS), { name: node, port })
    this.transport = this.#transport(port)
    this.consensus = new FoundedConsensus(this.#consensusOptions(), this.#peers?.membership)
  }

  /** A node that nobody has to reach works without its internal port. */
  async listen(): Promise<void> {
    const { node, settings, log } = this.options
    const hasPeers = this.#peers !== undefined
    if (!hasPeers && settings.boolean(`${PREFIX}.standalone`)) return
    if (hasPeers)
      log.warn({ property: DEVELOPMENT_PEERS }, 'replication groups are formed for development only')
    try {
      await this.transport.listen()
    } catch (error) {
      const words = wordsOf(error, settings.number(`${PREFIX}.internal-port`))
      if (hasPeers) throw new Error(words, { cause: error })
      log.warn({ reason: words }, 'other nodes can not reach this one')
      return
    }
    log.info({ port: this.transport.port }, 'listening for other nodes')
    for (const name of this.#peers?.addresses.keys() ?? []) if (name !== node) this.transport.connect(name)
  }

  #transport(port: number): PeerTransport {
    const { node, settings, clock, log } = this.options
    return new PeerTransport({
      node,
      incarnation: randomInt(1, INCARNATION_MAX),
      port,
      addressOf: name => this.#peers?.addresses.get(name),
      clock,
      log: log.child({ logger: 'io.axoniq.axonserver.cluster.transport' }),
      keepAliveMs: settings.number(`${PREFIX}.keep-alive-time`),
      keepAliveTimeoutMs: settings.number(`${PREFIX}.keep-alive-timeout`),
      queueBytesMax: settings.number('myelin.raft.peer-queue-bytes-max'),
      messageBytesMax: settings.number('myelin.raft.message-bytes-max'),
      isMember: (group, id) => {
        const self = this.consensus.raftOf(group)?.raft.id
        return self === undefined || self === id
      },
      onMemberGone: (name, group, id) =>
        log.warn({ node: name, group, id }, 'a node says that it is not this member of the group')
    })
  }

  #consensusOptions(): ConsensusOptions {
    const { node, settings, logStorage, clock, log } = this.options
    return {
      ...consensusSettings(settings),
      node,
      log: logStorage,
      clock,
      runtime: { defer: task => void setImmediate(task) },
      random: Math.random,
      logger: log,
      transport: this.transport,
      onFatal: error => {
        log.error({ error }, 'the process ends, so that nothing is promised that it can not keep')
        process.exit(FATAL_EXIT_CODE)
      }
    }
  }
}

function wordsOf(error: unknown, port: number): string {
  const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException
  const property = `${PREFIX}.internal-port`
  if (code === 'EADDRINUSE')
    return `Port ${port} for the other nodes is taken by another process. Stop that process, or set ${property} to a free port`
  if (code === 'EACCES')
    return `This user may not open port ${port} for the other nodes. Set ${property} to a port above 1023`
  return `Port ${port} for the other nodes can not be opened: ${message}. Correct ${property}`
}
