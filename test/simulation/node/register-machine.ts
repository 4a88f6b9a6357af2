import type {
  CommittedEntry,
  GroupPosition,
  StateMachine,
  StateTransfer
} from '../../../src/consensus/ports.js'
import { Register, type RegisterState } from '../history/register.js'
import { RegisterTransfer } from './register-transfer.js'
import type { SimulatedGroup } from './simulated-group.js'
import type { SimulatedProcess } from './simulated-process.js'
import type { StateStore } from './state-device.js'

export interface RegisterMachineOptions {
  readonly process: SimulatedProcess
  readonly group: SimulatedGroup
  readonly device: StateStore
  /** The driver's word on what is applied. */
  readonly position: () => GroupPosition
  readonly checkpointed: (position: GroupPosition) => void
}

/** The state machine of the fast runs. Its checkpoint says what its place in the log is, in the same write. */
export class RegisterMachine implements StateMachine {
  register: Register
  readonly transfer: StateTransfer
  #checkpointing: Promise<void> | undefined

  constructor(
    readonly options: RegisterMachineOptions,
    state: RegisterState
  ) {
    this.register = new Register(state)
    this.transfer = new RegisterTransfer(this)
  }

  /** Now and then something has to be read first. */
  prepare(): Promise<void> | undefined {
    const { world } = this.options.process
    return world.config.faults.coldLog && world.diskRandom.chance(0.2) ? this.pause() : undefined
  }

  apply({ index, term, data }: CommittedEntry): number | undefined {
    const { process, group } = this.options
    const { register } = this
    const before = register.values.length
    const token = register.apply(index, data)
    process.world.guard(() => {
      const isNews = group.observer.applied.appliedByMachine(process.id, { index, term }, register.digest)
      if (isNews) process.world.applied(group, register.values.slice(before))
    })
    return token
  }

  endRound(): Promise<void> | undefined {
    const { world } = this.options.process
    this.#checkpointIfDue()
    return world.config.faults.slowDisk && world.diskRandom.chance(0.1) ? this.pause() : undefined
  }

  stateDigest(): number {
    return this.register.digest >>> 0
  }

  /** Joins one that is under way. */
  checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#checkpoint().finally(() => {
      this.#checkpointing = undefined
    })
    return this.#checkpointing
  }

  install(position: GroupPosition, state: RegisterState): void {
    const { process, group } = this.options
    this.register = new Register(state)
    const conf = position.membership!.conf
    process.world.installed()
    process.world.guard(() => {
      group.observer.applied.loaded(process.id, { index: position.index, conf, digest: state.digest })
    })
  }

  pause(): Promise<void> {
    const { process } = this.options
    return new Promise(resolve => void process.later(1 + process.world.diskRandom.below(10), resolve))
  }

  #checkpointIfDue(): void {
    const { device, group, process } = this.options
    const stored = device.get(group.id)?.position.index ?? 0
    if (this.register.index - stored >= process.world.config.checkpointEvery) void this.checkpoint()
  }

  async #checkpoint(): Promise<void> {
    const { process, device, group, position, checkpointed } = this.options
    // Between two applies: the driver's position and the state are of the same moment.
    await new Promise<void>(resolve => void process.later(1, resolve))
    const at = position()
    if (at.index <= (device.get(group.id)?.position.index ?? 0)) return
    // As JSON, like the product's checkpoints: what does not survive that is lost.
    const stored = { position: JSON.parse(JSON.stringify(at)) as GroupPosition, state: this.register.state() }
    await device.write(group.id, stored)
    checkpointed(stored.position)
  }
}
