import type { Clock, Logger, Timer } from '../../kernel/index.js'
import {
  type CommandHead,
  type ErrorCode,
  MalformedMessageError,
  scanCommand,
  scanCommandResponse
} from '../../wire/index.js'
import type { ClientRegistry } from '../clients/client-registry.js'
import type {
  HandlerDirectory,
  HandlerListener,
  HandlerRegistration
} from '../clients/handler-registration.js'
import type { OutboundStream } from '../flow/outbound-stream.js'
import { CommandContext } from './command-context.js'
import { commandError } from './command-error.js'
import { CommandHandlerStream } from './command-handler-stream.js'
import { CommandStats } from './command-stats.js'
import type { PendingCommand } from './pending-command.js'

export interface CommandRouterOptions {
  /** Age at which an unanswered command is given up; found at the next scan. */
  readonly timeoutMs: number
  readonly scanIntervalMs: number
  /** Commands in progress on this node. */
  readonly inProgressMax: number
  /** Commands in progress in one context. */
  readonly inProgressPerContextMax: number
  /** Commands that wait for one handler stream, see PermitQueue. */
  readonly waitingMax: number
}

export interface CommandRouterPorts {
  readonly clock: Clock
  readonly log: Logger
  readonly randomId: () => string
  readonly clients: ClientRegistry
  readonly handlers: HandlerListener
}

/** Takes commands to their handlers and answers to their callers, all in the bytes in which they came. */
export class CommandRouter implements HandlerDirectory {
  readonly stats: CommandStats
  readonly #contexts = new Map<string, CommandContext>()
  readonly #scan: Timer
  #inProgress = 0
  #isStopped = false

  constructor(
    private readonly options: CommandRouterOptions,
    private readonly ports: CommandRouterPorts
  ) {
    this.stats = new CommandStats(ports.clock)
    this.#scan = ports.clock.every(options.scanIntervalMs, () => this.#giveUpOld())
  }

  /** Commands not answered yet. */
  get inProgress(): number {
    return this.#inProgress
  }

  /**
   * Passes a `Command` on. `reply` gets exactly one `CommandResponse`, perhaps before this returns. The command returned, if it
   * is under way, can be abandoned.
   */
  dispatch(context: string, command: Buffer, reply: (response: Buffer) => void): PendingCommand | undefined {
    const head = scanCommand(command)
    const state = this.#context(context)
    this.stats.received(context)
    const refusal = this.#refusal(state, head)
    if (refusal !== undefined) {
      this.#refuse(head, reply, 'AXONIQ-1900', refusal)
      return undefined
    }
    if (state.pending.has(head.messageIdentifier)) {
      const message = `A command with the id ${head.messageIdentifier} waits for its answer. Give every command an id of its own.`
      this.#refuse(head, reply, 'AXONIQ-4005', message)
      return undefined
    }
    const pending: PendingCommand = {
      context,
      head,
      reply,
      receivedAtMs: this.ports.clock.monotonicMs(),
      command,
      handler: undefined,
      isDelivered: false,
      isAbandoned: false
    }
    state.pending.add(pending)
    this.#inProgress++
    return this.#route(state, pending) ? pending : undefined
  }

  /** The caller has gone. What waits is dropped; what was delivered runs on, and its answer is thrown away. */
  abandon(pending: PendingCommand): void {
    pending.isAbandoned = true
    if (pending.isDelivered || pending.handler?.queue.remove(pending) !== true) return
    this.#forget(pending)
  }

  /** A new stream of a handler. The client says who it is in its first message. */
  openHandlerStream(context: string, out: OutboundStream): CommandHandlerStream {
    const stream = new CommandHandlerStream({
      context,
      out,
      owner: {
        subscribed: (handler, registration) => this.#subscribed(handler, registration),
        unsubscribed: (handler, registration) => this.#unsubscribed(handler, registration),
        responded: (handler, response) => this.#responded(handler, response),
        closed: (handler, reason) => this.#closed(handler, reason)
      },
      waitingMax: this.options.waitingMax,
      randomId: this.ports.randomId
    })
    this.#context(context).streams.add(stream)
    return stream
  }

  /** Streams whose client has said who it is. */
  *handlers(): Iterable<CommandHandlerStream> {
    for (const { streams } of this.#contexts.values()) {
      for (const stream of streams) if (stream.streamId !== '') yield stream
    }
  }

