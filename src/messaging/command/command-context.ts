import type { ClientRegistry } from '../clients/client-registry.js'
import type { CommandHandlerStream } from './command-handler-stream.js'
import { CommandRoutes } from './command-routes.js'
import { PendingCommands } from './pending-commands.js'

/** All about commands in one context. */
export class CommandContext {
  readonly streams = new Set<CommandHandlerStream>()
  readonly pending = new PendingCommands()
  readonly routes: CommandRoutes

  constructor(
    readonly name: string,
    clients: ClientRegistry
  ) {
    this.routes = new CommandRoutes(name, clients)
  }

  /** Ends all streams. Registrations go first, so that nothing is given to a stream that is about to end. */
  close(reason: string): void {
    const streams = [...this.streams]
    for (const stream of streams) stream.unsubscribeAll()
    for (const stream of streams) stream.terminate(reason)
  }
}
