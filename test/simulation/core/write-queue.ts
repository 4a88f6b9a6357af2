import type { Message } from '../../../src/consensus/core/message.js'
import { countConfEntries } from '../invariants/observer.js'
import type { DiskWrite } from './core-disk.js'
import type { CoreNode } from './core-node.js'
import type { CoreWorld } from './core-world.js'

interface QueuedWrite {
  readonly write: DiskWrite
  readonly responses: readonly Message[]
}

/** Writes of one node: in order, each whole or not at all, several with one sync. */
export class WriteQueue {
  #queue: QueuedWrite[] = []
  #isWriting = false

  constructor(
    private readonly node: CoreNode,
    private readonly world: CoreWorld
  ) {}

  add(queued: QueuedWrite): void {
    this.#queue.push(queued)
    this.#startWriting()
  }

  writeNow(write: DiskWrite): void {
    if (write.hard === undefined && write.entries.length === 0 && write.snapshot === undefined) return
    this.node.disk.write(write)
    this.#persisted(write)
    if (write.snapshot !== undefined) this.node.installed(write.snapshot)
  }

  /** What had not been reported may be on disk nevertheless, but only the older before the newer. */
  crash(): void {
    const survivors = this.world.diskRandom.below(this.#queue.length + 1)
    for (const { write } of this.#queue.slice(0, survivors)) {
      this.node.disk.write(write)
      this.#persisted(write)
    }
    this.#queue = []
    this.#isWriting = false
  }

  #startWriting(): void {
    if (this.#isWriting || this.#queue.length === 0) return
    this.#isWriting = true
    this.node.when(this.world.diskDelay(this.node.id), () => this.#finish())
  }

  #finish(): void {
    const done = this.#queue.splice(0, 1 + this.world.diskRandom.below(this.#queue.length))
    for (const { write } of done) this.writeNow(write)
    this.#isWriting = false
    for (const { responses } of done) for (const message of responses) this.node.deliverResponse(message)
    this.node.drain()
    this.#startWriting()
  }

  #persisted({ hard, entries }: DiskWrite): void {
    if (hard === undefined) return
    const { disk, id } = this.node
    const above =
      entries.length === 0
        ? 0
        : countConfEntries(disk.entries(Math.max(disk.firstIndex, hard.commit + 1), disk.lastIndex + 1))
    this.world.observer.persisted(id, disk, above)
  }
}
