import type { ContextState } from './context-state.js'
import { decodeEntryHeader, type EntryHeader } from './entry.js'
import type { CommittedEntry, StateMachine, StateTransfer } from './ports.js'

/** The state machine of a replication group: each entry goes to the context that it names. */
export class ContextGroup implements StateMachine {
  readonly #contexts = new Map<number, ContextState>()
  readonly #touched = new Set<ContextState>()
  /** A state that came from a peer contains the entries up to here. */
  #containedIndex = 0

  constructor(readonly transfer: StateTransfer) {}

  add(state: ContextState): void {
    this.#contexts.set(state.options.contextId, state)
  }

  /** The state that takes the place of another contains all entries up to `index`. */
  replace(state: ContextState, index: number): void {
    this.#touched.clear()
    this.#containedIndex = index
    this.add(state)
  }

  prepare(data: Buffer): Promise<void> | undefined {
    const header = decodeEntryHeader(data)
    return this.#contexts.get(header.contextId)?.prepare(header, data)
  }

  /** An entry of a context that has left the group, or that the state contains already, has no effect. */
  apply(entry: CommittedEntry): unknown {
    const header: EntryHeader = decodeEntryHeader(entry.data)
    const context = this.#contexts.get(header.contextId)
    if (context === undefined || entry.index <= this.#containedIndex) return undefined
    this.#touched.add(context)
    return context.apply(header, entry)
  }

  endRound(): Promise<void> | undefined {
    const behind: Promise<void>[] = []
    for (const context of this.#touched) {
      const promise = context.endRound()
      if (promise !== undefined) behind.push(promise)
    }
    this.#touched.clear()
    return behind.length === 0 ? undefined : Promise.all(behind).then(() => {})
  }
}
