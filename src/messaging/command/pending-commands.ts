import type { PendingCommand } from './pending-command.js'

/** The commands of one context that are not answered yet, in order of arrival. */
export class PendingCommands {
  readonly #byId = new Map<string, PendingCommand>()

  get size(): number {
    return this.#byId.size
  }

  has(messageId: string): boolean {
    return this.#byId.has(messageId)
  }

  get(messageId: string): PendingCommand | undefined {
    return this.#byId.get(messageId)
  }

  add(pending: PendingCommand): void {
    this.#byId.set(pending.head.messageIdentifier, pending)
  }

  /** False: it is not pending any more. */
  remove(pending: PendingCommand): boolean {
    return (
      this.#byId.get(pending.head.messageIdentifier) === pending &&
      this.#byId.delete(pending.head.messageIdentifier)
    )
  }

  /** Those that arrived at or before `receivedAtMs`. */
  receivedUntil(receivedAtMs: number): PendingCommand[] {
    const found: PendingCommand[] = []
    for (const pending of this.#byId.values()) {
      if (pending.receivedAtMs > receivedAtMs) break
      found.push(pending)
    }
    return found
  }

  where(predicate: (pending: PendingCommand) => boolean): PendingCommand[] {
    return [...this.#byId.values()].filter(predicate)
  }
}
