import type { PeerStream } from '../../../src/consensus/ports.js'
import { STEP_MS } from './node-config.js'
import type { SimulatedProcess } from './simulated-process.js'

const KEEP_ALIVE_STEPS = 30

/** One end of a stream between two processes. What is written arrives in order, or the stream breaks for both. */
class PipeEnd implements PeerStream {
  peer!: PipeEnd
  readonly #arrived: Buffer[] = []
  #isEnded = false
  #error: Error | undefined
  #wake: (() => void) | undefined
  readonly #life: number

  constructor(
    readonly process: SimulatedProcess,
    private readonly delay: number
  ) {
    this.#life = process.life
  }

  write(piece: Buffer): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    return new Promise((resolve, reject) => {
      this.#carry(
        () => this.peer.#push(piece),
        () => this.#run(() => (this.#error === undefined ? resolve() : reject(this.#error)))
      )
    })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = this.#arrived.shift()
      if (piece !== undefined) yield piece
      else if (this.#error !== undefined) throw this.#error
      else if (this.#isEnded) return
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
  }

  end(): void {
    this.#carry(
      () => this.peer.#finish(),
      () => {}
    )
  }

  abort(error: Error): void {
    this.#break(error)
    this.process.world.clock.after(this.delay, () => this.peer.breakOff(error))
  }

  breakOff(error: Error): void {
    this.#run(() => this.#break(error))
  }

  get isOpen(): boolean {
    return this.#error === undefined && !this.#isEnded
  }

  /** The process that held it has ended. */
  get isGone(): boolean {
    return !this.process.isUp || this.process.life !== this.#life
  }

  #run(task: () => void): void {
    this.process.runIn(this.#life, task)
  }

  #carry(arrive: () => void, then: () => void): void {
    const { world } = this.process
    world.clock.after(this.delay, () => {
      const { process: peer } = this.peer
      const isBroken =
        this.peer.isGone ||
        this.isGone ||
        world.network.isBlocked(this.process.id, peer.id) ||
        world.breaksStream()
      if (isBroken) {
        const error = new Error(`the stream to ${peer.name} broke`)
        this.breakOff(error)
        this.peer.breakOff(error)
      } else this.peer.#run(arrive)
      then()
    })
  }

  #push(piece: Buffer): void {
    if (this.#error !== undefined) return
    this.#arrived.push(Buffer.from(piece))
    this.#awake()
  }

  #finish(): void {
    this.#isEnded = true
    this.#awake()
  }

  #break(error: Error): void {
    this.#error ??= error
    this.#awake()
  }

  #awake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** The caller's end of a new stream; the other one is given to the receiver, if it can be reached. */
export function connectPipe(from: SimulatedProcess, node: string, header: Buffer): PeerStream {
  const { world } = from
  const to = world.processNamed(node) ?? from
  const delay = 1 + world.snapshotRandom.below(10)
  const near = new PipeEnd(from, delay)
  const far = new PipeEnd(to, delay)
  near.peer = far
  far.peer = near
  keepAlive(near)
  world.clock.after(delay, () => {
    if (to !== from && !far.isGone && !world.network.isBlocked(from.id, to.id)) {
      to.run(() => to.transport?.receiver?.streamOpened(from.name, Buffer.from(header), far))
    } else near.breakOff(new Error(`${node} can not be reached`))
  })
  return near
}

/** Silence is noticed: a process that has ended, or a network that is cut, breaks the stream also when nothing is written. */
function keepAlive(near: PipeEnd): void {
  const { peer: far } = near
  const [from, to] = [near.process, far.process]
  const { clock, network } = from.world
  clock.after(KEEP_ALIVE_STEPS * STEP_MS, () => {
    if (!near.isOpen && !far.isOpen) return
    const isCut = network.isBlocked(from.id, to.id) || network.isBlocked(to.id, from.id)
    if (isCut || near.isGone || far.isGone) {
      const error = new Error(`the stream between ${from.name} and ${to.name} is silent`)
      near.breakOff(error)
      far.breakOff(error)
    } else keepAlive(near)
  })
}
