import type { EngineIterator, Entry } from './engine.js'

/** Many loops want one entry or a few; the others soon have larger pages. */
const FIRST_PAGE_ENTRIES = 16
const PAGE_ENTRIES_MAX = 512

const END: IteratorResult<Entry> = { done: true, value: undefined }

/** What the session does for an iteration. */
export interface IterationOwner {
  /** Throws when the session has ended. */
  assertUsable(): void
  readPage(iterator: EngineIterator, entriesMax: number): Promise<readonly Entry[]>
  closeIterator(iteration: StoreIteration, iterator: EngineIterator): Promise<void>
}

/** Walks an engine's iterator page by page and closes it at the end, at an error, and when the loop ends early. */
export class StoreIteration implements AsyncIterableIterator<Entry> {
  #page: readonly Entry[] = []
  #position = 0
  #pageEntries = FIRST_PAGE_ENTRIES
  #closed: Promise<void> | undefined

  constructor(
    private readonly owner: IterationOwner,
    private readonly iterator: EngineIterator
  ) {}

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Entry>> {
    this.owner.assertUsable()
    if (this.#position === this.#page.length && !(await this.#turnPage())) return this.return()
    return { done: false, value: this.#page[this.#position++]! }
  }

  async return(): Promise<IteratorResult<Entry>> {
    await this.close()
    return END
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#page = []
      this.#position = 0
      this.#closed = this.owner.closeIterator(this, this.iterator)
    }
    return this.#closed
  }

  async #turnPage(): Promise<boolean> {
    if (this.#closed !== undefined) return false
    try {
      this.#page = await this.owner.readPage(this.iterator, this.#pageEntries)
    } catch (error) {
      await this.close()
      throw error
    }
    this.#pageEntries = PAGE_ENTRIES_MAX
    this.#position = 0
    return this.#page.length > 0
  }
}
