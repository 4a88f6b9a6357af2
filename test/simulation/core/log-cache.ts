import type { Index } from '../../../src/consensus/core/types.js'
import type { CoreNode } from './core-node.js'
import type { CoreWorld } from './core-world.js'

const KEPT_ENTRIES = 4

/** Which stored entries are in memory: the newest, and what was loaded lately. */
export class LogCache {
  #loadedFrom = Number.POSITIVE_INFINITY
  #wantedFrom = Number.POSITIVE_INFINITY

  constructor(
    private readonly node: CoreNode,
    private readonly world: CoreWorld
  ) {}

  mustLoad(from: Index): boolean {
    if (!this.world.hasColdLog) return false
    if (from > this.node.disk.lastIndex - KEPT_ENTRIES || from >= this.#loadedFrom) return false
    if (this.#wantedFrom === Number.POSITIVE_INFINITY) this.#load()
    this.#wantedFrom = Math.min(this.#wantedFrom, from)
    return true
  }

  clear(): void {
    this.#loadedFrom = Number.POSITIVE_INFINITY
    this.#wantedFrom = Number.POSITIVE_INFINITY
  }

  #load(): void {
    this.node.when(this.world.diskDelay(this.node.id), () => {
      this.#loadedFrom = this.#wantedFrom
      this.#wantedFrom = Number.POSITIVE_INFINITY
      this.node.raw!.entriesLoaded()
      this.node.drain()
      // The budget is needed for something else.
      if (this.world.diskRandom.chance(0.5)) this.#loadedFrom = Number.POSITIVE_INFINITY
    })
  }
}
