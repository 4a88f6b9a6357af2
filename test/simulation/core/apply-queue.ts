import type { Message } from '../../../src/consensus/core/message.js'
import type { CoreNode } from './core-node.js'
import type { CoreWorld } from './core-world.js'

/** Applies in order, beside the writes, and reports each. */
export class ApplyQueue {
  #queue: Message[] = []
  #isApplying = false

  constructor(
    private readonly node: CoreNode,
    private readonly world: CoreWorld
  ) {}

  add(apply: Message): void {
    this.#queue.push(apply)
    this.#startApplying()
  }

  clear(): void {
    this.#queue = []
    this.#isApplying = false
  }

  #startApplying(): void {
    if (this.#isApplying || this.#queue.length === 0) return
    this.#isApplying = true
    this.node.when(this.world.applyDelay(), () => {
      const { entries, responses } = this.#queue.shift()!
      this.#isApplying = false
      this.node.apply(entries)
      for (const message of responses) this.node.deliverResponse(message)
      this.node.drain()
      this.#startApplying()
    })
  }
}
