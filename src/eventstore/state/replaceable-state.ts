import type { ContextState } from '../context-state.js'
import { type AggregateRequest, readAggregateEvents } from '../read/aggregate-reader.js'

/** The state that readers use, which that of a peer may replace while they read. They wait, or begin again where they were. */
export class ReplaceableState {
  #replacing: Promise<void> | undefined

  constructor(
    private state: ContextState,
    /** What a reader is told. */
    private readonly failed: (error: unknown) => unknown
  ) {}

  get current(): ContextState {
    return this.state
  }

  get isBeingReplaced(): boolean {
    return this.#replacing !== undefined
  }

  /** Reads wait until the returned function is told the state that goes on. */
  beginReplacement(): (state: ContextState) => void {
    let finish: () => void = () => {}
    this.#replacing = new Promise(resolve => {
      finish = resolve
    })
    return state => {
      this.state = state
      this.#replacing = undefined
      finish()
    }
  }

  /** A read that a replacement has overtaken begins again: what it saw may have been incomplete. */
  async read<T>(read: (state: ContextState) => Promise<T>): Promise<T> {
    for (;;) {
      const state = await this.#settled()
      try {
        const result = await read(state)
        if (this.#isCurrent(state)) return result
      } catch (error) {
        if (this.#isCurrent(state)) throw this.failed(error)
      }
    }
  }

  async *aggregateEvents(request: AggregateRequest): AsyncGenerator<Buffer[]> {
    let { from } = request
    for (;;) {
      const state = await this.#settled()
      try {
        for await (const events of readAggregateEvents(state, { ...request, from })) {
          if (!this.#isCurrent(state)) break
          from += events.length
          yield events
        }
      } catch (error) {
        if (this.#isCurrent(state)) throw this.failed(error)
      }
      if (this.#isCurrent(state)) return
    }
  }

  async #settled(): Promise<ContextState> {
    if (this.#replacing !== undefined) await this.#replacing
    return this.state
  }

  #isCurrent(state: ContextState): boolean {
    return state === this.state && this.#replacing === undefined
  }
}
