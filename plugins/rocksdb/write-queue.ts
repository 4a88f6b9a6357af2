import { StorageBusyError } from '../../src/storage/index.js'

/**
 * Writes one after the other, and none after one that failed until `forget`: `rocksdb` 5 would go on behind the torn record in its
 * log, confirm synced writes, and lose them all at the next start.
 */
export class WriteQueue {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #failure: Error | undefined

  constructor(private readonly waitingMax: number) {}

  get failure(): Error | undefined {
    return this.#failure
  }

  async run(write: () => Promise<void>): Promise<void> {
    if (this.#waiting >= this.waitingMax) {
      throw new StorageBusyError(
        `${this.#waiting} batches wait for the state store, the most there may be: write fewer at once`
      )
    }
    this.#waiting++
    const turn = this.#last.then(() => this.#runNow(write))
    this.#last = turn.catch(() => {})
    try {
      await turn
    } finally {
      this.#waiting--
    }
  }

  async whenIdle(): Promise<void> {
    await this.#last
  }

  forget(): void {
    this.#failure = undefined
  }

  async #runNow(write: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    try {
      await write()
    } catch (error) {
      this.#failure = error as Error
      throw error
    }
  }
}