  *registrations(context: string): Iterable<HandlerRegistration> {
    for (const stream of this.#contexts.get(context)?.streams ?? []) yield* stream.registrations
  }

  /** Ends all streams of a client, as if it had gone. */
  closeClient(context: string, clientId: string, reason: string, error: unknown): void {
    for (const stream of [...(this.#contexts.get(context)?.streams ?? [])]) {
      if (stream.clientId === clientId && stream.streamId !== '') stream.terminate(reason, error)
    }
  }

  /** Ends all streams of a context and answers all that is pending there. */
  closeContext(context: string): void {
    const state = this.#contexts.get(context)
    if (state === undefined) return
    state.close('context removed')
    this.#contexts.delete(context)
    this.stats.removeContext(context)
  }

  stop(): void {
    this.#isStopped = true
    this.#scan.cancel()
    for (const state of this.#contexts.values()) state.close('server stopped')
  }

  #context(name: string): CommandContext {
    const found = this.#contexts.get(name)
    if (found !== undefined) return found
    const created = new CommandContext(name, this.ports.clients)
    this.#contexts.set(name, created)
    return created
  }

  #refusal(state: CommandContext, { name }: CommandHead): string | undefined {
    const { inProgressMax, inProgressPerContextMax } = this.options
    if (this.#isStopped) return `The server is stopping and took no command ${name}. Send it to another node.`
    if (this.#inProgress >= inProgressMax) {
      return `${inProgressMax} commands wait for an answer on this server, which is the limit. Send ${name} again later.`
    }
    if (state.pending.size >= inProgressPerContextMax) {
      return `${inProgressPerContextMax} commands wait for an answer in ${state.name}, which is the limit. Send ${name} again later.`
    }
    return undefined
  }

  #refuse(head: CommandHead, reply: (response: Buffer) => void, code: ErrorCode, message: string): void {
    this.stats.failed(code)
    reply(commandError(this.ports.randomId(), head.messageIdentifier, code, message))
  }

  /** False: nobody can take it, and the caller has been told. */
  #route(state: CommandContext, pending: PendingCommand): boolean {
    const { head } = pending
    const handler = this.#select(state, pending)
    if (handler instanceof MalformedMessageError) {
      return this.#fail(
        pending,
        'AXONIQ-4003',
        `${head.name} can not be routed by its metadata. ${handler.message}`
      )
    }
    if (handler === undefined)
      return this.#fail(pending, 'AXONIQ-4000', `No Handler for command: ${head.name}`)
    pending.handler = handler
    if (handler.queue.offer(pending, head.priority) !== 'refused') return true
    const message = `${handler.queue.waiting} commands wait for ${handler.clientId}, which is the limit. Send ${head.name} again later.`
    return this.#fail(pending, 'AXONIQ-1900', message)
  }

  #select(state: CommandContext, { head, command }: PendingCommand) {
    try {
      return state.routes.select(head, command)
    } catch (error) {
      if (error instanceof MalformedMessageError) return error
      throw error
    }
  }

  #responded(stream: CommandHandlerStream, response: Buffer): void {
    const { requestIdentifier, isError } = scanCommandResponse(response)
    const pending = this.#contexts.get(stream.context)?.pending.get(requestIdentifier)
    // Not only from the stream that got the command: a client that reconnects answers on either of its streams.
    if (pending === undefined || !pending.isDelivered) {
      this.stats.lateResponses++
      this.ports.log.debug(
        { requestIdentifier, clientStreamId: stream.streamId },
        'answer to a command that nobody waits for'
      )
      return
    }
    if (!this.#forget(pending)) return
    const durationMs = this.ports.clock.monotonicMs() - pending.receivedAtMs
    this.stats.answered(pending, stream.clientId, durationMs, isError)
    if (!pending.isAbandoned) pending.reply(response)
  }

  #subscribed(stream: CommandHandlerStream, registration: HandlerRegistration): void {
    this.#contexts.get(stream.context)?.routes.add(registration.name, stream, registration.loadFactor)
    this.ports.handlers.handlerAdded(registration)
  }

  #unsubscribed(stream: CommandHandlerStream, registration: HandlerRegistration): void {
    this.#contexts.get(stream.context)?.routes.remove(registration.name, stream)
    this.ports.handlers.handlerRemoved(registration)
  }

  /** First what waits is given to others, in order, then what was delivered is given up. */
  #closed(stream: CommandHandlerStream, reason: string): void {
    const state = this.#contexts.get(stream.context)
    state?.streams.delete(stream)
    if (state === undefined) return
    for (const pending of stream.queue.drain()) {
      pending.handler = undefined
      this.stats.rerouted++
      this.#route(state, pending)
    }
    for (const pending of state.pending.where(({ handler }) => handler === stream)) {
      const message = `The connection to the handler ${stream.clientId} was lost (${reason}). It may have handled ${pending.head.name}.`
      this.#fail(pending, 'AXONIQ-4001', message)
    }
  }

  #giveUpOld(): void {
    const receivedUntilMs = this.ports.clock.monotonicMs() - this.options.timeoutMs
    for (const state of this.#contexts.values()) {
      for (const pending of state.pending.receivedUntil(receivedUntilMs)) {
        if (!pending.isDelivered) pending.handler?.queue.remove(pending)
        const message = `${pending.head.name} was not answered by ${pending.handler?.clientId} in ${this.options.timeoutMs} ms.`
        this.#fail(pending, 'AXONIQ-4002', message)
      }
    }
  }

  /** Always false: the command is not under way any more. */
  #fail(pending: PendingCommand, code: ErrorCode, message: string): false {
    if (!this.#forget(pending)) return false
    this.stats.failed(code)
    if (!pending.isAbandoned) {
      pending.reply(commandError(this.ports.randomId(), pending.head.messageIdentifier, code, message))
    }
    return false
  }

  #forget(pending: PendingCommand): boolean {
    if (this.#contexts.get(pending.context)?.pending.remove(pending) !== true) return false
    this.#inProgress--
    return true
  }
}
