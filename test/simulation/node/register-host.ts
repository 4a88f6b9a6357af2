import type { Consensus, GroupPosition } from '../../../src/consensus/index.js'
import type { LogStorage } from '../../../src/storage/index.js'
import type { LoggedValue } from '../history/operation.js'
import { EMPTY_REGISTER, encodeAppend } from '../history/register.js'
import type { Host } from './host.js'
import { createConsensus } from './node-consensus.js'
import type { ProcessClock } from './process-clock.js'
import { RegisterMachine } from './register-machine.js'
import type { SimulatedProcess } from './simulated-process.js'
import type { StateStore } from './state-device.js'

export interface RegisterHostOptions {
  readonly process: SimulatedProcess
  readonly clock: ProcessClock
  readonly log: LogStorage
  readonly device: StateStore
}

/** The product's driver with registers as its state machines. */
export async function bootRegisters(options: RegisterHostOptions): Promise<Host> {
  const { process, device } = options
  const { world } = process
  const consensus = createConsensus({
    ...options,
    checkpointNeeded: group => void machines.get(group)?.checkpoint()
  })
  const { life } = process
  const machines = new Map<number, RegisterMachine>()
  const stored = new Map<number, GroupPosition>()
  for (const { id } of world.groups) {
    const position = device.get(id)?.position
    if (position !== undefined) stored.set(id, position)
  }
  await consensus.open(stored)
  const starts: (() => void)[] = []
  for (const group of world.groups) {
    const position = stored.get(group.id) ?? world.firstPosition(process.id)
    const state = device.get(group.id)?.state ?? EMPTY_REGISTER
    const machine = new RegisterMachine(
      {
        process,
        group,
        device,
        position: () => consensus.applied(group.id),
        checkpointed: at => consensus.checkpointed(group.id, at)
      },
      state
    )
    machines.set(group.id, machine)
    const { index, membership } = position
    world.guard(() =>
      group.observer.applied.loaded(process.id, { index, conf: membership!.conf, digest: state.digest })
    )
    const hooked = world.hooks.machine?.(machine) ?? machine
    starts.push(() => {
      consensus
        .start(group.id, hooked, position)
        .catch((error: unknown) => world.startFailed(process, life, error))
    })
  }
  return new RegisterHost(consensus, machines, starts)
}

class RegisterHost implements Host {
  constructor(
    readonly consensus: Consensus,
    private readonly machines: ReadonlyMap<number, RegisterMachine>,
    private readonly starts: readonly (() => void)[]
  ) {}

  begin(): void {
    for (const start of this.starts) start()
  }

  async append(...[group, operation, request]: Parameters<Host['append']>): Promise<number | undefined> {
    return (await this.consensus.propose(group, encodeAppend(operation, request, operation % 16))) as
      | number
      | undefined
  }

  async read(group: number, from: number): ReturnType<Host['read']> {
    await this.consensus.readBarrier(group)
    const values = this.#values(group)
    return { length: values.length, values: values.slice(from).map(({ value }) => value) }
  }

  async valuesOf(group: number): Promise<readonly LoggedValue[]> {
    return this.#values(group)
  }

  #values(group: number): readonly LoggedValue[] {
    return this.machines.get(group)!.register.values
  }
}
