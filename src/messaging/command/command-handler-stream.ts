import { ServerError, wrapMessage } from '../../wire/index.js'
import { clientStreamId } from '../clients/client-stream-id.js'
import type { HandlerRegistration } from '../clients/handler-registration.js'
import type { OutboundStream } from '../flow/outbound-stream.js'
import { PermitQueue } from '../flow/permit-queue.js'
import type { PendingCommand } from './pending-command.js'

/** command.proto, `CommandProviderInbound.command`. */
const commandField = 2
const nothing = Buffer.alloc(0)
const defaultLoadFactor = 100
/** Commands that one stream may register. */
const commandRegistrationsMax = 10_000

export interface CommandSubscriptionRequest {
  readonly command: string
  readonly clientId: string
  readonly componentName: string
  readonly loadFactor: number
}

/** What a stream asks of the router that opened it. */
export interface CommandStreamOwner {
  subscribed(stream: CommandHandlerStream, registration: HandlerRegistration): void
  unsubscribed(stream: CommandHandlerStream, registration: HandlerRegistration): void
  responded(stream: CommandHandlerStream, response: Buffer): void
  closed(stream: CommandHandlerStream, reason: string): void
}

export interface CommandHandlerStreamOptions {
  readonly context: string
  readonly out: OutboundStream
  readonly owner: CommandStreamOwner
  readonly waitingMax: number
  readonly randomId: () => string
}

/** One open stream of a command handler: its registrations, its permits, its queue. */
export class CommandHandlerStream {
  readonly context: string
  readonly queue: PermitQueue<PendingCommand>
  readonly #registrations = new Map<string, HandlerRegistration>()
  #clientId: string | undefined
  #streamId = ''
  #componentName: string | undefined
  #isClosed = false

  constructor(private readonly options: CommandHandlerStreamOptions) {
    this.context = options.context
    this.queue = new PermitQueue({ waitingMax: options.waitingMax, send: pending => this.#deliver(pending) })
  }

  /** Empty until the client has said who it is. */
  get clientId(): string {
    return this.#clientId ?? ''
  }

  /** Empty until the client has said who it is. */
  get streamId(): string {
    return this.#streamId
  }

  get componentName(): string {
    return this.#componentName ?? ''
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get registrations(): Iterable<HandlerRegistration> {
    return this.#registrations.values()
  }

  subscribe({ command, clientId, componentName, loadFactor }: CommandSubscriptionRequest): void {
    if (this.#isClosed) return
    this.#identify(clientId)
    this.#componentName ??= componentName
    if (!this.#registrations.has(command)) this.#checkRegistrations(command)
    const registration: HandlerRegistration = {
      kind: 'command',
      context: this.context,
      name: command,
      clientId: this.clientId,
      clientStreamId: this.#streamId,
      componentName: this.componentName,
      loadFactor: loadFactor === 0 ? defaultLoadFactor : loadFactor
    }
    this.#registrations.set(command, registration)
    this.options.owner.subscribed(this, registration)
  }

  unsubscribe(command: string): void {
    const registration = this.#registrations.get(command)
    if (registration === undefined) return
    this.#registrations.delete(command)
    this.options.owner.unsubscribed(this, registration)
  }

  unsubscribeAll(): void {
    for (const command of [...this.#registrations.keys()]) this.unsubscribe(command)
  }

  addPermits(clientId: string, permits: number): void {
    if (this.#isClosed) return
    this.#identify(clientId)
    this.queue.addPermits(permits)
  }

  /** Takes a `CommandResponse`. */
  respond(response: Buffer): void {
    if (!this.#isClosed) this.options.owner.responded(this, response)
  }

  /** The transport has caught up. */
  resume(): void {
    if (!this.#isClosed) this.queue.resume()
  }

  /** The stream is over: its registrations go, what waits goes elsewhere, what is being handled fails. */
  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.unsubscribeAll()
    this.options.owner.closed(this, reason)
  }

  /** Closes, and ends the call: normally, or with an error. */
  terminate(reason: string, error?: unknown): void {
    if (this.#isClosed) return
    this.close(reason)
    if (error === undefined) this.options.out.end()
    else this.options.out.fail(error)
  }

  /** The first client id counts, later ones are ignored. */
  #identify(clientId: string): void {
    if (this.#clientId !== undefined) return
    this.#clientId = clientId
    this.#streamId = clientStreamId(clientId, this.options.randomId())
  }

  #checkRegistrations(command: string): void {
    if (this.#registrations.size < commandRegistrationsMax) return
    const message = `${this.clientId} already handles ${commandRegistrationsMax} commands on this stream, which is the limit. ${command} is not registered.`
    throw new ServerError('AXONIQ-1900', message)
  }

  #deliver(pending: PendingCommand): boolean {
    pending.isDelivered = true
    const message = wrapMessage(commandField, pending.command)
    pending.command = nothing
    return this.options.out.write(message)
  }
}
