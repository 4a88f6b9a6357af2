import type { Clock } from '../../kernel/index.js'
import { ServerError } from '../../wire/index.js'
import type { ClientRegistry, ConnectedClient } from '../clients/client-registry.js'
import type { OutboundStream } from '../flow/outbound-stream.js'
import type { ProcessorInfos } from '../processor/processor-infos.js'
import { ClientSession } from './client-session.js'
import { HeartbeatMonitor, type HeartbeatOptions } from './heartbeat-monitor.js'
import type { InstructionOutcome, Instructions } from './instructions.js'
import { type InstructionRequest, outboundInstruction } from './outbound-instruction.js'
import type { Topology } from './topology.js'

/** Told what an operator wants to read about. */
export interface PlatformListener {
  clientSilent?(client: ConnectedClient, timeoutMs: number): void
  reconnectRequested?(client: ConnectedClient, reason: string): void
}

export interface PlatformPorts {
  readonly clock: Clock
  readonly clients: ClientRegistry
  readonly processors: ProcessorInfos
  readonly instructions: Instructions
  readonly topology: Topology
  /** Ends the command and query streams of a client that has fallen silent. */
  closeHandlers(context: string, clientId: string, reason: string, error: unknown): void
}

const reconnect = outboundInstruction({ $case: 'requestReconnect', value: {} })

/** The platform streams: who is there, and what they are told. */
export class Platform {
  readonly #sessions = new Set<ClientSession>()
  readonly #heartbeats: HeartbeatMonitor
  readonly #listeners = new Set<PlatformListener>()

  constructor(
    private readonly heartbeat: HeartbeatOptions,
    private readonly ports: PlatformPorts
  ) {
    this.#heartbeats = new HeartbeatMonitor(
      heartbeat,
      ports.clock,
      () => this.#sessions,
      session => this.#silent(session)
    )
  }

  get openStreams(): number {
    return this.#sessions.size
  }

  addListener(listener: PlatformListener): void {
    this.#listeners.add(listener)
  }

  openStream(context: string, out: OutboundStream): ClientSession {
    const session = new ClientSession(context, out, {
      clock: this.ports.clock,
      clients: this.ports.clients,
      processors: this.ports.processors,
      instructions: this.ports.instructions,
      topology: this.ports.topology,
      closed: closed => this.#sessions.delete(closed)
    })
    this.#sessions.add(session)
    return session
  }

  /** Asks all these clients, and waits until all have answered. */
  instruct(clients: readonly ConnectedClient[], request: InstructionRequest): Promise<InstructionOutcome> {
    const targets = [...this.#sessions].filter(
      ({ client }) => client !== undefined && clients.includes(client)
    )
    return this.ports.instructions.send(targets, request)
  }

  /** Asks a client to connect anew, on each of its streams. False: it is not connected here. */
  requestReconnect(clientId: string, reason: string): boolean {
    let isConnected = false
    for (const session of this.#sessions) {
      if (session.client?.clientId !== clientId) continue
      isConnected = true
      session.send(reconnect)
      for (const listener of this.#listeners) listener.reconnectRequested?.(session.client, reason)
    }
    return isConnected
  }

  closeContext(context: string): void {
    for (const session of [...this.#sessions])
      if (session.context === context) session.terminate('context removed')
  }

  stop(): void {
    this.#heartbeats.stop()
    this.ports.instructions.stop()
    for (const session of [...this.#sessions]) session.terminate('server stopped')
  }

  /**
   * A client that has fallen silent is gone, with its handlers. If it has connected anew meanwhile, the handlers are those of
   * the new connection and stay; the old ones end with their transport.
   */
  #silent(session: ClientSession): void {
    const { client } = session
    if (client === undefined) return
    const { timeoutMs } = this.heartbeat
    const message = `No heartbeat of ${client.clientId} in ${timeoutMs} ms: the connection is given up.`
    const error = new ServerError('AXONIQ-0001', message)
    for (const listener of this.#listeners) listener.clientSilent?.(client, timeoutMs)
    session.terminate('inactivity timeout', error)
    if (this.ports.clients.streams(client.context, client.clientId).size > 0) return
    this.ports.closeHandlers(client.context, client.clientId, 'inactivity timeout', error)
  }
}
