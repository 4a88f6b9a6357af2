import type { Message } from '../core/index.js'
import type { GroupMessage, Transport } from '../ports.js'

/** What one round has for other nodes: one call per node. */
export class Outbox {
  sentMessages = 0
  sends = 0
  readonly #byNode = new Map<string, GroupMessage[]>()

  constructor(private readonly transport: Transport | undefined) {}

  add(node: string, group: number, message: Message): void {
    const waiting = this.#byNode.get(node)
    if (waiting === undefined) this.#byNode.set(node, [{ group, message }])
    else waiting.push({ group, message })
  }

  flush(): void {
    if (this.#byNode.size === 0) return
    for (const [node, messages] of this.#byNode) {
      this.sends++
      this.sentMessages += messages.length
      this.transport?.send(node, messages)
    }
    this.#byNode.clear()
  }
}
