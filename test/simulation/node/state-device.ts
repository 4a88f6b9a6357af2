import type { GroupPosition } from '../../../src/consensus/ports.js'
import type { RegisterState } from '../history/register.js'
import type { SimulatedProcess } from './simulated-process.js'

export interface StoredState {
  readonly position: GroupPosition
  readonly state: RegisterState
}

export interface StateStore {
  get(group: number): StoredState | undefined
  /** Resolves when it is synced. An older state never takes the place of a newer one. */
  write(group: number, stored: StoredState): Promise<void>
}

/** A disk for the states of registers: whole checkpoints, one at a time; a crash leaves the last one that was finished. */
export class StateDevice implements StateStore {
  readonly #durable = new Map<number, StoredState>()
  process!: SimulatedProcess

  get(group: number): StoredState | undefined {
    return this.#durable.get(group)
  }

  write(group: number, stored: StoredState): Promise<void> {
    return new Promise(resolve => {
      this.process.later(this.process.world.diskDelay(this.process.id), () => {
        const before = this.#durable.get(group)?.position.index ?? 0
        if (stored.position.index > before) this.#durable.set(group, stored)
        resolve()
      })
    })
  }
}
