import { type CommandHead, scanCommandMetaData } from '../../wire/index.js'
import type { ClientRegistry } from '../clients/client-registry.js'
import { HashRing } from '../routing/consistent-hash.js'
import { preferredByTags } from '../routing/tag-preference.js'
import type { CommandHandlerStream } from './command-handler-stream.js'

interface Route {
  readonly ring: HashRing<CommandHandlerStream>
  /** The members of the ring. */
  handlers: readonly CommandHandlerStream[]
}

/** Who handles which command in one context, and which of them gets the next one. */
export class CommandRoutes {
  readonly #routes = new Map<string, Route>()

  constructor(
    private readonly context: string,
    private readonly clients: ClientRegistry
  ) {}

  add(command: string, handler: CommandHandlerStream, loadFactor: number): void {
    const route = this.#routes.get(command) ?? { ring: new HashRing(), handlers: [] }
    this.#routes.set(command, route)
    const isNew = !route.ring.has(handler)
    route.ring.set(handler, handler.streamId, loadFactor)
    if (isNew) route.handlers = [...route.handlers, handler]
  }

  remove(command: string, handler: CommandHandlerStream): void {
    const route = this.#routes.get(command)
    if (route?.ring.delete(handler) !== true) return
    route.handlers = route.handlers.filter(other => other !== handler)
    if (route.handlers.length === 0) this.#routes.delete(command)
  }

  /** The handler for a command; undefined if there is none. */
  select(head: CommandHead, command: Buffer): CommandHandlerStream | undefined {
    const route = this.#routes.get(head.name)
    if (route === undefined) return undefined
    if (route.handlers.length === 1) return route.handlers[0]
    const preferred = this.#preferred(route.handlers, command)
    if (preferred.length === 1) return preferred[0]
    const isRestricted = preferred.length < route.handlers.length
    const found = route.ring.find(head.routingKey, isRestricted ? new Set(preferred) : undefined)
    // Handlers of weight 0 are on no ring; they serve when there is nobody else.
    return found ?? preferred[0]
  }

  #preferred(handlers: readonly CommandHandlerStream[], command: Buffer): readonly CommandHandlerStream[] {
    if (!this.clients.hasTags(this.context)) return handlers
    return preferredByTags(handlers, scanCommandMetaData(command), handler =>
      this.clients.tagsOf(this.context, handler.clientId)
    )
  }
}
