import type { GroupPosition, StateSink, StateSource, StateTransfer } from '../../../src/consensus/ports.js'
import type { LoggedValue } from '../history/operation.js'
import { EMPTY_REGISTER } from '../history/register.js'
import type { RegisterMachine } from './register-machine.js'
import type { StoredState } from './state-device.js'

const VALUES_PER_PIECE = 25

interface Manifest {
  readonly length: number
  readonly index: number
  readonly digest: number
  readonly sequences: readonly number[]
}

/** Moves a register's newest checkpoint in pieces, without what the receiver has already. */
export class RegisterTransfer implements StateTransfer {
  constructor(private readonly machine: RegisterMachine) {}

  async openSource(atLeast = 0): Promise<StateSource> {
    if (this.#newest === undefined || this.#newest.position.index < atLeast) await this.machine.checkpoint()
    const newest = this.#newest
    if (newest === undefined || newest.position.index < atLeast)
      throw new Error('there is no state to send yet')
    return sourceOf(newest)
  }

  async openSink(): Promise<StateSink> {
    return new RegisterSink(this.machine)
  }

  get #newest(): StoredState | undefined {
    const { device, group } = this.machine.options
    return device.get(group.id)
  }
}

function sourceOf({ position, state }: StoredState): StateSource {
  const { length, index, digest, sequences, values } = state
  const manifest: Manifest = { length, index, digest, sequences }
  return {
    position,
    manifest: Buffer.from(JSON.stringify(manifest)),
    async *pieces(have) {
      for (let from = have.readUInt32BE(0); from < length; from += VALUES_PER_PIECE) {
        yield Buffer.from(JSON.stringify(values.slice(from, Math.min(length, from + VALUES_PER_PIECE))))
      }
    },
    release: () => {}
  }
}

class RegisterSink implements StateSink {
  #manifest: Manifest = EMPTY_REGISTER
  #values: LoggedValue[] = []

  constructor(private readonly machine: RegisterMachine) {}

  async begin(manifest: Buffer): Promise<Buffer> {
    this.#manifest = JSON.parse(manifest.toString()) as Manifest
    // Applied values are committed values: they are the same there.
    this.#values = this.machine.register.values.slice(0, this.#manifest.length)
    const have = Buffer.alloc(4)
    have.writeUInt32BE(this.#values.length)
    return have
  }

  async write(piece: Buffer): Promise<void> {
    await this.machine.pause()
    for (const value of JSON.parse(piece.toString()) as LoggedValue[]) this.#values.push(value)
  }

  async commit(position: GroupPosition): Promise<void> {
    const { length, index, digest, sequences } = this.#manifest
    if (this.#values.length !== length)
      throw new Error(`${this.#values.length} of ${length} values have come`)
    const state = { length, index, digest, sequences, values: this.#values }
    const { device, group } = this.machine.options
    await device.write(group.id, { position, state })
    this.machine.install(position, state)
  }

  async abort(): Promise<void> {}
}
