import type { RawNode } from '../../../src/consensus/core/raw-node.js'
import type { NodeId } from '../../../src/consensus/core/types.js'
import type { Cancellable } from '../world/virtual-clock.js'
import type { Host } from './host.js'
import type { NodeWorld } from './node-world.js'
import { ProcessClock } from './process-clock.js'
import type { ProcessDisk } from './process-disk.js'
import { probe } from './raft-probe.js'
import { SimulatedTransport } from './simulated-transport.js'

/** One node of the product as a process: it can stand still, end at any moment and start again on the same disk. */
export class SimulatedProcess {
  host: Host | undefined
  transport: SimulatedTransport | undefined
  /** While the product opens what is on the disk. */
  booting: Promise<void> | undefined
  readonly name: string
  #life = 0
  #isUp = false
  #pausedUntil = 0
  #backlog: (() => void)[] = []
  readonly #probed = new Set<RawNode>()

  constructor(
    readonly id: NodeId,
    readonly disk: ProcessDisk,
    readonly world: NodeWorld
  ) {
    this.name = `node-${id}`
  }

  get isUp(): boolean {
    return this.#isUp
  }

  get isPaused(): boolean {
    return this.#pausedUntil > this.world.clock.now
  }

  get life(): number {
    return this.#life
  }

  raftOf(group: number): RawNode | undefined {
    return this.host?.consensus.raftOf(group)
  }

  start(): void {
    this.#life++
    this.#isUp = true
    this.world.starting.add(this)
    const { world } = this
    const rate = world.config.faults.clock ? 0.7 + world.clockRandom.next() * 0.6 : 1
    const clock = new ProcessClock({ process: this, rate, readsTakeTime: world.nodeConfig.readsTakeTime })
    this.transport = new SimulatedTransport(this)
    this.#boot(clock)
  }

  crash(): void {
    this.#life++
    this.#isUp = false
    this.host = undefined
    this.booting = undefined
    this.transport = undefined
    this.#pausedUntil = 0
    this.#backlog = []
    this.#probed.clear()
    this.disk.crash()
    this.world.crashed(this)
  }

  /** What the product calls when this life has to end; an earlier one has ended. */
  onFatal(): () => void {
    const life = this.#life
    return () => {
      if (life === this.#life) this.later(0, () => this.world.crash(this))
    }
  }

  /** A timer of this life. */
  later(delay: number, task: () => void): Cancellable {
    const life = this.#life
    return this.world.clock.after(delay, () => {
      if (life === this.#life) this.run(task)
    })
  }

  /** Something happens in the process: now, after it has stood still, or never. */
  run(task: () => void): void {
    if (!this.#isUp) return
    if (this.isPaused) this.#backlog.push(task)
    else {
      this.world.touched = this
      task()
    }
  }

  runIn(life: number, task: () => void): void {
    if (life === this.#life) this.run(task)
  }

  /** After a stall, timers run before the sockets are read, or the other way round. */
  stall(duration: number): void {
    if (!this.#isUp || this.isPaused) return
    this.#pausedUntil = this.world.clock.now + duration
    const life = this.#life
    this.world.clock.after(duration, () => {
      if (life !== this.#life) return
      const backlog = this.#backlog
      this.#backlog = []
      for (const task of backlog) this.later(0, task)
    })
  }

  #boot(clock: ProcessClock): void {
    const life = this.#life
    // Known to be booting before the first thing is opened.
    this.booting = Promise.resolve()
    this.booting = this.world.boot(this, clock).then(
      host => {
        if (life !== this.#life) return
        this.host = host
        this.booting = undefined
        host.begin()
      },
      (error: unknown) => {
        if (life !== this.#life) return
        this.booting = undefined
        this.world.fail(error)
      }
    )
  }

  /** Looks at new cores as soon as they are there. True when they all are, or the process has ended. */
  adopt(): boolean {
    if (!this.#isUp) return true
    for (const group of this.world.groups) {
      const raw = this.raftOf(group.id)
      if (raw === undefined || this.#probed.has(raw)) continue
      this.#probed.add(raw)
      probe(raw, { process: this, group })
    }
    return this.#probed.size === this.world.groups.length
  }
}
