import type { Clock } from '../../kernel/index.js'
import type { InstructionAck, InstructionResult } from '../../wire/generated/common.js'
import type { EventProcessorInfo } from '../../wire/generated/control.js'
import type { ClientDescription, ClientRegistry, ConnectedClient } from '../clients/client-registry.js'
import type { OutboundStream } from '../flow/outbound-stream.js'
import type { ProcessorInfos } from '../processor/processor-infos.js'
import type { Instructions } from './instructions.js'
import type { Topology } from './topology.js'

export interface ClientSessionParts {
  readonly clock: Clock
  readonly clients: ClientRegistry
  readonly processors: ProcessorInfos
  readonly instructions: Instructions
  readonly topology: Topology
  closed(session: ClientSession): void
}

/** One open platform stream. Nothing that comes before `register` has an effect. */
export class ClientSession {
  #client: ConnectedClient | undefined
  #lastHeartbeatMs: number | undefined
  #isBehind = false
  #isClosed = false

  constructor(
    readonly context: string,
    private readonly out: OutboundStream,
    private readonly parts: ClientSessionParts
  ) {}

  /** Undefined until it has registered. */
  get client(): ConnectedClient | undefined {
    return this.#client
  }

  get clientId(): string {
    return this.#client?.clientId ?? ''
  }

  get version(): string {
    return this.#client?.version ?? ''
  }

  /** When the client last sent a heartbeat, on the monotonic clock; undefined if it never did. */
  get lastHeartbeatMs(): number | undefined {
    return this.#lastHeartbeatMs
  }

  /** The transport has not caught up with what was sent. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  /** The first time counts. */
  register(description: ClientDescription): void {
    if (this.#isClosed || this.#client !== undefined) return
    this.#client = this.parts.clients.connect(this.context, description)
  }

  processorInfo(info: EventProcessorInfo): void {
    if (this.#client !== undefined) this.parts.processors.put(this.#client, info)
  }

  heartbeat(): void {
    if (this.#client !== undefined) this.#lastHeartbeatMs = this.parts.clock.monotonicMs()
  }

  ack(ack: InstructionAck): void {
    if (this.#client !== undefined) this.parts.instructions.ack(this, ack)
  }

  result(result: InstructionResult): void {
    if (this.#client !== undefined) this.parts.instructions.result(this, result)
  }

  subscribeTopology(): void {
    if (this.#client !== undefined) this.parts.topology.subscribe(this)
  }

  unsubscribeTopology(): void {
    this.parts.topology.unsubscribe(this)
  }

  send(message: Buffer): void {
    this.write(message)
  }

  /** False: the transport is behind. */
  write(message: Buffer): boolean {
    if (this.#isClosed) return false
    const isFlowing = this.out.write(message)
    if (!isFlowing) this.#isBehind = true
    return isFlowing
  }

  /** The transport has caught up. */
  resume(): void {
    this.#isBehind = false
    if (!this.#isClosed) this.parts.topology.resume(this)
  }

  /** The stream is over. */
  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.parts.topology.unsubscribe(this)
    this.parts.closed(this)
    if (this.#client === undefined) return
    this.parts.processors.drop(this.#client)
    this.parts.clients.disconnect(this.#client, reason)
    this.parts.instructions.disconnected(this)
  }

  /** Closes, and ends the call: normally, or with an error. */
  terminate(reason: string, error?: unknown): void {
    if (this.#isClosed) return
    this.close(reason)
    if (error === undefined) this.out.end()
    else this.out.fail(error)
  }
}
